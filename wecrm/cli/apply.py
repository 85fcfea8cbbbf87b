"""`wecrm apply`: apply exactly what a plan file says, or go on with it."""

from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import applying
from wecrm.cli.command import command, session, single
from wecrm.cli.results import Results, ResultsOption
from wecrm.i18n import _

app = single()


@command(
    app,
    "apply",
    _("Apply a plan file, or resume it after an interruption."),
    ("wecrm apply vip.plan", "wecrm apply vip.plan --yes --max-changes 2000", "wecrm apply vip.plan --dry-run"),
    _(
        "Each row is read back from WeCom just before it is sent; a row that somebody else changed is left alone. "
        "Running it again on an unfinished job goes on; nothing is done twice."
    ),
    writes="apply",
)
def apply(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help=_("The plan file."), metavar="PLAN")],
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
    results: ResultsOption = "",
) -> int:
    approval = applying.Approval(yes, max_changes, max_removals, max_failures, confirm)
    return applying.apply_file(session(ctx), plan, approval, Results(results))
