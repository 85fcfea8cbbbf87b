"""`wecrm tags`: the corp tag library, and tags on customers in bulk."""

from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import applying, rows, taglint, tagmerge, tagrules
from wecrm.cli import input as inputs
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.cli.results import Results, ResultsOption
from wecrm.cli.session import Session
from wecrm.cli.taglibrary import commands
from wecrm.i18n import _
from wecrm.models.plan import Plan

app = group(_("Corp tags (企业标签): list, make, and put on customers in bulk."))

AddOption = Annotated[list[str] | None, typer.Option("--add", help=_("Tag to put on; may be repeated."), metavar="TAG")]
RemoveOption = Annotated[
    list[str] | None, typer.Option("--remove", help=_("Tag to take off; may be repeated."), metavar="TAG")
]
CreateOption = Annotated[bool, typer.Option("--create-tags", help=_("Make tags that do not exist, as group/name."))]


listing(
    app,
    "tags",
    _("List the tags with how many customers carry them."),
    ("wecrm tags list", "wecrm tags list --sort -customers --limit 20"),
)


@command(
    app,
    "plan",
    _("Plan putting tags on customers, or taking them off, from a file or a selection."),
    (
        "wecrm tags plan vip.csv --add VIP -o vip.plan",
        "wecrm tags plan --where \"channel = 'fair'\" --add 来源渠道/展会 -o fair.plan",
        "wecrm tags plan moves.csv -o moves.plan   # with columns add and remove",
        "wecrm tags plan phones.csv --add VIP --followers latest -o vip.plan",
        "wecrm tags plan --rules rules.yaml -o rules.plan",
        "wecrm tags plan --rules rules.yaml --explain CUSTOMER",
        "wecrm tags plan --channels -o channels.plan",
    ),
    _(
        "Rows name a relation by userid and external_userid, or a customer by external_userid, unionid or mobile. "
        "Nothing is written to WeCom until `wecrm apply`. `wecrm explain rules` shows how rules are written."
    ),
)
def plan(
    ctx: typer.Context,
    output: tagrules.OutputOption = None,
    file: inputs.FileArgument = None,
    rules: tagrules.RulesOption = None,
    channels: tagrules.ChannelsOption = False,
    explain: tagrules.ExplainOption = "",
    where: rows.WhereOption = "",
    add: AddOption = None,
    remove: RemoveOption = None,
    create_tags: CreateOption = False,
    followers: inputs.FollowersOption = "",
    map_: inputs.MapOption = None,
    sheet: inputs.SheetOption = "",
    detailed_exitcode: applying.ExitOption = False,
) -> int:
    s = session(ctx)
    if rules is not None or channels:
        tagrules.alone(channels, rules, file, where, add, remove, create_tags, followers, map_, sheet)
        return tagrules.plan(s, rules, output, explain, detailed_exitcode)
    path = tagrules.without(output, explain)
    made, _form = _plan(s, file, where, add or [], remove or [], create_tags, followers, map_ or [], sheet)
    return applying.write_plan(s, made, path, detailed_exitcode)


@command(
    app,
    "apply",
    _("Plan, show, ask and apply in one go."),
    (
        "wecrm tags apply vip.csv --add VIP",
        "wecrm tags apply vip.csv --add VIP --dry-run",
        "wecrm tags apply vip.xlsx --add VIP --results vip",
        "wecrm tags apply --rules rules.yaml",
        "wecrm --cron tags apply --rules rules.yaml --yes",
        "wecrm --cron tags apply --channels --yes",
    ),
    _(
        "With --results, rows that failed or were not reached are files that can be given to it again. "
        "A file of rules may bring its own limits."
    ),
    writes="tags apply",
)
def apply(
    ctx: typer.Context,
    file: inputs.FileArgument = None,
    rules: tagrules.RulesOption = None,
    channels: tagrules.ChannelsOption = False,
    where: rows.WhereOption = "",
    add: AddOption = None,
    remove: RemoveOption = None,
    create_tags: CreateOption = False,
    followers: inputs.FollowersOption = "",
    map_: inputs.MapOption = None,
    sheet: inputs.SheetOption = "",
    results: ResultsOption = "",
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    s = session(ctx)
    approval = applying.Approval(yes, max_changes, max_removals, max_failures, confirm)
    if rules is not None or channels:
        tagrules.alone(channels, rules, file, where, add, remove, create_tags, followers, map_, sheet)
        return tagrules.apply(s, rules, approval, Results(results))
    made, form = _plan(s, file, where, add or [], remove or [], create_tags, followers, map_ or [], sheet)
    return applying.apply_now(s, made, approval, Results(results, form))


@command(
    app,
    "create",
    _("Make tags in a group; the group is made when it does not exist."),
    ("wecrm tags create 客户等级 VIP 重点", "wecrm tags create Stage Lead --dry-run"),
    writes="tags create",
)
def create(
    ctx: typer.Context,
    group_name: Annotated[str, typer.Argument(help=_("The group's name."), metavar="GROUP")],
    names: Annotated[list[str], typer.Argument(help=_("Names of the tags."), metavar="TAG...")],
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    confirm: applying.ConfirmOption = "",
) -> int:
    from wecrm.operations import tags

    s = session(ctx)
    approval = applying.Approval(yes, max_changes, confirm=confirm)
    return applying.apply_now(s, tags.plan_create(s.store, group_name, names), approval)


@command(
    app,
    "rename",
    _("Give a tag another name; its order and its customers stay."),
    ("wecrm tags rename VIP 钻石", "wecrm tags rename 客户等级/VIP 钻石"),
    writes="tags rename",
)
def rename(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(help=_("The tag: name, group/name or id."))],
    new: Annotated[str, typer.Argument(help=_("Its new name."))],
    yes: applying.YesOption = False,
    confirm: applying.ConfirmOption = "",
) -> int:
    from wecrm.operations import tags

    s = session(ctx)
    return applying.apply_now(s, tags.plan_rename(s.store, old, new), applying.Approval(yes, confirm=confirm))


@command(
    app,
    "delete",
    _("Delete tags, which takes them off all their customers."),
    ("wecrm tags delete 客户等级/旧 --dry-run", "wecrm tags delete 客户等级/旧 --max-removals 100%"),
    _("Undo makes the tag anew (with another id) and puts it on the same customers again."),
    writes="tags delete",
)
def delete(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(help=_("The tags: name, group/name or id."), metavar="TAG...")],
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    from wecrm.operations import tags

    s = session(ctx)
    approval = applying.Approval(yes, max_changes, max_removals, confirm=confirm)
    return applying.apply_now(s, tags.plan_delete(s.store, names), approval)


def _plan(
    s: Session,
    file: Path | None,
    where: str,
    add: list[str],
    remove: list[str],
    create_tags: bool,
    followers: str,
    mapping: list[str],
    sheet: str,
) -> tuple[Plan, str]:
    """The plan, and the format of its input."""
    from wecrm.operations import marks
    from wecrm.operations.rows import Problems
    from wecrm.operations.tagnames import TagNames
    from wecrm.store import tags as library

    problems = Problems()
    source = inputs.read(s, file, where, followers, mapping, problems, sheet)
    names = TagNames(library.known(s.store), create=create_tags)
    made = marks.plan(s.store, source.targets, names, problems, add=add, remove=remove, input_digest=source.digest)
    return made, source.format


commands(app)
tagmerge.commands(app)
taglint.commands(app)
