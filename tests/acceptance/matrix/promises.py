"""What a command that meets a fault may end with, and what it has to say."""

import re
from collections.abc import Iterator
from typing import Final

from tests.acceptance.matrix.places import BY_CALL, Cell
from tests.acceptance.matrix.rows import Row
from tests.conftest import Result
from wecrm.errors import Exit
from wecrm.sandbox.archive.source import GETCHATMEDIADATA
from wecrm.sandbox.faults import PICTURES
from wecrm.sandbox.identity import SECRETS

REFUSALS: Final = ("45009", "45033", "42001", "40014")
"""Kinds after which it is sure that nothing was done."""

AT: Final = "/cgi-bin/externalcontact"
BLIND: Final = ("/cgi-bin/message/send", f"{AT}/groupchat/add_join_way", f"{AT}/group_welcome_template/add")
"""Writes that WeCom can't be asked about afterwards."""

LATE: Final = tuple(
    f"{AT}/{path}"
    for path in ("transfer_customer", "resigned/transfer_customer", "groupchat/onjob_transfer", "groupchat/transfer")
)
"""Writes whose effect may show a day later, and limits that end at midnight: the job waits, which is well."""

DETAILS: Final = {
    ("livecodes", "create"): ("get_contact_way", "get_join_way", "customer_acquisition/get"),
    ("livecodes", "push"): ("group_welcome_template/get",),
}
"""Reads of what was made a moment ago, for the cache alone: without them it comes with the next sync."""

LIBRARY_SAYS: Final = {
    "10005": {Exit.ok, Exit.partial},
    "10009": {Exit.config},
    "10010": {Exit.ok, Exit.partial},
}
"""How a command may end when the archive's library always says so; else with what the network would be."""


def broken(cell: Cell, row: Row, result: Result) -> Iterator[str]:
    """What is wrong with the exit code and with what was said."""
    allowed = allowed_codes(cell, row)
    if result.code not in allowed:
        yield f"exit {result.code}, not one of {sorted(allowed)}: {result.err}"
    if result.code not in (0, row.code):
        lines = result.err.splitlines()
        name = Exit(result.code).name
        if not lines or not lines[-1].startswith(f"exit {result.code} ({name}): "):
            yield f"the last line does not say code and name: {result.err}"
        if not re.search(r"To fix: .|`?wecrm [a-z]+", result.err + result.out):
            yield f"nothing says what to do: {result.err}"
    if "Traceback" in result.err or "met a bug" in result.err:
        yield f"a bug: {result.err}"
    if any(secret in result.err + result.out for secret in SECRETS.values()) or "access_token=" in result.err:
        yield "a secret is told"


def lost(cell: Cell) -> bool:
    """Whether an answer is lost that nothing can be looked up for: told as failed, for a person to look at."""
    return cell.place.path in BLIND and cell.kind not in REFUSALS


def _card(cell: Cell) -> bool:
    """Whether just one customer's card is spoilt: the others are read, and who needs no card does without."""
    return cell.place.path == f"{AT}/get" and cell.kind == "wrong_type"


def allowed_codes(cell: Cell, row: Row) -> set[int]:
    """How a command may end that meets this fault, by docs/reference/exit-codes.md."""
    return _always(cell, row) if cell.always else _once(cell, row)


def _once(cell: Cell, row: Row) -> set[int]:
    if cell.place.path == PICTURES:
        return {Exit.partial if "--all" in row.argv else Exit.temporary}
    well = {0, row.code}
    archive = LIBRARY_SAYS if cell.place.path in BY_CALL else {}
    waits = cell.kind in ("45009", "slow") or (cell.place.path in BY_CALL and row.argv == ("doctor",))
    given_up = {Exit.temporary} if row.hasty and waits else {Exit.partial} if lost(cell) or _card(cell) else set()
    return well | archive.get(cell.kind, set()) | given_up


def _always(cell: Cell, row: Row) -> set[int]:
    well, path = {0, row.code}, cell.place.path
    if path in BY_CALL and cell.kind in LIBRARY_SAYS:
        return LIBRARY_SAYS[cell.kind]
    if path == GETCHATMEDIADATA:
        return well | {Exit.temporary, Exit.partial}
    if path.endswith(DETAILS.get(row.argv[:2], ())):
        return well | {Exit.temporary, Exit.config}
    if cell.kind in ("40014", "42001"):
        own = cell.place.position == "sign-in" and row.argv[:2] == ("archive", "media")
        return {Exit.config, Exit.partial} | (
            {Exit.temporary} if own else set()
        )  # the library signs in, and says 10001
    if path in LATE or _card(cell):
        return well | {Exit.temporary, Exit.partial}
    proven = well if cell.when == "after" and (cell.place.position == "write" or path in BY_CALL) else set()
    return {Exit.temporary, Exit.partial} | proven
