"""What the cache knows of one live code: itself, its groups, its customers, the jobs that changed it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry, Shift
from wecrm.models.livecode import KINDS
from wecrm.models.plan import Change, Fact
from wecrm.models.table import Cell, Column, Query, Table
from wecrm.models.text import visible
from wecrm.store import livecodes as register
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode
from wecrm.store.nearest import did_you_mean
from wecrm.store.selection import as_of, table
from wecrm.store.views import view

JOBS_SHOWN = 50
_change = msgspec.json.Decoder(Change)


def named(store: Store, name: str) -> KnownCode:
    """The code with that name; else with that config_id or link_id; else the only one with that channel or remark.

    Raises:
        UsageError: there is none, or there are several; names them, or up to three that are near.
    """
    existing = register.known(store)
    by_name = [one for one in existing if one.name == name]
    by_id = [one for kind in KINDS if (one := register.find(store, kind, name)) is not None]
    alike = [one for one in existing if name and name in (one.code.state, one.code.remark, channel_of(one))]
    found = by_name or by_id or alike
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            _("{n} live codes have the channel or remark {name}.", n=len(found), name=visible(name)),
            "",
            _("Say which: {ids}.", ids=", ".join(one.name or one.code.id for one in found[:10])),
        )
    raise UsageError(
        _("The cache knows no live code {name}.", name=visible(name)),
        did_you_mean(name, [one.shown for one in existing], 3),
        _("`wecrm sync livecodes` reads them; `wecrm livecodes list` shows them all."),
    )


def channel_of(known: KnownCode) -> str:
    """The channel that its customers carry; a link has it from its description alone."""
    return known.code.state or (known.entry.channel if known.entry else "")


def code(store: Store, known: KnownCode, *, now: float, tz: tzinfo) -> Table:
    """One row: the code as WeCom has it, and what its description adds."""
    columns = tuple(column.key for column in view("livecodes").columns)
    by_id = ("v.kind = ? AND v.code_id = ?", (known.code.kind, known.code.id))
    found = table(store, "livecodes", Query(columns=columns), now=now, tz=tz, base_where=by_id)
    entry = known.entry or CodeEntry("")
    more: tuple[tuple[Column, Cell], ...] = (
        (Column("roster", _("Takes turns"), "list"), entry.roster),
        (Column("fallback", _("Fallback"), "list"), entry.fallback),
        (Column("caps", _("Own caps"), "list"), tuple(f"{userid} {cap}" for userid, cap in entry.caps.items())),
        (Column("shifts", _("Shifts"), "list"), tuple(map(_shift, entry.shifts))),
    )
    added, cells = zip(*more, strict=True)
    return replace(found, name="code", columns=(*found.columns, *added), rows=[(*row, *cells) for row in found.rows])


def _shift(shift: Shift) -> str:
    return " ".join((shift.days, shift.hours, *shift.members))


def groups(store: Store, known: KnownCode, *, now: float, tz: tzinfo) -> Table:
    """The groups that a join way leads to."""
    chats = msgspec.json.encode(known.code.chats).decode()
    where = ("v.chat_id IN (SELECT value FROM json_each(?))", (chats,))
    return table(store, "groups", Query(), now=now, tz=tz, base_where=where)


def customers(store: Store, known: KnownCode, periods: Sequence[tuple[str, float]]) -> Table:
    """For each (name, since): customers who came through the code since then, and what became of them.

    Of a join way: who is in one of its groups since then; who left a group is not known any more.
    """
    columns = (
        Column("period", _("Since")),
        Column("added", _("Came"), "int"),
        Column("active", _("Still there"), "int"),
        Column("lost", _("Lost"), "int"),
    )
    counted = _joined if known.code.kind == "group" else _came
    rows = [(period, *counted(store, known, since)) for period, since in periods]
    return Table("customers", columns, rows, as_of=as_of(store, view("contacts")))


def _came(store: Store, known: KnownCode, since: float) -> tuple[Cell, ...]:
    channel = channel_of(known)
    where, key = ("state = ?", channel) if channel else (_OF_LINK, known.code.id)
    row: tuple[Cell, ...] = store.connection.execute(
        "SELECT count(*), coalesce(sum(status = 'active'), 0), coalesce(sum(status = 'lost'), 0) FROM relation "
        f"WHERE {where} AND createtime >= ?",
        (key, int(since)),
    ).fetchone()
    return row


_OF_LINK = "(userid, external_userid) IN (SELECT userid, external_userid FROM link_customer WHERE link_id = ?)"


def _joined(store: Store, known: KnownCode, since: float) -> tuple[Cell, ...]:
    row = store.connection.execute(
        "SELECT count(*) FROM group_member WHERE type = 2 AND state = nullif(?, '') AND join_time >= ?",
        (channel_of(known), int(since)),
    ).fetchone()
    return row[0], row[0], None


def jobs(store: Store, known: KnownCode) -> Table:
    """Changes of the code by wecrm, newest first, fifty at most."""
    columns = (
        Column("at", _("At"), "time"),
        Column("job", _("Job"), "id"),
        Column("op", _("Operation")),
        Column("status", _("Status")),
        Column("errcode", _("Errcode"), "int"),
        Column("before", _("Before")),
        Column("after", _("After")),
    )
    rows = store.connection.execute(
        "SELECT coalesce(r.sent_at, j.created_at) AS at, r.job, r.op, r.status, r.errcode, r.change "
        "FROM job_row r JOIN job j ON j.id = r.job LEFT JOIN job_binding b ON b.job = r.job "
        "AND b.change_id = json_extract(CAST(r.change AS TEXT), '$.id') "
        "WHERE r.cluster = ? AND r.op LIKE 'livecode.%' "
        "AND ? IN (json_extract(CAST(r.change AS TEXT), '$.key.id'), b.made_id) ORDER BY at DESC LIMIT ?",
        (known.code.kind, known.code.id, JOBS_SHOWN),
    )
    return Table("jobs", columns, list(_told(rows)))


def _told(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Cell, ...]]:
    for *cells, raw in rows:
        change = _change.decode(raw)
        sides = (change.before, change.after)
        yield (*cells, *(" ".join(f"{name}={_fact(fact)}" for name, fact in facts.items()) for facts in sides))


def _fact(fact: Fact) -> str:
    return ",".join(map(str, fact)) if isinstance(fact, tuple) else str(fact)
