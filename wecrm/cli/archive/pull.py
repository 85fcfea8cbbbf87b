"""`wecrm archive pull`."""

from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import ending
from wecrm.cli.archive import opening
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import SEVERITY, Exit, IntegrityError, LockedError, WecrmError, most_severe
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.operations.archive.nights import Hands, Night
    from wecrm.store.database import Store


def commands(app: typer.Typer) -> None:
    """Put the verb under `wecrm archive`."""
    command(
        app,
        "pull",
        _("Fetch every conversation that is new, and its media, into the archive."),
        (
            "wecrm archive pull",
            "wecrm archive pull --cron --max-runtime 90m --max-age 26h",
            "wecrm archive pull --no-media",
            "wecrm archive pull --from-start   # after a restore, or a wrong position",
        ),
        _(
            "WeCom keeps messages for five days. Each page is stored with the position in one transaction: stopped "
            "anywhere, the next run goes on there. Exit code: 3 when messages could not be read (they wait in "
            "quarantine), 9 when nothing came where something was to be expected, nobody has a seat, or messages "
            "are proven to be lost."
        ),
        many=True,
    )(pull)


def pull(
    ctx: typer.Context,
    limit: Annotated[int | None, typer.Option(help=_("End after about so many messages."), min=1)] = None,
    no_media: Annotated[bool, typer.Option("--no-media", help=_("Leave media files for a later run."))] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help=_("From the oldest that WeCom has; nothing is stored twice."))
    ] = False,
    max_age: ending.MaxAgeOption = "",
) -> int:
    s = session(ctx)
    age_s = duration("--max-age", max_age) if max_age else None
    if s.options.dry_run:
        s.warn(_("Would fetch every message after the stored position. A pull writes only the local archive."))
        return 0
    store = opening.archive(s)
    try:
        with opening.locked(s):
            return _pulled(s, store, limit, from_start, media=not no_media)
    except LockedError as error:
        return _let_be(s, store, age_s, error)


def _let_be(s: Session, store: "Store", age_s: float | None, error: LockedError) -> int:
    from wecrm.store.archive import pulls

    last = pulls.newest(store.connection, pulls.SOUND)
    return ending.young_enough(s, "archive", last.finished_at if last else None, age_s, error)


def _pulled(s: Session, store: "Store", limit: int | None, from_start: bool, *, media: bool) -> int:
    from wecrm.operations.archive import media as files
    from wecrm.operations.archive.nights import night
    from wecrm.store.archive.opening import with_cache

    began = s.clock.now()
    hands = _hands(s, store, limit, from_start, media)
    try:
        with with_cache(store, s.database):
            done = night(hands)
    except WecrmError as error:
        _at_stake(s, hands, error)
        raise
    finally:
        hands.opener.close()
        unanchored = _unanchored(s, store)
    done.wrong.extend((error.code, error.what) for error in unanchored)
    code = most_severe([code for code, _sentence in done.wrong])
    for note in done.notes if code or s.options.quiet < 2 else ():  # -qq: a good night is silent
        s.warn(note)
    told, seconds = _told(s, done), s.clock.now() - began
    s.say(f"archive: {told} · {seconds:.0f} s")
    ending.finished(s, "archive", told, seconds, code)
    own = code == Exit.partial and not (done.files and files.wrong(done.files))  # says it itself
    return exit_code(code, " ".join(sentence for _code, sentence in done.wrong), "" if own else files.mended_by(code))


def _unanchored(s: Session, store: "Store") -> list[WecrmError]:
    """Write the anchor; why it was not written, told at once, because what was stored stays."""
    try:
        opening.anchored(s, store)
    except WecrmError as error:
        s.warn(_("The anchor was not written: {what} {why}", what=error.what, why=error.why))
        return [error]
    return []


def _hands(s: Session, store: "Store", limit: int | None, from_start: bool, media: bool) -> "Hands":
    from wecrm.api.archive.keys import Keys
    from wecrm.cli.archive.media import settings
    from wecrm.operations.archive import media as files
    from wecrm.operations.archive import seats
    from wecrm.operations.archive.nights import Hands
    from wecrm.operations.archive.openings import Opener
    from wecrm.operations.archive.pull import Settings

    source = opening.source(s)
    return Hands(
        store,
        source,
        Opener(source, Keys(opening.private_keys(s))),
        s.run,
        Settings(s.tz, s.profile.archive.page, limit, from_start, opening.derivations(s)),
        lambda: seats.fetch(opening.client(s, s.run), store, s.clock.now(), s.tz),
        (lambda: files.drain(source, store, opening.media_folder(s), settings(s), s.run)) if media else None,
        lambda: opening.refusal(s),
    )


def _at_stake(s: Session, hands: "Hands", error: WecrmError) -> None:
    """Tell what could be lost by a pull that failed; what is lost already counts for more than why it failed."""
    from wecrm.operations.archive import nights
    from wecrm.operations.archive.pull import at_stake

    stake = at_stake(hands.store, s.clock.now(), s.tz)
    if stake:
        s.warn(stake)
    gaps = nights.unacknowledged(hands.store)
    if gaps and SEVERITY.index(Exit.integrity) < SEVERITY.index(error.code):
        raise IntegrityError(nights.gap_told(hands, gaps[0]), error.what, error.fix) from error


def _told(s: Session, done: "Night") -> str:
    """What came, in one line; what did not happen is left out."""
    from datetime import datetime

    from wecrm.operations.archive import media

    pulled = done.pulled
    counts = pulled.counts
    until = datetime.fromtimestamp(pulled.started_at, s.tz).strftime("%H:%M")
    parts = [
        _("{n:,} new", n=counts.new),
        _("{n:,} twice", n=counts.doubled) if counts.doubled else "",
        _("{n:,} unreadable", n=counts.quarantined) if counts.quarantined else "",
        _("{n:,} recovered", n=pulled.recovered) if pulled.recovered else "",
        _("seq {n:,}", n=pulled.seq),
        _("complete to {time}", time=until) if pulled.emptied else _("more is waiting"),
        media.told(done.files) if done.files and (done.files.fetched or done.files.left) else "",
    ]
    return " · ".join(part for part in parts if part)
