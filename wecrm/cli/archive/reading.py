"""`wecrm archive list` and `show`: which conversations there are, and one of them as people read a chat."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import pages, rows
from wecrm.cli.archive import filters, opening
from wecrm.cli.command import command, session
from wecrm.cli.session import Session
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.models.table import Table
    from wecrm.store.archive.conversations import Place, Said, Where
    from wecrm.store.columns import View
    from wecrm.store.database import Store

SHOWN = 100
"""Messages that `show` shows unasked."""


def commands(app: typer.Typer) -> None:
    """Put the verbs under `wecrm archive`."""
    command(
        app,
        "list",
        _("List archived conversations, the newest first."),
        (
            "wecrm archive list",
            "wecrm archive list --member zhangsan --since 2026-10-01",
            "wecrm archive list --tag VIP --type file -o conversations.csv",
            "wecrm archive list --where \"kind = 'group' and messages > 100\"",
        ),
        _(
            "Options like --since and --type choose conversations with a message that meets them. Names come from "
            "the cache (`wecrm sync`)."
        ),
    )(list_)
    command(
        app,
        "show",
        _("Show a conversation as a chat: the newest messages, or those around one message."),
        (
            "wecrm archive show 17 --reason 'complaint 2026-114'",
            "wecrm archive show wrOgQhDgAAcwMTB7YmDkbeBsAAAA --limit 500",
            "wecrm archive show 1122334455667788990_1790000000123_external",
            "wecrm archive show 17 --since 2026-11-01 -o chat.csv",
        ),
        _(
            "Names a conversation by its number, the id of its group or the two ids of a single chat; or a message by "
            "its msgid. On a terminal members stand on the right; a pipe and a file get rows. What was taken back "
            "stays, with a mark. The access log keeps who looked."
        ),
    )(show)


def list_(
    ctx: typer.Context,
    from_: filters.FromOption = "",
    to: filters.ToOption = "",
    member: filters.MemberOption = "",
    contact: filters.ContactOption = "",
    group: filters.GroupOption = "",
    tag: filters.TagOption = "",
    type: filters.TypeOption = "",
    since: filters.SinceOption = "",
    until: filters.UntilOption = "",
    reason: filters.ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store.archive.archive_views import CONVERSATIONS, viewed
    from wecrm.store.archive.filters import Filter

    s = session(ctx)
    asked = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    if rows.explained(s, CONVERSATIONS, asked):
        return
    wanted = Filter(from_, to, member, contact, group, tag, type, since, until)
    archive = opening.archive(s)
    with filters.narrowed(s, archive, wanted) as found, viewed(archive), rows.opened(s, asked) as (out, file):
        table = _read(s, archive, CONVERSATIONS, asked, found.on_conversations("v.id"))
        listed = list(table.rows)
        _noted(s, archive, "archive list", reason, f"{wanted} {where}", len(listed))
        rows.put(s, replace(table, rows=listed), out, file)


def show(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(help=_("A conversation or a message; `wecrm archive list`."), metavar="CONVERSATION|MSGID")
    ],
    from_: filters.FromOption = "",
    type: filters.TypeOption = "",
    since: filters.SinceOption = "",
    until: filters.UntilOption = "",
    reason: filters.ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            help=_("The newest so many messages; 100 on a terminal."),
            min=0,
            max=rows.LIMIT_MAX,
            metavar="N",
        ),
    ] = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store.archive import conversations
    from wecrm.store.archive.archive_views import MESSAGES
    from wecrm.store.archive.filters import Filter

    s = session(ctx)
    asked = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    if rows.explained(s, MESSAGES, asked):
        return
    wanted = Filter(from_=from_, type=type, since=since, until=until)
    archive = opening.archive(s)
    place = conversations.find(archive, what)
    with filters.narrowed(s, archive, wanted) as found:
        within = conversations.inside(found.on_records(), place.conversation.id)
        if pages.for_person(s, asked) and not (columns or where or sort):
            _chat(s, archive, place, within, asked, (f"{what} {wanted}", reason))
        else:
            _rows(s, archive, place, within, asked, (f"{what} {wanted} {where}", reason))


def _chat(
    s: Session, archive: "Store", place: "Place", within: "Where", asked: rows.Rows, why: tuple[str, str]
) -> None:
    """Draw the newest messages of a conversation, or those around one of them."""
    from wecrm.cli.archive.chat import Chat, draw, screen
    from wecrm.store.archive import conversations, people

    many = SHOWN if asked.limit is None else asked.limit
    if place.record is not None:
        found = conversations.around(archive, place.conversation.id, place.record, many // 2)
    else:
        found = list(conversations.said(archive, within, last=many))
    _noted(s, archive, "archive show", why[1], why[0], len(found))
    persons = conversations.people(archive, place.conversation.id)
    group = place.conversation.kind == "group"
    title = [place.conversation.key] if group else [person for person, _side in persons]
    speakers = people.speakers(archive, persons, *title)
    with rows.opened(s, asked) as (out, file):
        told = Chat(place, title, speakers, _places(s, archive, found), s.tz)
        with screen(out, s.stdout, file) as console:
            draw(console, told, found)
    left = place.conversation.messages - len(found)
    if left > 0 and place.record is None:
        s.say(
            _("{n:,} of {all:,} messages; `--limit` and `--since` choose others.", n=len(found), all=len(found) + left)
        )


def _places(s: Session, archive: "Store", found: "list[Said]") -> dict[str, str]:
    """What to say of each media file, by its sdkfileid: its path, or why there is none."""
    from wecrm.store.archive.mediafiles import MediaFiles

    files = MediaFiles(opening.media_folder(s), archive.key)
    told: dict[str, str] = {}
    for kept in (kept for one in found for kept in one.files):
        if not kept.path:
            told[kept.sdkfileid] = _why_not(kept.state)
        else:
            told[kept.sdkfileid] = (
                _("(encrypted; `wecrm archive media save` or `archive export` gives it)")
                if files.encrypted
                else f"→ {files.place(kept.path)}"
            )
    return told


def _why_not(state: str) -> str:
    """Why a file is not there, for a person."""
    match state:
        case "failed":
            return _("(could not be fetched)")
        case "expired":
            return _("(WeCom keeps it no longer)")
        case "skipped":
            return _("(left out by the settings)")
    return _("(not fetched yet)")


def _rows(
    s: Session, archive: "Store", place: "Place", within: "Where", asked: rows.Rows, why: tuple[str, str]
) -> None:
    """The messages as rows; with `--limit` the newest ones, oldest first."""
    from wecrm.store.archive import conversations
    from wecrm.store.archive.archive_views import MESSAGES, viewed

    if place.record is not None:
        within = ("r.id = ?", (place.record,))
    with viewed(archive), rows.opened(s, asked) as (out, file):
        inside = conversations.among(within, asked.limit)
        known = conversations.count(archive, within)
        _noted(s, archive, "archive show", why[1], why[0], known if asked.limit is None else min(known, asked.limit))
        rows.put(s, _read(s, archive, MESSAGES, replace(asked, limit=None), inside), out, file)


def _read(s: Session, archive: "Store", view: "View", asked: rows.Rows, inside: "Where") -> "Table":
    from wecrm.store import selection

    return selection.table(archive, view, asked.query(), now=s.clock.now(), tz=s.tz, base_where=inside)


def _noted(s: Session, archive: "Store", verb: str, reason: str, asked: str, count: int) -> None:
    opening.accessed(s, archive, verb, reason=reason, filter=" ".join(asked.split()), rows=count)
