"""`wecrm report dashboard`: the figures of a period on one page, as HTML or as text for a mail."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli.command import command, session, single
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.reports.entries import Sources

app = single()


@command(
    app,
    "dashboard",
    _("Write one page with the figures of a period, charts, tables, and what is counted."),
    (
        "wecrm report dashboard -o week.html",
        "wecrm report dashboard --since 2026-11 --until 2026-11 -o november.html",
        "wecrm report dashboard --department 12 --rows 20 -o team.html",
        "wecrm --cron report dashboard -f text",
    ),
    _(
        "The last seven whole days unless told. The page is one file that fetches nothing and runs nothing, in light "
        "and dark, and prints on A4; text is for a mail. Only the cache and the session archive are read."
    ),
)
def dashboard(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("The file, .html or .txt."), metavar="FILE")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help=_("html or text."), metavar="FORMAT")] = "",
    since: Annotated[
        str, typer.Option(help=_("Only what happened then or later: a day, a month, 7d ago."), metavar="TIME")
    ] = "",
    until: Annotated[
        str, typer.Option(help=_("Only what happened then or before: a day, a month, 7d ago."), metavar="TIME")
    ] = "",
    department: Annotated[
        list[str] | None, typer.Option(help=_("Only members of this department or below it."), metavar="DEPARTMENT")
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option(help=_("Only this member: userid or name."), metavar="MEMBER")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help=_("Only customers who came by this channel."), metavar="STATE")
    ] = None,
    rows: Annotated[
        int, typer.Option(help=_("At most so many rows of each table."), min=0, max=1000, metavar="N")
    ] = 10,
) -> None:
    from wecrm.cli import reportasked
    from wecrm.files import documents
    from wecrm.files.atomic import replacing
    from wecrm.reports import dashboard as reports

    s = session(ctx)
    file = None if output is None or str(output) == "-" else output
    form = _form(file, format, documents.ENDINGS)
    lists = (tuple(each or ()) for each in (department, member, channel))
    with replacing(file) if file else nullcontext(s.stdout.buffer) as stream:
        asked = reportasked.asked(s, reportasked.Given(since, until, "", *lists))
        documents.write(reports.build(_sources(s), asked, s.profile_name, rows), stream, form, s.tz)
    if file:
        s.say(_("Dashboard: {path}", path=file))


def _form(file: Path | None, asked: str, endings: dict[str, str]) -> str:
    """The form that was asked for, or that the file's name tells; text where nothing does.

    Raises:
        UsageError: neither html nor text.
    """
    form = asked or (endings.get(file.suffix.lower(), "") if file else "text")
    if form not in endings.values():
        raise UsageError(
            _("A dashboard is html or text, not {value}.", value=form or (file.name if file else "")),
            "",
            _("Name it like week.html or week.txt."),
        )
    return form


def _sources(s: Session) -> Sources:
    """The cache, and the archive where there is one."""
    from wecrm.cli.archive import opening

    return Sources(s.store, opening.archive(s) if opening.database(s).exists() else None)
