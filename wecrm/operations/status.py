"""Whether corps are fetched as often as they should be, and what waits or could be lost."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from wecrm.i18n import _
from wecrm.models.status import CorpStatus, Worked
from wecrm.models.table import Cell, Column, Table
from wecrm.operations.archive.standing import judged
from wecrm.operations.sync import PURPOSES
from wecrm.store.status import APPLY

SHOWN = (*PURPOSES, "new", "rotation", APPLY)
"""Purposes in the order they are shown; only those of `wecrm sync` are expected of every corp."""

ARCHIVE = "archive"


def overdue(corp: CorpStatus, purposes: Sequence[str], max_age_s: float, now: float) -> list[str]:
    """Those of `purposes` whose last success is older than that, or that never succeeded."""
    late = []
    for purpose in purposes:
        at = corp.of(purpose).last_success
        if at is None or now - at > max_age_s:
            late.append(purpose)
    return late


def oldest(corp: CorpStatus, purposes: Sequence[str]) -> float | None:
    """The last success of the purpose that was fetched longest ago; None when one never succeeded."""
    times = [corp.of(purpose).last_success for purpose in purposes]
    return None if None in times else min((at for at in times if at is not None), default=None)


def table(corps: Iterable[tuple[CorpStatus, float]], purposes: Sequence[str]) -> Table:
    """One row per corp and purpose; each corp comes with the time it is now there."""
    lines = chain.from_iterable(_lines(corp, purposes, now) for corp, now in corps)
    return Table("status", _columns(), list(lines))


def _columns() -> tuple[Column, ...]:
    return (
        Column("profile", _("Profile"), "id"),
        Column("corp_id", _("Corp id"), "id"),
        Column("purpose", _("Purpose")),
        Column("state", _("State")),
        Column("last_success", _("Last success"), "time"),
        Column("age_h", _("Age"), "float", "h"),
        Column("duration_s", _("Duration"), "int", "s"),
        Column("unread", _("Not read"), "int"),
        Column("open_rows", _("Open rows"), "int"),
        Column("jobs", _("Jobs"), "list"),
        Column("due_at", _("Due"), "time"),
        Column("note", _("Note")),
    )


def _lines(corp: CorpStatus, purposes: Sequence[str], now: float) -> Iterator[tuple[Cell, ...]]:
    if corp.problem:
        empty = (None,) * (len(_columns()) - 5)
        yield (corp.profile, corp.corp_id, "database", "unreadable", *empty, corp.problem)
        return
    for purpose in purposes:
        note, jobs = "", corp.jobs if purpose == APPLY else ()
        if purpose == "contacts":
            note = _hidden(corp, now)
        yield (
            *(corp.profile, corp.corp_id, purpose),
            *_worked(corp.of(purpose), now),
            sum(job.rows for job in jobs) or None,
            tuple(job.id for job in jobs),
            min((job.due_at for job in jobs if job.due_at), default=None),
            note,
        )
    if tuple(purposes) == SHOWN:
        yield _archive(corp, now)


def _archive(corp: CorpStatus, now: float) -> tuple[Cell, ...]:
    """The corp's archive of conversations; `unread` are messages in quarantine."""
    found = corp.archive
    empty = len(_columns())
    if found is None:
        note = _("No archive yet: conversations are not fetched, and WeCom keeps them for 5 days.")
        return (corp.profile, corp.corp_id, ARCHIVE, "none", *(None,) * (empty - 5), note)
    told = _worked(Worked(ARCHIVE, found.state, found.last_success, found.duration_s, found.unreadable), now)
    note = " ".join(why for _code, why in judged(found, None, now)) or found.note
    return (corp.profile, corp.corp_id, ARCHIVE, *told, *(None,) * (empty - 4 - len(told)), note)


def _worked(work: Worked, now: float) -> tuple[Cell, ...]:
    at = work.last_success
    age = None if at is None else round(max(0.0, now - at) / 3600, 1)
    seconds = None if work.duration_s is None else round(work.duration_s)
    return work.state, at, age, seconds, work.unread or None


def _hidden(corp: CorpStatus, now: float) -> str:
    """What could be lost: customers of members who left, or left the app's sight."""
    hidden = corp.relations.get("out_of_sight", 0)
    if not hidden:
        return ""
    days = int(max(0.0, now - (corp.hidden_since or now)) // 86400)
    return _(
        "{n} customers of {m} members are out of sight, the first for {days} days: they could be lost. "
        "Did these members leave, or did the app's visible range (可见范围) shrink?",
        n=hidden,
        m=corp.hidden_members,
        days=days,
    )
