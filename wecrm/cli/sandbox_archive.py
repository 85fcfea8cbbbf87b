"""`wecrm sandbox archive`: what people say in the sandbox, and what its admin does to the session archive."""

from collections.abc import Callable
from typing import Annotated

import typer

from wecrm.cli.command import command, group, session
from wecrm.cli.sandbox_console import told
from wecrm.cli.sandbox_worlds import WorldOption, opened
from wecrm.errors import UsageError
from wecrm.i18n import _


def commands(app: typer.Typer) -> None:
    """Give `sandbox` its verbs for the archive."""
    own = group(_("What people say, and the session archive (会话内容存档)."))
    app.add_typer(own, name="archive")
    command(
        own,
        "messages",
        _("Let people have written many messages, of all types, spread over the last days."),
        ("wecrm sandbox archive messages 100000", "wecrm sandbox archive messages 5000 --days 1"),
        _("They are drawn from the world's seed and take no room. WeCom keeps them for 5 days."),
    )(messages)
    command(
        own,
        "say",
        _("Let somebody write to somebody, or into a group, now."),
        (
            "wecrm sandbox archive say wmA… zhangwei '我要退款'",
            "wecrm sandbox archive say zhangwei wrA… 'hello' --recall",
        ),
    )(say)
    command(
        own,
        "key",
        _("Upload a new public key, remove it, or lose and find the private key of a version."),
        (
            "wecrm sandbox archive key rotate",
            "wecrm sandbox archive key withhold 1",
            "wecrm sandbox archive key give 1",
            "wecrm sandbox archive key remove",
        ),
        _("Without a public key WeCom archives nothing and answers as if nothing were said."),
    )(key)
    command(
        own,
        "seats",
        _("Take members' seats in the archive away, or give them back; of all members unless some are named."),
        ("wecrm sandbox archive seats drop zhangwei", "wecrm sandbox archive seats restore"),
    )(seats)
    command(
        own,
        "consent",
        _("Let a customer agree to being archived with a member, or object."),
        ("wecrm sandbox archive consent zhangwei wmA… disagree",),
    )(consent)
    command(
        own,
        "trust",
        _("Set the archive's own list of trusted IPs; others get 301042."),
        ("wecrm sandbox archive trust 203.0.113.7", "wecrm sandbox archive trust all"),
    )(trust)
    for state, summary in (
        ("on", _("Switch the archive on again; what was said meanwhile is lost.")),
        ("off", _("Switch the archive off: calls get 301053, and nothing is archived.")),
        ("expired", _("Let the archive's paid period end: calls get 301052, and nothing is archived.")),
    ):
        command(own, state, summary, (f"wecrm sandbox archive {state}",))(_service(state))


def messages(
    ctx: typer.Context,
    count: Annotated[int, typer.Argument(help=_("How many."), min=1)],
    days: Annotated[float, typer.Option(help=_("Over how many days."), min=0.01)] = 4,
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    with told():
        n = control.archive_messages(opened(s, world), count, days=days)
    s.say(_("{n} messages were archived.", n=n))


def say(
    ctx: typer.Context,
    sender: Annotated[str, typer.Argument(help=_("Who writes: a userid or an external_userid."), metavar="FROM")],
    to: Annotated[str, typer.Argument(help=_("To whom: the same, or a chat_id."), metavar="TO")],
    text: Annotated[str, typer.Argument(help=_("What."))],
    recall: Annotated[bool, typer.Option("--recall", help=_("Take it back at once."))] = False,
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    where = opened(s, world)
    with told(), where.writing():
        seq = control.archive_say(where, sender, to, text)
        if recall:
            control.archive_say(where, sender, to, recalls=control.archive_msgid(where, seq))
    s.say(_("It was archived as {seq}.", seq=seq))


def key(
    ctx: typer.Context,
    action: Annotated[str, typer.Argument(help=_("rotate, remove, withhold or give."), metavar="ACTION")],
    version: Annotated[int | None, typer.Argument(help=_("Which version, to withhold or give."), min=1)] = None,
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    where = opened(s, world)
    if action not in ("rotate", "remove", "withhold", "give") or (action in ("withhold", "give")) == (version is None):
        raise UsageError(_("Say rotate, remove, or withhold or give with a version."))
    with told():
        if action == "rotate":
            s.say(_("Version {n} seals what is said from now on.", n=control.archive_rotate_key(where)))
            return
        if version is None:
            control.archive_remove_key(where)
        else:
            control.archive_withhold_key(where, version, withheld=action == "withhold")
    s.say(_("Done."))


def seats(
    ctx: typer.Context,
    action: Annotated[str, typer.Argument(help=_("drop or restore."), metavar="ACTION")],
    userids: Annotated[list[str] | None, typer.Argument(help=_("The members."), metavar="[USERID]...")] = None,
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    where = opened(s, world)
    if action not in ("drop", "restore"):
        raise UsageError(_("Say drop or restore."))
    with told():
        (control.archive_drop_seats if action == "drop" else control.archive_restore_seats)(where, userids or None)
    s.say(_("Done."))


def consent(
    ctx: typer.Context,
    userid: Annotated[str, typer.Argument(help=_("The member."))],
    external_userid: Annotated[str, typer.Argument(help=_("The customer."))],
    answer: Annotated[str, typer.Argument(help=_("agree or disagree."))],
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    with told():
        control.archive_consent(opened(s, world), userid, external_userid, answer)
    s.say(_("Done."))


def trust(
    ctx: typer.Context,
    ips: Annotated[list[str], typer.Argument(help=_("The IPs, or all."), metavar="IP...")],
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    control.archive_trust(opened(s, world), None if ips == ["all"] else ips)
    s.say(_("Trusted: {ips}.", ips=", ".join(ips)))


def _service(state: str) -> Callable[..., None]:
    def service(ctx: typer.Context, world: WorldOption = None) -> None:
        from wecrm.sandbox import control

        s = session(ctx)
        control.archive_state(opened(s, world), state)
        s.say(_("Done."))

    return service
