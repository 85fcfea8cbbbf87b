"""`wecrm archive media`: the files that messages carry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from wecrm.cli import ending, rows
from wecrm.cli.archive import opening
from wecrm.cli.archive.filters import ReasonOption
from wecrm.cli.command import command, group, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import UsageError, most_severe
from wecrm.i18n import _
from wecrm.models.table import Column, Table

if TYPE_CHECKING:
    from wecrm.operations.archive.media import Settings
    from wecrm.store.archive.media import Listed, State

StateOption = Annotated[
    str,
    typer.Option(
        "--state", help=_("Only these, separated by commas: wanted part done failed expired skipped."), metavar="STATES"
    ),
]
IdsArgument = Annotated[list[int] | None, typer.Argument(help=_("Numbers of files, as listed."), metavar="ID")]


def commands(app: typer.Typer) -> None:
    """Put the verbs under `wecrm archive media`."""
    own = group(_("Media files of messages, fetched every night."))
    command(
        own,
        "list",
        _("List media files: what is there, what is wanted until when, what failed and why."),
        (
            "wecrm archive media list --state failed,expired",
            "wecrm archive media list --type image --limit 20",
            "wecrm archive media list -o media.csv --reason 'case 2026-17'",
        ),
        _("Newest first. Names of files are senders' words, so that each list is in the access log."),
    )(list_)
    command(
        own,
        "fetch",
        _("Fetch the media files that are wanted; `wecrm archive pull` does so every night."),
        ("wecrm archive media fetch", "wecrm archive media fetch --cron --max-runtime 90m"),
        _(
            "Oldest first; what was begun goes on where it stopped. Exit code: 3 when files failed or are gone at "
            "WeCom, 5 when the network kept them back."
        ),
        many=True,
    )(fetch)
    command(
        own,
        "retry",
        _("Want files again that failed, expired or were left out; the next run fetches them."),
        ("wecrm archive media retry", "wecrm archive media retry 17 18", "wecrm archive media retry --state skipped"),
        _("Without numbers all that failed. Files that are asked for are fetched whatever media.types and max_mb say."),
    )(retry)
    command(
        own,
        "save",
        _("Save a copy of one file outside the archive; also of an encrypted one."),
        ("wecrm archive media save 17 -o contract.pdf --reason 'case 2026-17'",),
        _("It is checked against its hash on the way. The access log keeps who took it."),
    )(save)
    app.add_typer(own, name="media")


def list_(
    ctx: typer.Context,
    state: StateOption = "",
    type: Annotated[
        str,
        typer.Option("--type", help=_("Only these, separated by commas: image voice video file …"), metavar="TYPES"),
    ] = "",
    reason: ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store.archive import media

    s = session(ctx)
    store = opening.archive(s)
    kinds = _words(type)
    found = [] if columns.strip() == "?" else media.listed(store, _states(state), kinds, limit)
    if found:
        asked = " ".join(f"--{name} {value}" for name, value in (("state", state), ("type", type)) if value)
        opening.accessed(s, store, "archive media list", reason=reason, filter=asked, rows=len(found))
    rows.show(s, _table(found), rows.Rows(format, output, columns, csv_safe=csv_safe, headers=headers))


def fetch(ctx: typer.Context) -> int:
    from wecrm.operations.archive import media

    s = session(ctx)
    if s.options.dry_run:
        s.warn(_("Would fetch the media files that are wanted. That writes only the local archive."))
        return 0
    store = opening.archive(s)
    began = s.clock.now()
    with opening.locked(s):
        try:
            counts = media.drain(opening.source(s), store, opening.media_folder(s), settings(s), s.run)
        finally:
            opening.anchored(s, store)
    wrong = media.wrong(counts)
    code = most_severe([code for code, _sentence in wrong])
    line = media.told(counts)
    s.say(line)
    ending.finished(s, "archive media", line, s.clock.now() - began, code)
    return exit_code(code, " ".join(sentence for _code, sentence in wrong), media.mended_by(code))


def retry(ctx: typer.Context, ids: IdsArgument = None, state: StateOption = "failed") -> None:
    from wecrm.store.archive import media

    s = session(ctx)
    states = _states(state)
    if set(states) & {"wanted", "part", "done"} or not states:
        raise UsageError(_("Only failed, expired or skipped files can be wanted again."))
    if s.options.dry_run:
        s.warn(_("Dry run: nothing was changed."))
        return
    with opening.locked(s):
        n = media.want_again(opening.archive(s), ids or [], ("failed", "expired", "skipped") if ids else states)
    s.say(_("{n:,} files are wanted again; `wecrm archive media fetch` or the next pull fetches them.", n=n))


def save(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(help=_("The number of the file, as listed."), metavar="ID")],
    output: Annotated[Path, typer.Option("--output", "-o", help=_("Where to write it."), metavar="FILE")],
    reason: ReasonOption = "",
) -> None:
    from wecrm.files.atomic import replacing
    from wecrm.store.archive import media
    from wecrm.store.archive.mediafiles import MediaFiles

    s = session(ctx)
    store = opening.archive(s)
    name = media.name_of(store, id)
    if name is None:
        raise UsageError(
            _("There is no fetched media file {id}.", id=id),
            "",
            _("`wecrm archive media list --state done` lists them."),
        )
    opening.accessed(s, store, "archive media save", reason=reason, filter=str(id), rows=1)
    with replacing(output) as stream:
        for piece in MediaFiles(opening.media_folder(s), store.key).checked(name):
            stream.write(piece)
    s.say(_("Written: {path}", path=output))


def settings(s: Session) -> "Settings":
    """Which media files the profile wants."""
    from wecrm.operations.archive.media import Settings

    own = s.profile.archive.media
    return Settings(own.types, None if own.max_mb is None else int(own.max_mb * 1_000_000))


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _states(text: str) -> "list[State]":
    from wecrm.store.archive.media import STATES

    for word in _words(text):
        if word not in STATES:
            raise UsageError(
                _("There is no state {word}.", word=word), "", _("Known: {names}.", names=", ".join(STATES))
            )
    return cast("list[State]", _words(text))


def _table(found: "list[Listed]") -> Table:
    from wecrm.operations.archive.media import reason

    columns = (
        Column("id", _("Number"), "int"),
        Column("state", _("State")),
        Column("type", _("Type")),
        Column("name", _("Name")),
        Column("size", _("Size"), "int", "bytes"),
        Column("sent_at", _("Sent"), "time"),
        Column("lost_at", _("Lost after"), "time"),
        Column("attempts", _("Attempts"), "int"),
        Column("code", _("Code"), "int"),
        Column("reason", _("Reason")),
        Column("path", _("File")),
        Column("sha256", "SHA-256", "id"),
        Column("msgid", _("Message"), "id"),
    )
    lines = [
        (
            *(each.id, each.state, each.kind, each.name, each.size, each.sent_at, each.lost_at, each.attempts),
            *(each.code, reason(each.state, each.code), each.path, each.sha256, each.msgid),
        )
        for each in found
    ]
    return Table("media", columns, lines)
