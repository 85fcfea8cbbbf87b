"""How archives stand, as rows and as what is wrong with them."""

from collections.abc import Iterable

from wecrm.errors import Exit
from wecrm.i18n import _
from wecrm.models.archive import WINDOW_S
from wecrm.models.status import NEVER, ArchiveStatus
from wecrm.models.table import Cell, Column, Table


def judged(corp: ArchiveStatus | None, max_age_s: float | None, now: float) -> list[tuple[Exit, str]]:
    """What is wrong with an archive (None: there is none): sentences by exit code."""
    wrong: list[tuple[Exit, str]] = []
    if corp is not None and corp.gaps:
        numbers = ", ".join(map(str, corp.gaps))
        wrong.append((Exit.integrity, _("Gaps that nobody has acknowledged: {numbers}.", numbers=numbers)))
    if corp is not None and corp.state == "silent":
        wrong.append((Exit.integrity, _("The newest pull: {note}", note=corp.note)))
    if corp is not None and corp.seats == 0:
        wrong.append((Exit.integrity, _("Nobody has a seat: no conversation is archived.")))
    if max_age_s is not None:
        last = corp.last_success if corp else None
        if last is None:
            wrong.append((Exit.temporary, _("No pull has ever ended well.")))
        elif now - last > max_age_s:
            hours = f"{(now - last) / 3600:.1f}"
            wrong.append((Exit.temporary, _("The last pull that ended well was {n} h ago.", n=hours)))
    return wrong


def table(found: Iterable[tuple[str, ArchiveStatus | None, float]]) -> Table:
    """One row per corp; each comes with its profile and the time it is now there."""
    return Table("archive", _columns(), [_row(profile, corp or ArchiveStatus(), now) for profile, corp, now in found])


def _columns() -> tuple[Column, ...]:
    return (
        Column("profile", _("Profile"), "id"),
        Column("state", _("State")),
        Column("last_success", _("Last success"), "time"),
        Column("age_h", _("Age"), "float", "h"),
        Column("messages", _("Messages"), "int"),
        Column("seq", _("Position"), "id"),
        Column("covered_until", _("Complete to"), "time"),
        Column("lost_from", _("Losses begin"), "time"),
        Column("unreadable", _("Quarantine"), "int"),
        Column("media", _("Media to fetch"), "int"),
        Column("seats", _("Seats"), "int"),
        Column("gaps", _("Gaps"), "list"),
        Column("note", _("Note of the newest pull")),
    )


def _row(profile: str, corp: ArchiveStatus, now: float) -> tuple[Cell, ...]:
    age = None if corp.last_success is None else round(max(0.0, now - corp.last_success) / 3600, 1)
    note = corp.note
    if corp.state == NEVER:
        note = _("No archive yet: conversations are not fetched, and WeCom keeps them for 5 days.")
    return (
        *(profile, corp.state, corp.last_success, age, corp.messages, str(corp.seq), corp.covered_until),
        None if corp.covered_until is None else corp.covered_until + WINDOW_S,
        *(corp.unreadable, corp.media, corp.seats, tuple(map(str, corp.gaps)), note),
    )
