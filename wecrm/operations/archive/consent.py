"""Who has not agreed to being archived: WeCom is asked for what was not asked today, messages tell the rest."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, tzinfo

from wecrm.api import msgaudit
from wecrm.api.client import Client
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError
from wecrm.i18n import _
from wecrm.models.archive import Agreement
from wecrm.models.clock import Progress
from wecrm.models.table import Cell, Column, Table
from wecrm.store.archive import agreements, people
from wecrm.store.archive.agreements import Agreed
from wecrm.store.database import Store

AGREED = ("Agree", "Default_Agree")

UNKNOWN = "unknown"
"""WeCom was asked and does not tell, or was not asked."""


def midnight(now: float, tz: tzinfo) -> int:
    """Unix seconds at which the day began."""
    return int(datetime.fromtimestamp(now, tz).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def ask(
    client: Client,
    archive: Store,
    userids: Sequence[str],
    since: int,
    *,
    groups: bool,
    rooms: Collection[str] | None = None,
) -> int:
    """Ask WeCom for everything of these members that was not asked for since then; about how many.

    Each answer is kept at once, so that a run that was stopped goes on where it ended.

    Args:
        since: unix seconds; answers that are as new are not asked for again.
        groups: customer groups too, a call for each.
        rooms: only these groups, and no single chats.

    Raises:
        ApiError: what is not about one pair or group: 301052, 301053 no archive in force, 48002 another secret.
    """
    pairs = agreements.pairs_to_ask(archive, userids, since) if rooms is None else []
    there = agreements.rooms_to_ask(archive, userids, since) if groups or rooms is not None else []
    inside = [room for room in there if rooms is None or room in rooms]
    asked, total = 0, len(pairs) + len(inside)
    for begin in range(0, len(pairs), msgaudit.PAIRS):
        some = pairs[begin : begin + msgaudit.PAIRS]
        told = {(one.userid.casefold(), one.external_userid): one for one in _singles(client, some)}
        found = ((pair, told.get((pair[0].casefold(), pair[1]))) for pair in some)
        agreements.put(archive, [("", *pair, *_status(one)) for pair, one in found], int(client.run.clock.now()))
        asked += len(some)
        client.run.progress(Progress("archive consent", asked, total))
        client.run.check()
    for room in inside:
        answers = [(room, "", one.external_userid, *_status(one)) for one in _room(client, room)]
        agreements.put(archive, [(room, "", "", "", 0), *answers], int(client.run.clock.now()))
        asked += 1
        client.run.progress(Progress("archive consent", asked, total))
        client.run.check()
    return asked


def _singles(client: Client, pairs: Sequence[tuple[str, str]]) -> Iterable[Agreement]:
    """The answers for these pairs; one that WeCom refuses is found by halving, and left out."""
    try:
        return msgaudit.check_single_agree(client, pairs)
    except ApiError as error:
        if not _about_one(error):
            raise
    if len(pairs) == 1:
        return ()
    half = len(pairs) // 2
    return (*_singles(client, pairs[:half]), *_singles(client, pairs[half:]))


def _room(client: Client, room: str) -> Sequence[Agreement]:
    try:
        return msgaudit.check_room_agree(client, room)
    except ApiError as error:
        if not _about_one(error):
            raise
        return ()


def _about_one(error: ApiError) -> bool:
    return find(error.errcode).reaction in (Reaction.item, Reaction.gone)


def _status(one: Agreement | None) -> tuple[str, int]:
    return (one.agree_status, one.status_change_time) if one else ("", 0)


def _known(one: Agreed) -> tuple[str, int | None, str]:
    """(status, when it changed, who told): what a message in the archive says counts when it is newer."""
    if one.said and one.said_at > (one.changed_at or 0):
        return one.said.capitalize(), one.said_at, "message"
    return one.status or UNKNOWN, one.changed_at or None, "WeCom" if one.status else ""


def rows(archive: Store, found: Sequence[Agreed], *, everybody: bool = False) -> Table:
    """A row for each customer who has not agreed; for everybody if asked."""
    columns = (
        Column("member", _("Member"), "id"),
        Column("member_name", _("Name")),
        Column("customer", _("Customer"), "id"),
        Column("customer_name", _("Customer's name")),
        Column("group", _("Group"), "id"),
        Column("group_name", _("Group's name")),
        Column("status", _("Status")),
        Column("changed_at", _("Since"), "time"),
        Column("source", _("Source")),
        Column("checked_at", _("Asked"), "time"),
    )
    listed = [(one, *_known(one)) for one in found]
    if not everybody:
        listed = [each for each in listed if each[1] not in AGREED]
    names = people.names(archive, {id_ for one, *_rest in listed for id_ in (one.member, one.contact, one.room) if id_})
    lines: list[tuple[Cell, ...]] = [
        (
            *(one.member, names.get(one.member, ""), one.contact, names.get(one.contact, "")),
            *(one.room, names.get(one.room, ""), status, changed_at, source, one.checked_at),
        )
        for one, status, changed_at, source in listed
    ]
    return Table("consent", columns, lines)


def summed(archive: Store, found: Sequence[Agreed]) -> Table:
    """A row for each member, and for each group: how many customers agreed, objected, are not known."""
    columns = (
        Column("member", _("Member"), "id"),
        Column("group", _("Group"), "id"),
        Column("name", _("Name")),
        Column("customers", _("Customers"), "int"),
        Column("agreed", _("Agreed"), "int"),
        Column("objected", _("Objected"), "int"),
        Column("unknown", _("Not known"), "int"),
    )
    counted: dict[tuple[str, str], Counter[str]] = {}
    for one in found:
        status = _known(one)[0]
        told = "agreed" if status in AGREED else "unknown" if status == UNKNOWN else "objected"
        counted.setdefault((one.member, one.room), Counter())[told] += 1
    names = people.names(archive, [member or room for member, room in counted])
    lines = [
        (member, room, names.get(member or room, ""), n.total(), n["agreed"], n["objected"], n["unknown"])
        for (member, room), n in counted.items()
    ]
    return Table("consent", columns, lines)
