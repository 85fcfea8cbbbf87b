"""From rows of a caller's file, or a selection, to relations: exactly one each, or a refusal."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from wecrm.errors import UsageError
from wecrm.files.sheets import Row
from wecrm.i18n import _
from wecrm.models.text import visible
from wecrm.store import relations
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean
from wecrm.store.relations import KnownRelation

Followers = Literal["", "all", "first", "latest"]
"""Which relations of a customer are meant when several members follow it; "" = refuse."""

SHOWN = 10
_SEPARATOR = re.compile(r"[;；,，|、\n]")


@dataclass(slots=True)
class Problems:
    """What is wrong with the input, collected, so that one refusal tells all of it."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        """Note one problem of the row (or flag) `where`."""
        self.found.append((where, what))

    def raise_any(self) -> None:
        """Refuse when anything was noted: nothing is planned from a file that is partly wrong."""
        if not self.found:
            return
        lines = [f"{where}: {what}" for where, what in self.found[:SHOWN]]
        if len(self.found) > SHOWN:
            lines.append(_("… and {n} more.", n=len(self.found) - SHOWN))
        raise UsageError(
            _("Nothing was planned; wrong in the input: {n}.", n=len(self.found)),
            "\n".join(lines),
            _("Correct them and plan again."),
        )


@dataclass(frozen=True, slots=True)
class Target:
    """One relation that a row means. `where` is what errors call the row."""

    relation_id: int
    userid: str
    external_userid: str
    where: str
    cells: dict[str, str]
    input: dict[str, str]

    def split(self, name: str) -> tuple[str, ...]:
        """The names in one cell, separated by ; , | or their Chinese forms."""
        return tuple(part.strip() for part in _SEPARATOR.split(self.cells.get(name, "")) if part.strip())


def from_sheet(store: Store, rows: Iterable[Row], followers: Followers, problems: Problems) -> Iterator[Target]:
    """The relations that the rows mean; rows that mean none, or several, become problems."""
    for row in rows:
        where = _("row {n}", n=row.number)
        try:
            found = _find(store, row.cells)
        except LookupError as error:
            problems.add(where, str(error))
            continue
        chosen = _choose(found, followers)
        if not chosen:
            problems.add(where, _ambiguous(found))
        for relation in chosen:
            yield Target(relation.id, relation.userid, relation.external_userid, where, row.cells, row.original)


def from_selection(found: Iterable[tuple[int, str, str]]) -> Iterator[Target]:
    """Targets of a `--where` selection: (relation id, userid, external_userid)."""
    for relation_id, userid, external in found:
        input_ = {"userid": userid, "external_userid": external}
        yield Target(relation_id, userid, external, f"{userid} {external}", {}, input_)


def _find(store: Store, cells: dict[str, str]) -> list[KnownRelation]:
    """Active relations that the cells mean; LookupError says why there is none."""
    userids = _members(store, cells)
    if external := cells.get("external_userid"):
        found = relations.of_customer(store, external)
        if userids and not found:
            known = relations.by_ids(store, userids[0], external)
            if known is not None:
                raise LookupError(_("the relation is {status}, not active", status=known.status))
    elif unionid := cells.get("unionid"):
        found = relations.by_unionid(store, unionid)
    elif mobile := cells.get("mobile"):
        found = relations.by_mobile(store, mobile)
    else:
        raise LookupError(_("names no customer: give external_userid, unionid or mobile"))
    if userids:
        folded = {userid.lower() for userid in userids}
        found = [relation for relation in found if relation.userid.lower() in folded]
    if not found:
        raise LookupError(_("no active relation in the cache matches; is it older than `wecrm sync contacts`?"))
    return found


def _members(store: Store, cells: dict[str, str]) -> list[str]:
    if userid := cells.get("userid"):
        return [userid]
    if not (name := cells.get("member")):
        return []
    found = relations.userids_named(store, name)
    if not found:
        near = did_you_mean(name, relations.member_names(store))
        raise LookupError(_("no member is called {name}.", name=visible(name)) + (f" {near}" if near else ""))
    return found


def _choose(found: list[KnownRelation], followers: Followers) -> list[KnownRelation]:
    if len(found) == 1 or followers == "all":
        return found
    if followers == "first" and len({r.external_userid for r in found}) == 1:
        return found[:1]
    if followers == "latest" and len({r.external_userid for r in found}) == 1:
        return found[-1:]
    return []


def _ambiguous(found: list[KnownRelation]) -> str:
    shown = ", ".join(f"{r.userid} {r.external_userid} ({visible(r.remark or r.name)[:20]})" for r in found[:5])
    if len({r.external_userid for r in found}) > 1:
        return _("several customers match: {shown}", shown=shown)
    return _("several members follow this customer: {shown}; say --followers all, first or latest", shown=shown)
