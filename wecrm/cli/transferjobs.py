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
from wecrm.errors import SEVERITY, Exit, LockedError, WecrmError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.models.plan import Job, Status


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
        (
            "wecrm transfers poll",
            "wecrm --cron transfers poll --max-age 26h",
            "wecrm --profile @all --cron transfers poll",
            "wecrm transfers poll JOB",
        ),
        _("Before a day has passed nothing is asked: until then the customer may refuse. Meant for cron, every hour."),
        writes="transfers poll",
        many=True,
    )(poll)


def poll(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=_("Only these jobs."), metavar="JOB...")] = None,
    max_age: ending.MaxAgeOption = "",
) -> int:
    """Go on with every waiting job that is due."""
    from wecrm.store.status import APPLY

    s = session(ctx)
    age_s = duration("--max-age", max_age) if max_age else None
    due = _due(s, names or [])
    if s.options.dry_run:
        s.warn(_("Dry run: {n} jobs are due; nothing was asked.", n=len(due)))
        return 0
    if not due:
        text = _nothing(s, names or [])
        s.say(text)
        ending.finished(s, "poll", text, 0)
        return 0
    try:
        with s.locked("apply"):
            return _ask(s, _due(s, names or []))
    except LockedError as error:
        return ending.let_be(s, "poll", [APPLY], age_s, error)


def _due(s: Session, names: "Sequence[str]") -> "list[Job]":
    """The jobs, or those of these names, whose time has come; also ended ones of which WeCom still does something."""
    from wecrm.store import jobs, transfers

    now = s.clock.now()
    accepted = [jobs.get(s.store, id_) for id_, at in transfers.waiting(s.store).items() if at <= now]
    found = [job for job in jobs.unfinished(s.store) if job.state == "waiting" and (job.due_at or 0) <= now]
    found += [job for job in accepted if job.state != "waiting"]
    chosen = {jobs.get(s.store, name).id for name in names}
    return [job for job in found if not names or job.id in chosen]


def _nothing(s: Session, names: "Sequence[str]") -> str:
    """When something will be due, of the jobs or of these."""
    from wecrm.store import jobs, transfers

    waiting = {job.id: job.due_at for job in jobs.unfinished(s.store) if job.due_at is not None}
    found = transfers.waiting(s.store) | waiting
    times = [at for job, at in found.items() if not names or job in names]
    if not times:
        return _("No transfer is under way.")
    at = datetime.fromtimestamp(min(times), s.tz).strftime("%Y-%m-%d %H:%M")
    return _("Nothing is due before {at}.", at=at)


def _ask(s: Session, due: "Sequence[Job]") -> int:
    """Read back what is due, and tell; an error of one job does not keep the others."""
    began, total = s.clock.now(), Counter["Status"]()
    errors: list[WecrmError] = []
    for job in due:
        s.run.check()
        try:
            total += _go_on(s, job)
        except WecrmError as error:
            s.say(_("job {job}: {what}", job=job.id, what=error.what))
            errors.append(error)
    s.run.check()
    if errors:
        raise min(errors, key=lambda error: SEVERITY.index(error.code))
    bad = applying.not_well(total, waiting=True)
    text = applying.told(total) or _("nothing new")
    ending.finished(s, "poll", text, s.clock.now() - began, Exit.partial if bad else Exit.ok)
    if not bad:
        return 0
    s.say(_("Which and why: wecrm transfers list --where \"status <> 'done'\""))
    return exit_code(Exit.partial, _("rows that did not end well: {n} ({tally})", n=bad, tally=text))


def _go_on(s: Session, job: "Job") -> "Counter[Status]":
    """How many rows more stand at each status now; what was interrupted or ended is only asked about."""
    from wecrm.operations import runner
    from wecrm.store import jobs

    before = Counter(jobs.tally(s.store, job.id))
    if job.state == "waiting" and not job.case_id:  # what a case still has to send, `offboard advance` sends
        runner.run(s.work, job, s.limits)
    else:
        runner.verify(s.work, job)
    if job.state in ("done", "cancelled"):
        jobs.skip_open(s.store, job.id, job.state)
    now = jobs.tally(s.store, job.id)
    text = " · ".join(part for part in (applying.told(now), applying.waits(s, job.id)) if part)
    s.say(_("job {job}: {tally}", job=job.id, tally=text))
    if job.state == "running":
        s.say(_("Job {job} was interrupted: `wecrm jobs resume {job}` goes on with it.", job=job.id))
    more = Counter(now) - before
    if more["verified"]:
        s.say(_("What the former members knew: `wecrm transfers restore {job}`, then `handover`.", job=job.id))
    return more
