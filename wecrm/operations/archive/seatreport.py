"""The seats of the archive as a report: who has one, of which edition, since when; who lost it; who lacks one."""

from datetime import tzinfo
from typing import Final

from wecrm.api import msgaudit
from wecrm.api.client import Client
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.operations.archive import seats
from wecrm.store.archive import people
from wecrm.store.archive import seats as stored
from wecrm.store.database import Store

EDITIONS: Final = {1: "office", 2: "service", 3: "enterprise"}

_ORDER: Final = ("dropped", "none", "seated")


def report(client: Client, archive: Store, now: float, tz: tzinfo, *, without: bool = False) -> Table:
    """A row for each member who has a seat, had one, or has customers in the attached cache; those without first.

    Days are those on which the archive first saw it so; a list is kept for each day on which WeCom was asked.

    Args:
        without: only those without a seat.

    Raises:
        ApiError: 301052, 301053 no archive in force; 48002 not the archive's secret.
    """
    seated = seats.fetch(client, archive, now, tz).userids
    editions: dict[str, str] = {}
    for number, name in EDITIONS.items():
        editions.update((userid.casefold(), name) for userid in msgaudit.get_permit_user_list(client, number))
    since, dropped, spelt = _history(archive)
    customers = {userid.casefold(): (userid, n) for userid, n in stored.uncovered(archive, ())}
    here = {userid.casefold() for userid in seated}
    lines: list[tuple[Cell, ...]] = []
    everybody = {userid: userid for userid in dropped} | {key: userid for key, (userid, _n) in customers.items()}
    everybody |= spelt | {userid.casefold(): userid for userid in seated}
    names = people.names(archive, everybody.values())
    for key, userid in everybody.items():
        state = "seated" if key in here else "dropped" if key in dropped else "none"
        if state == "seated" and without:
            continue
        count = customers.get(key, ("", 0))[1]
        own = (since.get(key), None) if state == "seated" else (None, dropped.get(key))
        lines.append((userid, names.get(userid, ""), state, editions.get(key, ""), *own, count))
    lines.sort(key=lambda line: (_ORDER.index(str(line[2])), -int(str(line[6])), str(line[0])))
    return Table("seats", _columns(), lines)


def _history(archive: Store) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Day since which each has a seat; day on which each was first without again; userids as WeCom spells them."""
    since: dict[str, str] = {}
    dropped: dict[str, str] = {}
    spelt: dict[str, str] = {}
    for each in stored.lists(archive):
        here = {userid.casefold(): userid for userid in each.userids}
        spelt |= here
        for gone in [key for key in since if key not in here]:
            del since[gone]
            dropped[gone] = each.day
        for key in here:
            since.setdefault(key, each.day)
            dropped.pop(key, None)
    return since, dropped, spelt


def _columns() -> tuple[Column, ...]:
    return (
        Column("member", _("Member"), "id"),
        Column("name", _("Name")),
        Column("seat", _("Seat")),
        Column("edition", _("Edition")),
        Column("since", _("Since")),
        Column("dropped_on", _("Lost on")),
        Column("customers", _("Customers"), "int"),
    )
