"""Rows of jobs that say that something was done, held against the writing calls that the sandbox carried out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from tests.conftest import Wecrm

SAY_SO: Final = ("ok", "submitted", "verified")

Change = Mapping[str, Any]
Rule = tuple[tuple[str, ...], Callable[[Change], Iterator[Any]]]
"""The ends of the paths that may have done it, and the values that the call must have carried."""


def _named(*keys: str) -> Callable[[Change], Iterator[Any]]:
    return lambda change: (change["key"][key] for key in keys)


def _remarked(change: Change) -> Iterator[Any]:
    yield from (change["key"]["userid"], change["key"]["external_userid"])
    yield from (value for name, value in change["after"].items() if value and value != change["before"].get(name))


def _renamed(change: Change) -> Iterator[Any]:
    yield from (change["key"]["id"], change["after"]["name"])


def _greeting(change: Change) -> Iterator[Any]:
    yield msgspec.json.decode(change["after"]["entry"])["text"]


RULES: Final[Mapping[str, Rule]] = {
    "tag.mark": (("/mark_tag",), _named("userid", "external_userid")),
    "contact.remark": (("/externalcontact/remark",), _remarked),
    "tag.create": (("/add_corp_tag",), _named("name")),
    "tag.rename": (("/edit_corp_tag",), _renamed),
    "tag.delete": (("/del_corp_tag",), _named("id")),
    "tag.retire": (("/del_corp_tag",), _named("id")),
    "livecode.create": (("/add_contact_way", "/add_join_way", "/create_link"), _named("name")),
    "livecode.update": (("/update_contact_way", "/update_join_way", "/update_link"), _named("id")),
    "livecode.duty": (("/update_contact_way", "/update_link"), _named("id")),
    "livecode.delete": (("/del_contact_way", "/del_join_way", "/delete_link"), _named("id")),
    "welcome.create": (("/group_welcome_template/add",), _greeting),
    "transfer.customer": (("/transfer_customer",), _named("handover", "takeover", "external_userid")),
    "transfer.group": (("/groupchat/onjob_transfer", "/groupchat/transfer"), _named("takeover", "chat_id")),
    "member.delete": (("/user/delete",), _named("userid")),
    "notice.send": (("/message/send",), _named("userid", "text")),
}
"""How each kind of change is done; what tags a mark put on is looked up at WeCom itself (`state.py`)."""


MOVES: Final = {
    "transfer.customer": (
        "SELECT g.userid, m.userid, c.external_userid, max(t.status = 1) FROM transfer t "
        "JOIN member g ON g.id = giver JOIN member m ON m.id = taker JOIN contact c ON c.id = contact GROUP BY 1, 2, 3"
    ),
    "transfer.group": (
        "SELECT g.userid, m.userid, c.chat_id, 1 FROM chat_move v JOIN chat c ON c.id = v.chat "
        "JOIN member g ON g.id = v.giver JOIN member m ON m.id = v.taker"
    ),
}
"""Giver, taker, and what was moved, of one call many; whether it got there."""


def untrue(home: Wecrm) -> Iterator[str]:
    """Rows that say that they were done, though no call that was carried out did it."""
    calls, moves = _calls(home), _moves(home)
    marks = ", ".join("?" * len(SAY_SO))
    rows = home.sql(f"SELECT job, n, op, status, change FROM job_row WHERE status IN ({marks}) ORDER BY 1, 2", *SAY_SO)
    for job, n, op, status, change in rows:
        paths, values = RULES[op]
        change = msgspec.json.decode(change)
        wanted = set(_leaves(list(values(change))))
        if op in MOVES and not _moved(moves[op], change["key"], status):
            yield f"{job} row {n} ({op}) says {status}, and WeCom has not moved it: {change['key']}"
        if not any(path.endswith(paths) and wanted <= carried for path, carried in calls):
            yield f"{job} row {n} ({op}) says {status}, and no call did it: {sorted(map(str, wanted))}"


def _calls(home: Wecrm) -> list[tuple[str, set[Any]]]:
    """Path and values of every writing call that took effect."""
    with home.world() as world:
        rows = world.db.connection.execute("SELECT path, query, body FROM call WHERE applied").fetchall()
    return [
        (path, {value for _name, value in parse_qsl(query)} | set(_leaves(msgspec.json.decode(body or b"{}"))))
        for path, query, body in rows
    ]


def _moves(home: Wecrm) -> dict[str, dict[tuple[str, ...], bool]]:
    with home.world() as world:
        found = {op: world.db.connection.execute(sql).fetchall() for op, sql in MOVES.items()}
    return {op: {tuple(row[:3]): bool(row[3]) for row in rows} for op, rows in found.items()}


def _moved(moves: Mapping[tuple[str, ...], bool], key: Mapping[str, str], status: str) -> bool:
    """Whether it was begun, and has got there where that is what the row says."""
    found = moves.get((key["handover"], key["takeover"], key.get("external_userid") or key["chat_id"]))
    return found is not None and (found or status != "verified")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value
