"""`wecrm undo`: plan taking back what a job changed."""

from typing import Annotated

import typer

from wecrm.cli import applying
from wecrm.cli.command import command, session, single
from wecrm.i18n import _

app = single()


@command(
    app,
    "undo",
    _("Write a plan that takes back exactly what a job changed."),
    ("wecrm undo tags-1101-3fa2b1 -o undo.plan", "wecrm apply undo.plan"),
    _("What was there before stays; a row that somebody else changed since becomes a conflict."),
)
def undo(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(help=_("The job; `wecrm jobs list` shows them."))],
    output: applying.PlanOutOption,
) -> int:
    from wecrm.operations import plans
    from wecrm.store import jobs

    s = session(ctx)
    return applying.write_plan(s, plans.undo(s.store, jobs.get(s.store, job)), output)
