"""`wecrm livecodes create|update|delete`: one live code without a file."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from wecrm.cli import applying, codebook
from wecrm.cli.command import command, session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.livecode import KINDS

Words = str | None

KindOption = Annotated[str, typer.Option("--kind", help=_("contact, group or link."))]
ChannelOption = Annotated[Words, typer.Option("--channel", help=_("What its customers carry (`state`)."))]
RemarkOption = Annotated[Words, typer.Option("--remark", help=_("Its remark; the name unless told."))]
MembersOption = Annotated[Words, typer.Option("--members", help=_("Userids, as a,b."), metavar="A,B")]
DepartmentsOption = Annotated[Words, typer.Option("--departments", help=_("Ids, as 2,5."), metavar="N,N")]
GroupsOption = Annotated[Words, typer.Option("--groups", help=_("Chat_ids of a group code."), metavar="A,B")]
TagsOption = Annotated[Words, typer.Option("--tags", help=_("Tags for its customers."), metavar="A,B")]
CapOption = Annotated[int | None, typer.Option("--cap", help=_("Customers a member and day; 0: any number."))]
FallbackOption = Annotated[
    Words, typer.Option("--fallback", help=_("Userids used when nobody else can be."), metavar="A,B")
]
UntilOption = Annotated[Words, typer.Option("--until", help=_("Last day of the campaign."), metavar="DATE")]
NameArgument = Annotated[str, typer.Argument(help=_("Its name or id."), metavar="NAME")]


def commands(app: typer.Typer) -> None:
    """Give `livecodes` its verbs for one code."""
    command(
        app,
        "create",
        _("Make one live code."),
        (
            "wecrm livecodes create 双11 --channel d11 --members zhangwei,lina --cap 50",
            "wecrm livecodes create 会员群 --kind group --groups wrOgQhDgAA --dry-run",
        ),
        _("Shifts and caps of single members are written in a file: see `wecrm livecodes push`."),
        writes="livecodes create",
    )(create)
    command(
        app,
        "update",
        _("Change what is named of one live code; the rest stays, the printed code too."),
        (
            "wecrm livecodes update 双11 --members zhangwei,wangfang",
            "wecrm livecodes update 双11 --until 2026-11-30 --fallback lina",
        ),
        _("An empty text takes a value away, as --tags ''."),
        writes="livecodes update",
    )(update)
    command(
        app,
        "delete",
        _("Delete live codes: printed ones stop working, customers stay."),
        ("wecrm livecodes delete 双11 --dry-run", "wecrm livecodes delete 双11 --max-removals 100%"),
        _("Undo makes another code with the same settings; its picture is another one."),
        writes="livecodes delete",
    )(delete)


def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help=_("Its name, which is ours alone."), metavar="NAME")],
    kind: KindOption = "contact",
    channel: ChannelOption = None,
    remark: RemarkOption = None,
    members: MembersOption = None,
    departments: DepartmentsOption = None,
    groups: GroupsOption = None,
    tags: TagsOption = None,
    cap: CapOption = None,
    fallback: FallbackOption = None,
    until: UntilOption = None,
    yes: applying.YesOption = False,
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan and apply one new code."""
    from wecrm.models.codebook import CodeEntry
    from wecrm.operations import singlecodes

    s = session(ctx)
    given = _given(ctx.params)
    known = next((one for one in KINDS if one == kind), None)
    if known is None:
        raise UsageError(_("--kind is contact, group or link, not {value}.", value=kind))
    plan = singlecodes.create(s.work, CodeEntry(name, kind=known, **given), codebook.now(s))
    return codebook.apply(s, plan, applying.Approval(yes, confirm=confirm))


def update(
    ctx: typer.Context,
    name: NameArgument,
    rename: Annotated[Words, typer.Option("--name", help=_("Its new name."))] = None,
    channel: ChannelOption = None,
    remark: RemarkOption = None,
    members: MembersOption = None,
    departments: DepartmentsOption = None,
    groups: GroupsOption = None,
    tags: TagsOption = None,
    cap: CapOption = None,
    fallback: FallbackOption = None,
    until: UntilOption = None,
    yes: applying.YesOption = False,
    max_removals: applying.MaxRemovalsOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan and apply the change of one code."""
    from wecrm.operations import singlecodes

    s = session(ctx)
    given = _given(ctx.params)
    if rename is not None:
        given["name"] = rename
    plan = singlecodes.change(s.work, name, given, codebook.now(s))
    return codebook.apply(s, plan, applying.Approval(yes, max_removals=max_removals, confirm=confirm))


def delete(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(help=_("Their names or ids."), metavar="NAME...")],
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan and apply deletions."""
    from wecrm.operations import singlecodes

    s = session(ctx)
    approval = applying.Approval(yes, max_changes, max_removals, confirm=confirm)
    return codebook.apply(s, singlecodes.delete(s.store, names), approval)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those fields of an entry that were given."""
    fields = {field: options[field] for field in ("channel", "remark", "cap", "until") if options[field] is not None}
    for field in ("members", "groups", "tags", "fallback"):
        if options[field] is not None:
            fields[field] = _split(options[field])
    if options["departments"] is not None:
        fields["departments"] = tuple(_number(text) for text in _split(options["departments"]))
    return fields


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("，", ",").split(",") if part.strip())


def _number(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(_("--departments takes ids, as 2,5, not {value}.", value=text))
    return int(text)
