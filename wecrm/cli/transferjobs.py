"""`wecrm transfers list|poll`: what became of transfers that were started."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, ending
from wecrm.cli.command import command, session
from wecrm.cli.listing import listing
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import Exit, LockedError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.models.plan import Job


def commands(app: typer.Typer) -> None:
    """Give `transfers` its verbs for what was started."""
    listing(
        app,
        "transfers",
        _("List transfers that WeCom accepted, newest first, and how each ended."),
        (
            "wecrm transfers list",
            "wecrm transfers list --where \"status = 'refused'\" -o refused.xlsx",
            "wecrm transfers list --where \"handover = 'zhangwei'\" --sort started_at",
        ),
    )
    command(
        app,
        "poll",
        _("Ask WeCom how transfers ended that are due, and go on with their jobs."),
        ("wecrm transfers poll", "wecrm --cron transfers poll --max-age 26h", "wecrm transfers poll JOB"),
        _("Before a day has passed nothing is asked: until then the customer may refuse. Meant for cron, every hour."),
        writes="transfers poll",
    )(poll)


def poll(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=_("Only these jobs."), metavar="JOB...")] = None,
    max_age: Annotated[
        str, typer.Option(help=_("If another run holds the lock: exit 0 while the last success is younger than this."))
    ] = "",
) -> int:
    """Go on with every waiting job that is due."""
    from wecrm.store.status import APPLY

    s = session(ctx)
    age_s = duration("--max-age", max_age) if max_age else None
    waiting = _waiting(s, names or [])
    due = [job for job in waiting if job.due_at is not None and job.due_at <= s.clock.now()]
    if s.options.dry_run:
        s.warn(_("Dry run: {n} jobs are due; nothing was asked.", n=len(due)))
        return 0
    if not due:
        told = _nothing(s, waiting)
        s.say(told)
        ending.finished(s, "poll", told, 0)
        return 0
    try:
        with s.locked("apply"):
            return _ask(s, due)
    except LockedError as error:
        return ending.let_be(s, "poll", [APPLY], age_s, error)


def _waiting(s: Session, names: "Sequence[str]") -> "list[Job]":
    """The jobs of these names, or all that wait."""
    from wecrm.store import jobs

    found = [jobs.get(s.store, name) for name in names] if names else jobs.unfinished(s.store)
    return [job for job in found if job.state == "waiting"]


def _nothing(s: Session, waiting: "Sequence[Job]") -> str:
    times = [job.due_at for job in waiting if job.due_at is not None]
    if not times:
        return _("No transfer is under way.")
    at = datetime.fromtimestamp(min(times), s.tz).strftime("%Y-%m-%d %H:%M")
    return _("Nothing is due before {at}.", at=at)


def _ask(s: Session, due: "Sequence[Job]") -> int:
    """Read back what is due, and tell."""
    from wecrm.operations import runner
    from wecrm.store import jobs

    began, total = s.clock.now(), Counter[str]()
    for job in due:
        tally = runner.run(s.work, jobs.get(s.store, job.id), s.limits)
        s.say(_("job {job}: {tally}", job=job.id, tally=applying.told(tally)))
        total.update(tally)
    bad = sum(total[status] for status in ("failed", "conflict", "unknown", "skipped"))
    text = ", ".join(f"{n:,} {status}" for status, n in total.most_common())
    ending.finished(s, "poll", text, s.clock.now() - began, Exit.partial if bad else Exit.ok)
    if not bad:
        return 0
    s.say(_("Which and why: wecrm transfers list --where \"status <> 'done'\""))
    return exit_code(Exit.partial, _("rows that did not end well: {n} ({tally})", n=bad, tally=text))
