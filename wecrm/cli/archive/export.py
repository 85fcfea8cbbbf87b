"""`wecrm archive export`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli.archive import filters, opening
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.operations.archive.export import Plan
    from wecrm.operations.archive.exportentries import Copies


def commands(app: typer.Typer) -> None:
    """Put the verb under `wecrm archive`."""
    command(
        app,
        "export",
        _("Write conversations into a folder: pages to read and print, or rows; with their media files."),
        (
            "wecrm archive export -o case-114 --contact 王伟 --reason 'complaint 114'",
            "wecrm archive export -o zhangsan --by contact --member zhangsan",
            "wecrm archive export -o october --by group --since 2026-10 --until 2026-10",
            "wecrm archive export -o leavers --by case",
            "wecrm archive export -o data --format jsonl --type text",
        ),
        _(
            "The folder must be new or empty. A page runs nothing and fetches nothing: small pictures are inside it, "
            "other files beside it. By member, contact or case there is a folder for each. Everything is readable by "
            "you alone, and decrypted. Exit code 9 when a media file was missing or damaged."
        ),
    )(export)


def export(
    ctx: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", help=_("The folder: new, or empty."), metavar="DIR", show_default=False)
    ],
    by: Annotated[
        str,
        typer.Option("--by", help=_("conversation, member, contact, group or case (offboarding)."), metavar="WHAT"),
    ] = "conversation",
    format: Annotated[str, typer.Option("--format", "-f", help=_("html, jsonl or csv."), metavar="FORMAT")] = "html",
    embed_kb: Annotated[
        int, typer.Option("--embed-kb", help=_("Pictures up to this size go into the page itself."), min=0)
    ] = 300,
    no_media: Annotated[bool, typer.Option("--no-media", help=_("Leave media files out."))] = False,
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
) -> int:
    from wecrm.operations.archive import export as operations
    from wecrm.operations.archive.exportentries import Copies
    from wecrm.store.archive import people
    from wecrm.store.archive.filters import Filter
    from wecrm.store.archive.mediafiles import MediaFiles

    s = session(ctx)
    if by not in operations.BYS or format not in operations.FORMATS:
        raise UsageError(
            _(
                "An export is by {bys}, as {formats}.",
                bys=", ".join(operations.BYS),
                formats=", ".join(operations.FORMATS),
            )
        )
    wanted = Filter(from_, to, member, contact, group, tag, type, since, until)
    archive = opening.archive(s)
    with filters.narrowed(s, archive, wanted) as found:
        named = {"member": member, "contact": contact}.get(by, "")
        plan = operations.plan(archive, found, by, people.persons(archive, named, (by,)) if named else ())
        _make(output)
        asked = f"--by {by} -f {format} -o {output} {wanted}".rstrip()
        opening.accessed(s, archive, "archive export", reason=reason, filter=asked, rows=plan.messages)
        copies = Copies(MediaFiles(opening.media_folder(s), archive.key), output, embed_kb * 1000, not no_media)
        settings = operations.Settings(format, s.tz, _about(s, str(wanted), reason))
        files = operations.write(archive, plan, output, copies, settings, s.run)
    return _told(s, plan, copies, files, output)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(_("The folder {path} is not empty.", path=folder), "", _("Name a new one."))
    except OSError as error:
        raise UsageError(_("The folder {path} can't be made.", path=folder), str(error.strerror)) from error


def _about(s: Session, wanted: str, reason: str) -> str:
    """What every page says of its making."""
    at = datetime.fromtimestamp(s.clock.now(), s.tz).strftime("%Y-%m-%d %H:%M")
    parts = (_("Exported {at} by {who}", at=at, who=opening.who()), wanted, reason)
    return " · ".join(part for part in parts if part)


def _told(s: Session, plan: "Plan", copies: "Copies", files: int, output: Path) -> int:
    s.say(
        _(
            "{n:,} messages in {files:,} files, {media:,} media files beside them: {path}",
            n=plan.messages,
            files=files,
            media=len(copies.copied),
            path=output,
        )
    )
    if copies.missing:
        s.warn(_("{n:,} media files were never fetched; their messages say so.", n=copies.missing))
    if not copies.broken:
        return 0
    return exit_code(
        Exit.integrity,
        _("{n:,} media files are missing or damaged; `wecrm archive verify` lists them.", n=len(copies.broken)),
    )
