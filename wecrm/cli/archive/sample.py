"""`wecrm archive sample`: a random sample per member, for people who inspect the quality of service."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.archive import filters, opening
from wecrm.cli.command import command, session
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.store.archive.filters import Narrowed
    from wecrm.store.database import Store

Drawn = list[tuple[str, int]]


def commands(app: typer.Typer) -> None:
    """Put the verb under `wecrm archive`."""
    command(
        app,
        "sample",
        _("Draw a random sample of conversations (or messages) of every member, for inspection."),
        (
            "wecrm archive sample --per-member 3 --since '7d ago' --reason weekly",
            "wecrm archive sample --since 2026-10 --seed october -o october.xlsx",
            "wecrm archive sample --messages --per-member 20 --type text --tag VIP",
        ),
        _(
            "The same seed draws the same sample from the same archive; without --seed it is the day. "
            "`wecrm archive show NUMBER` shows a conversation. The access log keeps what was drawn."
        ),
    )(sample)


def sample(
    ctx: typer.Context,
    per_member: Annotated[
        int, typer.Option("--per-member", help=_("So many of each member."), min=1, max=10_000, metavar="N")
    ] = 3,
    seed: Annotated[str, typer.Option("--seed", help=_("Any word; the same one draws the same."), metavar="TEXT")] = "",
    messages: Annotated[bool, typer.Option("--messages", help=_("Messages of the member, one by one."))] = False,
    from_: filters.FromOption = "",
    to: filters.ToOption = "",
    member: filters.MemberOption = "",
    contact: filters.ContactOption = "",
    group: filters.GroupOption = "",
    tag: filters.TagOption = "",
    type_: filters.TypeOption = "",
    since: filters.SinceOption = "",
    until: filters.UntilOption = "",
    reason: filters.ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from datetime import datetime

    from wecrm.operations.archive import sampling
    from wecrm.store.archive.filters import Filter

    s = session(ctx)
    wanted = rows.Rows(format, output, columns, csv_safe=csv_safe, headers=headers)
    own = _message_columns() if messages else _conversation_columns()
    if columns.strip() == "?":
        rows.show(s, Table("sample", own, ()), wanted)
        return
    archive = opening.archive(s)
    asked = Filter(from_, to, member, contact, group, tag, type_, since, until)
    seed = seed or datetime.fromtimestamp(s.clock.now(), s.tz).strftime("%Y-%m-%d")
    with filters.narrowed(s, archive, asked) as narrowed:
        of: sampling.Of = "messages" if messages else "conversations"
        drawn = sampling.draw(archive, narrowed, of=of, per_member=per_member, seed=seed)[:limit]
        told = f"--per-member {per_member} --seed {seed} {asked}".strip()
        opening.accessed(s, archive, f"archive sample ({of})", reason=reason, filter=told, rows=len(drawn))
        s.say(_("Drawn with --seed {seed}.", seed=seed))
        lines = _messages(archive, drawn) if messages else _conversations(archive, narrowed, drawn)
        rows.show(s, Table("sample", own, lines), wanted)


def _conversation_columns() -> tuple[Column, ...]:
    return (
        Column("member", _("Member"), "id"),
        Column("member_name", _("Name")),
        Column("conversation", _("Conversation"), "int"),
        Column("with", _("With"), "list"),
        Column("messages", _("Messages"), "int"),
        Column("by_members", _("By members"), "int"),
        Column("last_at", _("Last"), "time"),
    )


def _conversations(archive: "Store", narrowed: "Narrowed", drawn: Drawn) -> Iterator[tuple[Cell, ...]]:
    from wecrm.store.archive import conversations, people, samples

    for member, conversation in drawn:
        found = samples.span(archive, narrowed, conversation)
        group = found.kind == "group"
        persons = [found.key] if group else [person for person, _side in conversations.people(archive, conversation)]
        names = people.names(archive, [member, *persons])
        others = tuple(names.get(person, person) for person in persons if person != member)
        yield (
            *(member, names.get(member, ""), conversation, others),
            *(found.messages, found.by_members, found.last / 1000 or None),
        )


def _message_columns() -> tuple[Column, ...]:
    return (
        Column("member", _("Member"), "id"),
        Column("member_name", _("Name")),
        Column("at", _("At"), "time"),
        Column("conversation", _("Conversation"), "int"),
        Column("type", _("Type")),
        Column("text", _("Text")),
        Column("revoked", _("Revoked"), "bool"),
        Column("msgid", _("Message"), "id"),
    )


def _messages(archive: "Store", drawn: Drawn) -> Iterator[tuple[Cell, ...]]:
    from wecrm.models.message import parse, searchable, summary
    from wecrm.store.archive import conversations, people

    for member, record in drawn:
        for said in conversations.said(archive, ("r.id = ?", (record,))):
            message = parse(said.raw)
            yield (
                *(member, people.names(archive, [member]).get(member, "")),
                *(said.msgtime / 1000 or None, said.conversation, message.msgtype),
                *(searchable(message) or summary(message), said.revoked_at is not None, said.msgid),
            )
