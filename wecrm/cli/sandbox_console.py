"""`wecrm sandbox range|trust|secret|edit|scan`: what others do in the console, in the client, with a phone."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session
from wecrm.cli.options import share
from wecrm.cli.root import duration
from wecrm.cli.sandbox_worlds import WorldOption, app, opened
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.sandbox.world import World

TagOption = list[str] | None


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What the world refuses becomes a mistake of the command line."""
    try:
        yield
    except ValueError as error:
        raise UsageError(_("The sandbox can't do that: {why}.", why=error)) from error


@command(
    app,
    "range",
    _("Set which departments an app may see (可见范围)."),
    ("wecrm sandbox range --secret contact --departments 1,2", "wecrm sandbox range --departments all"),
)
def range_(
    ctx: typer.Context,
    departments: Annotated[str, typer.Option(help=_("Their ids, with all below them; or all."), metavar="IDS|all")],
    kind: Annotated[
        str, typer.Option("--secret", help=_("Whose app: contact, second, system, directory …"), metavar="KIND")
    ] = "contact",
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    parts = [part.strip() for part in departments.split(",")]
    if departments != "all" and not all(part.isdecimal() for part in parts):
        raise UsageError(_("--departments takes ids like 1,2 or all, not {value}.", value=departments))
    with told():
        ids = None if departments == "all" else [int(part) for part in parts]
        control.set_visible_range(opened(s, world), kind, ids)
    s.say(_("The {kind} app sees {what}.", kind=kind, what=departments))


@command(
    app,
    "trust",
    _("Set which IPs WeCom trusts (企业可信IP); others get 60020."),
    ("wecrm sandbox trust 203.0.113.7", "wecrm sandbox trust all"),
)
def trust(
    ctx: typer.Context,
    ips: Annotated[list[str], typer.Argument(help=_("The IPs, or all."), metavar="IP...")],
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    control.set_trusted_ips(opened(s, world), None if ips == ["all"] else ips)
    s.say(_("Trusted: {ips}.", ips=", ".join(ips)))


@command(
    app,
    "secret",
    _("Do what an admin does to a secret: reset it, switch its app off, end its token."),
    (
        "wecrm sandbox secret contact --reset-to new-secret",
        "wecrm sandbox secret directory --disable",
        "wecrm sandbox secret contact --end-token",
    ),
)
def secret(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=_("contact, second, system, directory, archive or other."))],
    reset_to: Annotated[str, typer.Option(help=_("A new secret; the old one is wrong from now on."))] = "",
    disable: Annotated[bool, typer.Option("--disable", help=_("Switch the app off."))] = False,
    end_token: Annotated[bool, typer.Option("--end-token", help=_("End its token early."))] = False,
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    if (bool(reset_to), disable, end_token).count(True) != 1:
        raise UsageError(_("Say one of --reset-to, --disable and --end-token."))
    where = opened(s, world)
    with told():
        if reset_to:
            control.change_secret(where, kind, reset_to)
        elif disable:
            control.disable_secret(where, kind)
        else:
            control.end_tokens(where, kind)
    s.say(_("Done."))


@command(
    app,
    "edit",
    _("Change one relation as somebody else would, in the client or the console, past the API."),
    (
        "wecrm sandbox edit zhangwei wmA… --add VIP --remove 客户等级/一般",
        "wecrm sandbox edit zhangwei wmA… --remark 老客户",
        "wecrm sandbox edit zhangwei wmA… --delete-by customer",
    ),
    _("The next `wecrm sync` or apply meets what was changed here."),
)
def edit(
    ctx: typer.Context,
    userid: Annotated[str, typer.Argument(help=_("The member."))],
    external_userid: Annotated[str, typer.Argument(help=_("The customer."))],
    add: Annotated[TagOption, typer.Option("--add", help=_("Tag to put on: name, group/name or id."))] = None,
    remove: Annotated[TagOption, typer.Option("--remove", help=_("Tag to take off."))] = None,
    remark: Annotated[str | None, typer.Option(help=_("A new remark."))] = None,
    delete_by: Annotated[str, typer.Option(help=_("Who deletes whom: member or customer."))] = "",
    world: WorldOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    where = opened(s, world)
    if not (add or remove or delete_by) and remark is None:
        raise UsageError(_("Say what to change: --add, --remove, --remark or --delete-by."))
    with told(), where.writing():
        if add or remove:
            pair = [(userid, external_userid)]
            control.edit_tags(where, pair, _tag_ids(where, add or ()), _tag_ids(where, remove or ()))
        if remark is not None:
            control.set_remark(where, userid, external_userid, remark)
        if delete_by:
            control.delete_relation(where, userid, external_userid, delete_by)
    s.say(_("Done."))


def _tag_ids(world: "World", names: Sequence[str]) -> list[str]:
    sql = (
        "SELECT t.id FROM tag t JOIN tag_group g ON g.id = t.group_id"
        " WHERE NOT t.deleted AND NOT g.strategy AND ? IN (t.id, t.name, g.name || '/' || t.name)"
    )
    ids = []
    for name in names:
        found = world.db.connection.execute(sql, (name,)).fetchall()
        if len(found) != 1:
            raise ValueError(_("{n} tags are called {name}", n=len(found), name=name))
        ids.append(str(found[0][0]))
    return ids


@command(
    app,
    "scan",
    _("Let customers scan a live code (活码) or open a link: members get them, or groups."),
    (
        "wecrm sandbox scan spring-fair --count 200",
        "wecrm sandbox scan caExample01 --count 50 --channel feed-3 --over 2h",
    ),
    _("Shows who got how many. The next `wecrm sync` fetches them."),
)
def scan(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help=_("config_id, link_id, or a state that one code has."), metavar="CODE")],
    count: Annotated[int, typer.Option(help=_("How many customers."), min=1, metavar="N")] = 1,
    over: Annotated[str, typer.Option(help=_("They come within this time, which passes."), metavar="TIME")] = "0s",
    channel: Annotated[str, typer.Option(help=_("Channel in the address of a link (customer_channel)."))] = "",
    known: Annotated[str, typer.Option(help=_("Which part of them the corp knows already."), metavar="N%")] = "10%",
    world: WorldOption = None,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    where, over_s, part = opened(s, world), duration("--over", over), share("--known", known)
    with told():
        done = control.scan(where, code, count, over_s=over_s, channel=channel, known=part)
    kind, got = ("group", done.groups) if done.kind == "group" else ("member", done.members)
    lines: list[tuple[Cell, ...]] = [(kind, id_, got[id_]) for id_ in sorted(got, key=lambda id_: (-got[id_], id_))]
    columns = (Column("kind", _("Kind")), Column("id", _("Id")), Column("customers", _("Customers"), "int"))
    rows.show(s, Table("scan", columns, lines), rows.Rows(format, output))
    s.say(
        _(
            "{n} scans, {added} customers added, {known} of them known to the corp.",
            n=count,
            added=done.added,
            known=done.known,
        )
    )
    if done.failed:
        s.warn(_("{n} scans added nobody: {why}.", n=done.failed, why=done.why))
