"""`wecrm archive verify` and `wecrm archive accesses`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import ending, pages, rows
from wecrm.cli.archive import opening
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.operations.archive.verification import Outcome, Part, Wanted
    from wecrm.store.archive.verification import Finding


def commands(app: typer.Typer) -> None:
    """Put the verbs under `wecrm archive`."""
    command(
        app,
        "verify",
        _("Prove that nothing in the archive was changed, removed, added or put back."),
        (
            "wecrm archive verify",
            "wecrm archive verify --anchor /srv/anchor.jsonl --public-key anchor.pub",
            "wecrm archive verify --part auto --max-duration 10m --cron",
            "wecrm archive verify --part 3/7 --no-media",
        ),
        _(
            "Computes the hash chain anew beside every row, holds it against the anchor and the media files against "
            "their hashes. Without an anchor nobody sees that the whole file was exchanged. `--part auto` goes on "
            "where the last part stopped. Exit code: 9 when anything is wrong; each row says what."
        ),
        many=True,
    )(verify)
    command(
        app,
        "accesses",
        _("List who looked at messages: when, with which command, why, and how many."),
        ("wecrm archive accesses", "wecrm archive accesses --limit 20 -f json", "wecrm archive accesses -o log.csv"),
        _("Newest first. The list is part of what `wecrm archive verify` proves."),
    )(accesses)


def verify(
    ctx: typer.Context,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", help=_("A file that anchors were written to; else the profile's."), metavar="FILE"),
    ] = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option("--public-key", help=_("Ed25519 public key (PEM) of signed anchors."), metavar="FILE"),
    ] = None,
    part: Annotated[
        str, typer.Option("--part", help=_("auto, or N/M: one part, the rest another night."), metavar="PART")
    ] = "",
    max_duration: Annotated[
        str, typer.Option("--max-duration", help=_("How long a part of `auto` may take."), metavar="TIME")
    ] = "10m",
    no_media: Annotated[bool, typer.Option("--no-media", help=_("Leave the media files unread."))] = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    from wecrm.operations.archive import verification

    s = session(ctx)
    keys = [_key(path) for path in public_key or ()] or _own_key(s)
    file = anchor or opening.anchors(s).file
    folder = None if no_media else opening.media_folder(s)
    wanted = verification.Wanted(
        s.profile.corp_id, file, keys, folder, _part(part, max_duration), not s.options.dry_run
    )
    outcome = verification.Outcome()
    first: list[Finding] = []
    found = verification.verify(opening.archive(s, as_it_is=True), wanted, s.run, outcome)
    _show(s, _kept(found, first), rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))
    for _finding in _kept(found, first):
        pass  # what --limit left out counts, too
    return _ended(s, wanted, outcome, first)


def _show(s: Session, found: "Iterator[Finding]", wanted: rows.Rows) -> None:
    """The findings as they come; a person who has nothing to read sees no empty table, a cron job none in its mail."""
    asked = wanted.columns or wanted.format or wanted.output
    if not asked and (s.options.cron or pages.for_person(s, wanted)):
        head = next(found, None)
        if head is None:
            return
        found = _with(head, found)
    rows.show(s, _table(found), wanted)


def _with(head: "Finding", rest: "Iterator[Finding]") -> "Iterator[Finding]":
    yield head
    yield from rest


def _kept(found: "Iterator[Finding]", first: "list[Finding]") -> "Iterator[Finding]":
    for finding in found:
        if not first:
            first.append(finding)
        yield finding


def _table(found: "Iterator[Finding]") -> Table:
    said = _meanings()
    cells: Iterator[tuple[Cell, ...]] = (
        (each.kind, each.table, each.id, each.msgid, each.link, f"{said[each.kind]} {each.detail}".strip())
        for each in found
    )
    columns = (
        Column("finding", _("Finding")),
        Column("table", _("Table")),
        Column("id", _("Row"), "int"),
        Column("msgid", _("Message"), "id"),
        Column("link", _("Link"), "int"),
        Column("detail", _("Detail")),
    )
    return Table("verify", columns, cells)


def _meanings() -> dict[str, str]:
    return {
        "changed": _("The row is not what was stored."),
        "removed": _("The row was removed."),
        "extra": _("The row was not stored by wecrm."),
        "link": _("The chain was changed here."),
        "guard": _("The table can be changed, or was made anew."),
        "anchor": _("The archive is not the one that was anchored."),
        "cut": _("The archive was cut off, or an old one put back."),
        "unanchored": _("Rows are newer than the anchor."),
        "unreadable": _("The anchor was changed."),
        "signature": _("The anchor's signature is missing or wrong."),
        "media_missing": _("The media file can't be read."),
        "media_changed": _("The media file is not what was stored."),
        "media_extra": _("A file that no message carries."),
    }


def _ended(s: Session, wanted: "Wanted", outcome: "Outcome", first: "list[Finding]") -> int:
    """Say what was looked at; 9 when anything was found."""
    looked_at = _(
        "{n:,} of {total:,} links, {files:,} media files.", n=outcome.links, total=outcome.total, files=outcome.media
    )
    s.say(looked_at)
    for sentence in _told(s, wanted, outcome):
        s.say(sentence)
    if not wanted.noted:
        s.warn(_("Dry run: how far it came was not noted."))
    code, reason = Exit.ok, ""
    if first:
        code = Exit.integrity
        reason = _("{n} findings, the first: {what}", n=outcome.found, what=_meanings()[first[0].kind])
    ending.summary(s, "archive verify", reason or looked_at, code)
    return exit_code(code, reason)


def _told(s: Session, wanted: "Wanted", outcome: "Outcome") -> Iterator[str]:
    from wecrm.store.archive.passes import passed

    if wanted.anchor is None:
        yield _("Without an anchor nobody sees that the whole file was exchanged (archive.anchor, --anchor).")
    else:
        at = _moment(s, outcome.newest_line_at)
        yield _("Anchor: {n:,} lines, the newest that fits of {at}.", n=outcome.lines, at=at)
    if outcome.unsigned:
        yield _("Lines of the anchor from before it was signed: {n}", n=outcome.unsigned)
    if outcome.unvouched:
        yield _("A pull is under way; newer than the anchor: {n} links", n=outcome.unvouched)
    last = passed(opening.archive(s, as_it_is=True))
    if wanted.part and not outcome.whole:
        at = _moment(s, last.ended_at) if last else _("never")
        if last and not last.media:
            at = _("{at}, without media files", at=at)
        yield _("A part. Everything was last verified: {at}", at=at)


def _moment(s: Session, at: int) -> str:
    from wecrm.files.tables import moment

    when = moment(at, s.tz) if at else None
    return f"{when:%Y-%m-%d %H:%M}" if when else "-"


def _part(text: str, max_duration: str) -> "Part | None":
    from wecrm.operations.archive.verification import Part

    if not text:
        return None
    if text == "auto":
        return Part(seconds=duration("--max-duration", max_duration))
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(_("--part is auto or N/M like 3/7, not {value}.", value=text))
    return Part(int(match[1]), int(match[2]))


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(_("The file {path} can't be read.", path=path), str(error.strerror)) from error


def _own_key(s: Session) -> list[bytes]:
    """The public half of the key that the profile signs with."""
    from wecrm.operations.archive import anchors

    pem = opening.anchors(s).key
    return [anchors.public_pem(pem)] if pem else []


def accesses(
    ctx: typer.Context,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store.archive import access

    s = session(ctx)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show(s, access.listed(opening.archive(s)), wanted)
