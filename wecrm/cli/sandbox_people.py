"""`wecrm sandbox member|refuse`: what happens to members in the console, and what customers say to a transfer."""

from typing import Annotated

import typer

from wecrm.cli.command import command, session
from wecrm.cli.options import share
from wecrm.cli.root import duration
from wecrm.cli.sandbox_console import told
from wecrm.cli.sandbox_worlds import WorldOption, opened
from wecrm.errors import UsageError
from wecrm.i18n import _

DISABLED, ENABLED, QUIT = 2, 1, 5


def commands(app: typer.Typer) -> None:
    """Give `sandbox` its verbs for members and customers."""
    command(
        app,
        "member",
        _("Disable, delete or restore a member as the console does, or set what transfers ask of them."),
        (
            "wecrm sandbox member zhangwei --delete",
            "wecrm sandbox member zhangwei --restore",
            "wecrm sandbox member lina --disable --last-login 400d",
        ),
        _("A deleted member's customers and groups wait for somebody: see get_unassigned_list."),
    )(member)
    command(
        app,
        "refuse",
        _("Let a customer refuse to be transferred (暂不添加), or a part of them all."),
        (
            "wecrm sandbox refuse wmA…",
            "wecrm sandbox refuse wmA… --after 20h",
            "wecrm sandbox refuse --share 5%",
        ),
        _("A transfer that waits is refused at that time too; a share holds for transfers from now on."),
    )(refuse)


def member(
    ctx: typer.Context,
    userid: Annotated[str, typer.Argument(help=_("The member."))],
    disable: Annotated[bool, typer.Option("--disable", help=_("Block the member (禁用)."))] = False,
    enable: Annotated[bool, typer.Option("--enable", help=_("Make the member active again."))] = False,
    quit_: Annotated[bool, typer.Option("--quit", help=_("The member leaves on their own (退出企业)."))] = False,
    delete: Annotated[bool, typer.Option("--delete", help=_("Delete the member: they have left."))] = False,
    restore: Annotated[bool, typer.Option("--restore", help=_("Bring a deleted member back."))] = False,
    last_login: Annotated[str, typer.Option(help=_("How long ago they last logged in."), metavar="TIME")] = "",
    real_name: Annotated[bool | None, typer.Option(help=_("Whether they are real-name verified."))] = None,
    banned: Annotated[bool | None, typer.Option(help=_("Whether WeCom has banned them."))] = None,
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    chosen = [disable, enable, quit_, delete, restore].count(True)
    if chosen > 1 or not (chosen or last_login or real_name is not None or banned is not None):
        raise UsageError(_("Say one of --disable, --enable, --quit, --delete and --restore, or set something."))
    where = opened(s, world)
    seen = where.now() - duration("--last-login", last_login) if last_login else None
    status = DISABLED if disable else ENABLED if enable else QUIT if quit_ else None
    with told(), where.writing():
        if restore:
            control.restore_member(where, userid)
        control.set_member(where, userid, status=status, last_login=seen, real_name=real_name, banned=banned)
        if delete:
            control.delete_member(where, userid)
    s.say(_("Done."))


def refuse(
    ctx: typer.Context,
    external_userid: Annotated[str, typer.Argument(help=_("The customer."))] = "",
    after: Annotated[str, typer.Option(help=_("How long after the transfer began."), metavar="TIME")] = "1h",
    never: Annotated[bool, typer.Option("--never", help=_("The customer says nothing any more."))] = False,
    part: Annotated[str, typer.Option("--share", help=_("Which part of the customers refuses."), metavar="N%")] = "",
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    if bool(external_userid) == bool(part):
        raise UsageError(_("Name a customer, or --share."))
    where = opened(s, world)
    with told():
        if part:
            control.refusal_share(where, share("--share", part))
        else:
            seconds = duration("--after", after)
            control.customer_refuses(where, external_userid, refuses=not never, after_s=seconds)
    s.say(_("Done."))
