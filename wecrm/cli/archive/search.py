"""`wecrm archive search`: messages in which a text stands, with what was said around them."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import pages, rows
from wecrm.cli.archive import filters, opening
from wecrm.cli.command import command, session
from wecrm.cli.session import Session
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.store.archive.conversations import Said
    from wecrm.store.database import Store

_CHUNK = 500
"""Messages whose senders' names are looked up together."""


def commands(app: typer.Typer) -> None:
    """Put the verb under `wecrm archive`."""
    command(
        app,
        "search",
        _("Find messages by any piece of their text, in any script, one character included."),
        (
            "wecrm archive search 退款",
            'wecrm archive search "refund 发票" --context 3 --reason "claim 4711"',
            "wecrm archive search 价格 --tag VIP --member zhangsan --since 2026-10",
            "wecrm archive search 合同 --limit 10000 -o found.xlsx",
        ),
        _(
            "Every word must stand in the message; width and case do not count. What was archived last comes first. "
            "Names of files, titles and forwarded chats are searched too. Each search is kept in the access log."
        ),
    )(search)


def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help=_("What to look for."), metavar="TEXT")],
    from_: filters.FromOption = "",
    to: filters.ToOption = "",
    member: filters.MemberOption = "",
    contact: filters.ContactOption = "",
    group: filters.GroupOption = "",
    tag: filters.TagOption = "",
    type_: filters.TypeOption = "",
    since: filters.SinceOption = "",
    until: filters.UntilOption = "",
    context: Annotated[
        int, typer.Option("--context", help=_("So many messages before and after each."), min=0, max=1000, metavar="N")
    ] = 0,
    reason: filters.ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = 50,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store.archive import search as store
    from wecrm.store.archive.filters import Filter

    s = session(ctx)
    archive = opening.archive(s)
    wanted = Filter(from_, to, member, contact, group, tag, type_, since, until)
    shown = rows.Rows(format, output, columns, csv_safe=csv_safe, headers=headers)
    if columns.strip() == "?":
        rows.show(s, Table("search", _columns(), ()), shown)
        return
    with filters.narrowed(s, archive, wanted) as narrowed:
        found = store.hits(archive, text, narrowed, limit=limit)
        blocks = _blocks(archive, found, context)
        lines = len(found)
        if context:
            blocks = list(blocks)
            lines = sum(map(len, blocks))
        filter_ = f"{text} {wanted}".strip()
        opening.accessed(s, archive, "archive search", reason=reason, filter=filter_, rows=lines)
        _show(s, archive, found, blocks, text, shown)


def _blocks(archive: "Store", found: list[int], context: int) -> "Iterable[list[Said]]":
    """Each message found, with those around it."""
    from wecrm.store.archive import conversations

    for record in found:
        block = list(conversations.said(archive, ("r.id = ?", (record,))))
        yield conversations.around(archive, block[0].conversation, record, context) if context else block


def _show(
    s: Session,
    archive: "Store",
    found: list[int],
    blocks: "Iterable[list[Said]]",
    text: str,
    wanted: rows.Rows,
) -> None:
    if pages.for_person(s, wanted) and not wanted.columns:
        from wecrm.cli.archive.found import draw

        draw(s, archive, zip(found, blocks, strict=True), text)
        if not found:
            s.say(_("Nothing was found."))
        return
    rows.show(s, Table("search", _columns(), _rows(archive, found, blocks)), wanted)


def _columns() -> tuple[Column, ...]:
    return (
        Column("at", _("At"), "time"),
        Column("conversation", _("Conversation"), "int"),
        Column("from", _("From"), "id"),
        Column("from_name", _("Name")),
        Column("type", _("Type")),
        Column("text", _("Text")),
        Column("hit", _("Hit"), "bool"),
        Column("revoked", _("Revoked"), "bool"),
        Column("msgid", _("Message"), "id"),
        Column("id", _("Row"), "int"),
    )


def _rows(archive: "Store", found: list[int], blocks: "Iterable[list[Said]]") -> Iterator[tuple[Cell, ...]]:
    from wecrm.models.message import parse, searchable, summary
    from wecrm.store.archive import people

    hits = iter(found)
    names: dict[str, str] = {}
    for block in blocks:
        hit = next(hits)
        for each in block:
            message = parse(each.raw)
            if message.sender not in names:
                names.update(people.names(archive, [message.sender]) or {message.sender: ""})
            yield (
                *(each.msgtime / 1000 if each.msgtime else None, each.conversation),
                *(message.sender, names[message.sender], message.msgtype),
                *(searchable(message) or summary(message), each.id == hit),
                *(each.revoked_at is not None, each.msgid, each.id),
            )
