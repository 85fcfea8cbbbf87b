"""One live code on one page: what `livecodes show` prints."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta, tzinfo

from wecrm.files.leave import Leave
from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.models.table import Cell, Column, Table
from wecrm.operations import duty, rotation
from wecrm.store import code_details as store_details
from wecrm.store import directory
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode

Details = tuple[tuple[str, Table], ...]
"""(title, table) in their order; the first table has one row: the code itself."""

DAYS = (("today", 1), ("7 days", 7), ("30 days", 30))
"""Periods of whole days that end with today."""


def details(store: Store, name: str, leaves: Iterable[Leave], *, now: float, tz: tzinfo) -> Details:
    """A live code: itself, members with why they are on or not, groups, customers, jobs that changed it.

    Raises:
        UsageError: not in the cache, or several are meant.
    """
    known = store_details.named(store, name)
    at = datetime.fromtimestamp(now, tz)
    return (
        (_("Live code"), store_details.code(store, known, now=now, tz=tz)),
        (_("Members"), _members(store, known, leaves, at)),
        (_("Groups"), store_details.groups(store, known, now=now, tz=tz)),
        (_("Customers"), store_details.customers(store, known, [*_periods(at), ("ever", 0.0)])),
        (_("Changed by wecrm"), store_details.jobs(store, known)),
    )


def _periods(at: datetime) -> Iterator[tuple[str, float]]:
    for name, days in DAYS:
        yield name, datetime.combine(at.date() - timedelta(days=days - 1), time(), at.tzinfo).timestamp()


def _members(store: Store, known: KnownCode, leaves: Iterable[Leave], at: datetime) -> Table:
    """Everybody whom the description or WeCom names: on now or not, whose turn it is, and why."""
    entry = known.entry or CodeEntry(known.shown, channel=known.code.state, members=known.code.users)
    away, _nobody = rotation.on_leave(store, leaves, at.date(), duty.everybody(entry))
    found = duty.decide(entry, known.code.users, duty.gather(store, [entry], at, away))
    columns = (
        Column("userid", _("Member"), "id"),
        Column("name", _("Name")),
        Column("on", _("On now"), "bool"),
        Column("turn", _("Their turn"), "bool"),
        Column("reason", _("Reason")),
        Column("why", _("Why")),
        Column("today", _("Today"), "int"),
        Column("cap", _("Cap"), "int"),
        Column("next_shift", _("Next shift"), "time"),
        Column("fallback", _("Fallback"), "bool"),
    )
    rows = [*_standings(found, known), *_strangers(store, entry, known)]
    return Table("members", columns, rows)


def _standings(found: duty.Duty, known: KnownCode) -> Iterator[tuple[Cell, ...]]:
    on = {userid.lower() for userid in known.code.users}
    for one in found.standings:
        next_shift = one.next_shift.timestamp() if one.next_shift else None
        yield (
            *(one.userid, one.name, one.userid.lower() in on, one.on, one.reason, one.why),
            *(one.today, one.cap or None, next_shift, one.fallback),
        )


def _strangers(store: Store, entry: CodeEntry, known: KnownCode) -> Iterator[tuple[Cell, ...]]:
    """Members who are on at WeCom and whom the description does not name."""
    named = {userid.lower() for userid in duty.everybody(entry)}
    others = [userid for userid in known.code.users if userid.lower() not in named]
    names = directory.known(store, others)
    for userid in others:
        name = names[userid.lower()].name if userid.lower() in names else ""
        why = _("not in the description")
        yield userid, name, True, False, "not_described", why, None, None, None, False
