"""What one nightly run comes to: messages, seats, silence, gaps, media; and why it is not green when it is not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from wecrm.errors import Exit, WecrmError
from wecrm.i18n import _
from wecrm.models.archive import ArchiveSource
from wecrm.models.clock import Run
from wecrm.operations.archive import media, pull, silence
from wecrm.operations.archive.openings import Opener
from wecrm.operations.archive.pull import Pulled, Settings
from wecrm.operations.archive.seats import Seating
from wecrm.store.archive import pulls
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Hands:
    """What a nightly run works with.

    `seats` asks WeCom who has one, `drain` fetches media files (None: not this time), `diagnose` says what is
    behind a 10001.
    """

    store: Store
    source: ArchiveSource
    opener: Opener
    run: Run
    settings: Settings
    seats: Callable[[], Seating]
    drain: Callable[[], media.Counts] | None = None
    diagnose: Callable[[], WecrmError | None] = lambda: None


@dataclass(slots=True)
class Night:
    """What came, and what is wrong: sentences by exit code, and lines that help with them."""

    pulled: Pulled
    wrong: list[tuple[Exit, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: media.Counts | None = None


def night(hands: Hands) -> Night:
    """Pull everything and judge it; the pull's row says how it ended.

    Raises:
        WecrmError: as `pull.pull`.
    """
    done = Night(pull.pull(hands.store, hands.source, hands.opener, hands.run, hands.settings, hands.diagnose))
    seating = _seated(hands, done)
    quiet = _silent(hands, done, seating) if done.pulled.emptied else False
    counts = done.pulled.counts
    if counts.quarantined:
        done.wrong.append((Exit.partial, _waiting(counts.quarantined)))
    if counts.underived:
        done.wrong.append(
            (Exit.partial, _("What follows from messages (replies, word hits) could not be written for some of them."))
        )
    state: pulls.State = "silent" if quiet else "partial" if counts.quarantined else "done"
    if not done.pulled.emptied:
        state = "limited"
    told = "; ".join(sentence for _code, sentence in done.wrong)
    now = int(hands.run.clock.now())
    pulls.end(hands.store, done.pulled.id, state, now, told, emptied=done.pulled.emptied)
    done.wrong.extend((Exit.integrity, gap_told(hands, gap)) for gap in unacknowledged(hands.store))
    _drained(hands, done)
    return done


def _drained(hands: Hands, done: Night) -> None:
    """Fetch media files; a deadline or a signal meanwhile ends the run, whose messages are complete."""
    if hands.drain is None:
        return
    try:
        done.files = hands.drain()
    except WecrmError as error:
        done.wrong.append((error.code, error.what))
    else:
        done.wrong.extend(media.wrong(done.files))


def unacknowledged(store: Store) -> list[pulls.Gap]:
    """Gaps that nobody has acknowledged yet."""
    return [gap for gap in pulls.gaps(store.connection) if not gap.acknowledged]


def gap_told(hands: Hands, gap: pulls.Gap) -> str:
    """The gap in a sentence, with the command that acknowledges it."""
    begin, end = (
        datetime.fromtimestamp(at, hands.settings.tz).strftime("%Y-%m-%d %H:%M") for at in (gap.from_at, gap.to_at)
    )
    return _(
        "Gap {n}: messages from {begin} to {end} were not fetched within WeCom's five days and are lost. Acknowledge "
        'it: wecrm archive status --acknowledge {n} --reason "…".',
        n=gap.id,
        begin=begin,
        end=end,
    )


def _waiting(n: int) -> str:
    return _("{n:,} messages could not be read and wait in quarantine: `wecrm archive quarantine list` says why.", n=n)


def _seated(hands: Hands, done: Night) -> Seating | None:
    """The seats of today, written down, with what is wrong with them."""
    try:
        seating = hands.seats()
    except WecrmError as error:
        done.wrong.append((error.code, _("Seats could not be read: {why}", why=error.what)))
        return None
    if not seating.userids:
        done.wrong.append((Exit.integrity, _("Nobody has a seat: no conversation is archived.")))
    elif seating.dropped:
        names = ", ".join(seating.dropped[:5]) + ("…" if len(seating.dropped) > 5 else "")
        done.notes.append(_("{n} members have lost their seat: {names}.", n=len(seating.dropped), names=names))
    if seating.uncovered:
        names = ", ".join(userid for userid, _n in seating.uncovered[:5]) + ("…" if len(seating.uncovered) > 5 else "")
        done.notes.append(_("{n} members with customers have no seat: {names}.", n=len(seating.uncovered), names=names))
    return seating


def _silent(hands: Hands, done: Night, seating: Seating | None) -> bool:
    """Whether nothing came where something was to be expected."""
    if done.pulled.counts.new or done.pulled.counts.quarantined:
        return False
    found = silence.judge(hands.store, hands.source, done.pulled.started_at, hands.settings.tz, seating)
    if found is None:
        if not done.pulled.seq:
            done.notes.append(_("WeCom has no message yet; tomorrow that would be an alarm."))
        return False
    hours = f"{found.hours:.0f}"
    said = (
        _(
            "Nothing has come for {hours} h, where about {n:,} messages were usual.",
            hours=hours,
            n=round(found.expected),
        )
        if found.expected
        else _("No message has ever come in {hours} h.", hours=hours)
    )
    done.wrong.append((Exit.integrity, said))
    done.notes.extend(found.checks)
    return True
