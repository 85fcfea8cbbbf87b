"""Figures of live codes: customers by period, load against the caps, days of links, the acquisition quota."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo

from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.models.table import Cell, Column, Table
from wecrm.operations.duty import cap_of
from wecrm.store import beginnings, code_details, figures, links
from wecrm.store import livecodes as register
from wecrm.store.beginnings import Came, Joined
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode

PERIODS = (1, 7, 30)
"""Whole days that end with today."""

Stats = tuple[tuple[str, Table], ...]
"""(title, table) in their order."""


def chosen(store: Store, names: Sequence[str]) -> tuple[KnownCode, ...]:
    """The codes of these names or ids; all that exist when there are none.

    Raises:
        UsageError: one is not in the cache, or several are meant.
    """
    if not names:
        return register.known(store)
    found = [code_details.named(store, name) for name in names]
    return tuple({(one.code.kind, one.code.id): one for one in found}.values())


def stats(store: Store, codes: Sequence[KnownCode], days: int, *, now: float, tz: tzinfo) -> Stats:
    """Per code how many came; per link and day of the last `days` what WeCom counted; the quota."""
    today = datetime.combine(datetime.fromtimestamp(now, tz).date(), time(), tz)
    since = (today - timedelta(days=days - 1)).date().isoformat()
    return (
        (_("Live codes"), _codes(store, codes, today)),
        (_("Links by day"), _days(store, codes, since)),
        (_("Acquisition quota"), _quota(store)),
    )


def _codes(store: Store, codes: Sequence[KnownCode], today: datetime) -> Table:
    starts = [(today - timedelta(days=days - 1)).timestamp() for days in PERIODS]
    came, joined = beginnings.came(store, starts=starts), beginnings.joined(store, starts=starts)
    columns = (
        Column("name", _("Name")),
        Column("kind", _("Kind")),
        Column("channel", _("Channel")),
        Column("today", _("Today"), "int"),
        Column("days_7", _("7 days"), "int"),
        Column("days_30", _("30 days"), "int"),
        Column("added", _("Ever"), "int"),
        Column("lost", _("Lost"), "int"),
        Column("kept", _("Kept"), "float", "%"),
        Column("cap", _("Places today"), "int"),
        Column("cap_use", _("Used today"), "float", "%"),
    )
    rows = [_row(known, came, joined) for known in codes]
    return Table("codes", columns, rows, as_of=figures.as_of(store, "contacts"))


def _row(known: KnownCode, came: Sequence[Came], joined: Sequence[Joined]) -> tuple[Cell, ...]:
    channel = code_details.channel_of(known)
    head = (known.shown, known.code.kind, channel)
    if known.code.kind == "group":
        own = [one for one in joined if one.channel == channel]
        return *head, *_since(own), sum(one.added for one in own), None, None, None, None
    mine = [one for one in came if _is_of(one, known, channel)]
    added, lost, cap = sum(one.added for one in mine), sum(one.lost for one in mine), _places(known.entry)
    today, *others = _since(mine)
    kept = round(100 * (added - lost) / added, 1) if added else None
    return *head, today, *others, added, lost, kept, cap, round(100 * today / cap, 1) if cap else None


def _is_of(one: Came, known: KnownCode, channel: str) -> bool:
    """Whether a code brought them: as `attribution.brought_by`."""
    if known.code.kind == "link":
        return one.link and (one.link_id or (one.channel and one.channel == channel and known.code.id)) == known.code.id
    return not one.link and one.channel != "" and one.channel == channel


def _since(parts: Sequence[Came] | Sequence[Joined]) -> tuple[int, ...]:
    return tuple(sum(one.since[n] for one in parts) for n in range(len(PERIODS)))


def _places(entry: CodeEntry | None) -> int | None:
    """How many customers the roster takes in a day; None when somebody of it has no cap."""
    caps = [cap_of(entry, userid) for userid in entry.roster] if entry else []
    return sum(caps) if caps and all(caps) else None


def _days(store: Store, codes: Sequence[KnownCode], since: str) -> Table:
    names = {known.code.id: known.shown for known in codes if known.code.kind == "link"}
    columns = (
        Column("day", _("Day")),
        Column("name", _("Name")),
        Column("clicks", _("Clicks"), "int"),
        Column("added", _("New customers"), "int"),
    )
    rows = [(day, names[id_], clicks, added) for id_, day, clicks, added in links.days(store, names, since)]
    return Table("days", columns, rows)


def _quota(store: Store) -> Table:
    """The whole in the first row, then the parts that expire, the next first."""
    columns = (
        Column("used", _("Used"), "int"),
        Column("left", _("Left"), "int"),
        Column("expires_at", _("Expires"), "time"),
    )
    found = links.quota(store)
    if found is None:
        return Table("quota", columns, ())
    quota, read_at = found
    parts = sorted(quota.quota_list, key=lambda part: part.expire_date)
    rows = [(quota.total, quota.balance, None), *((None, part.balance, part.expire_date) for part in parts)]
    return Table("quota", columns, rows, as_of=read_at)
