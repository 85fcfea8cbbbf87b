"""A file that says who gets whom: its rows as customers and groups with just one taker each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wecrm.files import headings
from wecrm.files.sheets import FieldKind, Sheet
from wecrm.i18n import _
from wecrm.models.sharing import Customer, Group
from wecrm.operations import givers, transferplan
from wecrm.operations.givers import Givers, Names
from wecrm.operations.rows import Problems
from wecrm.operations.transferplan import Batch, Manner, Planned
from wecrm.operations.transferrefusals import Refused
from wecrm.operations.work import Work
from wecrm.store import handovers

FIELDS: Mapping[str, FieldKind] = {
    "userid": "id",
    "member": "text",
    "external_userid": "id",
    "chat_id": "id",
    "takeover": "text",
}
NEEDED = tuple((who, what, "takeover") for what in ("external_userid", "chat_id") for who in ("userid", "member"))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one row says, before its names are looked up; `…_at` are the addresses of its cells."""

    handover: str
    handover_at: str
    takeover: str
    takeover_at: str
    external_userid: str
    chat_id: str
    object_at: str
    input: Mapping[str, str]


def plan(work: Work, sheet: Sheet, mapping: Mapping[str, str], manner: Manner) -> Planned:
    """The plan that moves what each row names to the taker of that row.

    Raises:
        UsageError: cells that are empty, name nobody or several, or contradict each other; each with its address.
    """
    problems, names = Problems(), Names(work.store)
    wishes = list(_wishes(sheet, mapping, problems))
    named: dict[str, str] = {}
    for wish in wishes:
        named.setdefault(wish.handover, wish.handover_at)
    found = givers.find(work, named, names, problems)
    customers, groups = _looked_up(wishes, names, problems)
    problems.raise_any()
    kept, refused = _theirs(work, found, customers)
    owned, foreign = _owned(work, groups)
    takers = sorted(frozenset().union(*(one.takers or () for one in kept), *(one.takers or () for one in owned)))
    batch = Batch(found.kinds, kept, owned, takers, "rules", [*refused, *foreign], digest=sheet.digest)
    return transferplan.plan(work, batch, manner)


def _wishes(sheet: Sheet, mapping: Mapping[str, str], problems: Problems) -> Iterator[_Wish]:
    """What the rows say; those that lack something become problems."""
    columns: Mapping[str, int] = {}
    for row in sheet.rows:
        columns = columns or headings.locate(list(row.original), headings.wanted(FIELDS, mapping), sheet.name)
        at = {field: f"{headings.letter(index)}{row.number}" for field, index in columns.items()}
        who = "userid" if row.cells.get("userid") or "member" not in at else "member"
        external, chat = row.cells.get("external_userid", ""), row.cells.get("chat_id", "")
        what = at["chat_id"] if chat or "external_userid" not in at else at["external_userid"]
        for field in (who, "takeover"):
            if not row.cells[field]:
                problems.add(at[field], _("names nobody"))
        if bool(external) is bool(chat):
            problems.add(what, _("name a customer or a group, and not both"))
        elif row.cells[who] and row.cells["takeover"]:
            yield _Wish(
                row.cells[who], at[who], row.cells["takeover"], at["takeover"], external, chat, what, row.original
            )


def _looked_up(wishes: Sequence[_Wish], names: Names, problems: Problems) -> tuple[list[Customer], list[Group]]:
    """The customers and groups that are meant, each with its one taker; what is named twice becomes a problem."""
    customers: list[Customer] = []
    groups: list[Group] = []
    seen: dict[tuple[str, str], str] = {}
    for wish in wishes:
        userid = names.userid(wish.handover, wish.handover_at, problems)
        takers = frozenset({names.userid(wish.takeover, wish.takeover_at, problems)})
        earlier = seen.setdefault((userid, wish.external_userid or wish.chat_id), wish.object_at)
        if earlier != wish.object_at:
            problems.add(wish.object_at, _("names the same as {where}", where=earlier))
        elif wish.external_userid:
            customers.append(Customer(wish.external_userid, userid, takers=takers, input=wish.input))
        else:
            groups.append(Group(wish.chat_id, userid, takers=takers, input=wish.input))
    return customers, groups


def _theirs(work: Work, found: Givers, customers: Sequence[Customer]) -> tuple[list[Customer], list[Refused]]:
    """Those who are a customer of the handing-over member now, and those who are not."""
    working = [one for one in customers if found.kinds[one.handover] == "onjob"]
    active = handovers.pairs(work.store, found.of("onjob"), [one.external_userid for one in working])
    waiting = {(userid, external) for userid, ids in found.waiting.items() for external in ids}
    kept, refused = [], []
    for one in customers:
        onjob = found.kinds[one.handover] == "onjob"
        if (one.handover.lower(), one.external_userid) in active if onjob else one.key in waiting:
            kept.append(one)
        else:
            refused.append(Refused(one, "not_theirs" if onjob else "not_waiting", min(one.takers or {""})))
    return kept, refused


def _owned(work: Work, groups: Sequence[Group]) -> tuple[list[Group], list[Refused]]:
    """Groups that the cache shows with that owner, and those it does not."""
    known = handovers.groups(work.store, (), [one.chat_id for one in groups])
    owned = {(one.chat_id, one.handover.lower()) for one in known}
    kept: list[Group] = []
    refused: list[Refused] = []
    for one in groups:
        if (one.chat_id, one.handover.lower()) in owned:
            kept.append(one)
        else:
            refused.append(Refused(one, "not_owner", min(one.takers or {""})))
    return kept, refused
