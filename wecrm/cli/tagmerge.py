"""`wecrm tags merge`: several tags become one, and nobody loses the mark."""

from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import applying
from wecrm.cli.command import command, session
from wecrm.i18n import _


def commands(app: typer.Typer) -> None:
    """Give `tags` its verb for merging."""
    command(
        app,
        "merge",
        _("Put another tag on everybody who carries these, then delete them."),
        (
            "wecrm tags merge 意向/高意向 意向/中意向 --into 客户等级/重点 -o merge.plan",
            "wecrm tags merge 重要客户 --into 客户等级/VIP --max-removals 100%",
            "wecrm tags merge 重要客户 --into 客户等级/VIP --dry-run",
        ),
        _(
            "With -o only the plan is written. Before a tag is deleted, every relation is read at WeCom; while one "
            "carries it without the other tag, it stays. Undo makes the tags anew (with other ids) and puts them "
            "back on the same customers."
        ),
        writes="tags merge",
    )(merge)


def merge(
    ctx: typer.Context,
    names: Annotated[
        list[str], typer.Argument(help=_("The tags that are to go: name, group/name or id."), metavar="TAG...")
    ],
    into: Annotated[str, typer.Option("--into", help=_("The tag that stays."), metavar="TAG")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("Write the plan there and stop."), metavar="PLAN")
    ] = None,
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan, and apply unless only the plan is wanted."""
    from wecrm.operations import tagmerge

    s = session(ctx)
    plan = tagmerge.plan(s.store, names, into)
    if output is not None:
        return applying.write_plan(s, plan, output)
    return applying.apply_now(s, plan, applying.Approval(yes, max_changes, max_removals, max_failures, confirm))
