"""`wecrm offboard report`: everything about one case, as a page or as JSON."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli.command import command, session
from wecrm.errors import UsageError
from wecrm.i18n import _


def commands(app: typer.Typer) -> None:
    """Give `offboard` its report."""
    command(
        app,
        "report",
        _("Write the report on a case: before, after, refused, lost, left over, each step, who approved what."),
        (
            "wecrm offboard report an.lu -o an.lu.html",
            "wecrm offboard report offboard-1122-3fa2b1 -o report.json",
            "wecrm offboard report an.lu -f json",
        ),
        _(
            "The page is one file that fetches nothing and prints on A4; the JSON holds every customer and group. "
            "WeCom is not asked. A case that is under way has a report, too."
        ),
    )(report)


def report(
    ctx: typer.Context,
    case: Annotated[str, typer.Argument(help=_("The case, or the member's userid."), metavar="CASE")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("The file, .html or .json."), metavar="FILE")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help=_("html or json."), metavar="FORMAT")] = "",
) -> None:
    """Build it and write it, into a file that was opened before."""
    from wecrm.files import offboardreport as files
    from wecrm.files.atomic import replacing
    from wecrm.operations import offboardreport

    s = session(ctx)
    to_file = None if output is None or str(output) == "-" else output
    fmt = format or (to_file.suffix.lower().lstrip(".") if to_file else "json")
    if fmt not in files.FORMATS:
        raise UsageError(_("A report is html or json, not {value}.", value=fmt), "", _("Name it like report.html."))
    with replacing(to_file) if to_file else nullcontext(s.stdout.buffer) as stream:
        files.write(offboardreport.build(s.store, case, s.clock.now()), stream, fmt, s.tz)
    if to_file:
        s.say(_("Report: {path}", path=to_file))
