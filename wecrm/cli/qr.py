"""`wecrm livecodes qr`: live codes as pictures for paper, and a contact sheet of a campaign."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import qrdrawing, rows
from wecrm.cli.command import command, session
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.store.livecodes import KnownCode

FORMATS = ("png", "svg")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(mm|cm)")


def commands(app: typer.Typer) -> None:
    """Give `livecodes` its verb for printing."""
    command(
        app,
        "qr",
        _("Draw the QR codes of live codes as PNG or SVG, or a contact sheet of many to print."),
        (
            "wecrm livecodes qr 双11-海报 -o poster.png --logo logo.png",
            "wecrm livecodes qr 双11-海报 前台 -o codes -f svg --caption '扫码 {name}'",
            "wecrm livecodes qr --where \"name like '双11%'\" --sheet campaign.html",
            "wecrm livecodes qr 官网落地页 -o web.png --channel web-2026",
            "wecrm livecodes qr --all -o originals --as-is",
        ),
        _(
            "A folder gets one file for each code, called like the code. Of links the address is drawn; of others what "
            "WeCom's own picture says, which is fetched. With a logo the code is drawn so that it is read although the "
            "logo hides a part. Needs `pip install 'wecrm[qr]'`, except for --as-is."
        ),
    )(qr)


def qr(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=_("Names, or ids."), metavar="NAME...")] = None,
    where: rows.WhereOption = "",
    all_: Annotated[bool, typer.Option("--all", help=_("Every live code."))] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("A file, or a folder for several."), metavar="FILE|FOLDER")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help=_("All of them on A4 pages, as HTML."), metavar="FILE.html")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help=_("png or svg."), metavar="FORMAT")] = "",
    size: Annotated[
        str, typer.Option("--size", help=_("Width with the white rim, in mm or cm."), metavar="WIDTH")
    ] = "40mm",
    dpi: Annotated[
        int, typer.Option("--dpi", help=_("Pixels per inch of a PNG."), min=72, max=2400, metavar="N")
    ] = 300,
    logo: Annotated[Path | None, typer.Option("--logo", help=_("PNG or JPEG for the middle."), metavar="FILE")] = None,
    caption: Annotated[
        str | None, typer.Option("--caption", help=_("Under the code; {name}, {channel}; none."), metavar="TEXT")
    ] = None,
    font: Annotated[
        Path | None, typer.Option("--font", help=_("TTF, OTF or TTC for captions in PNG."), metavar="FILE")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help=_("Of links, instead of their own."), metavar="VALUE")
    ] = None,
    as_is: Annotated[bool, typer.Option("--as-is", help=_("WeCom's own pictures, untouched."))] = False,
    force: Annotated[bool, typer.Option("--force", help=_("Replace files that are there."))] = False,
) -> int:
    """Draw the chosen codes into files or onto a sheet."""
    from wecrm.files import pictures
    from wecrm.files.qrcodes import Look

    if (output is None) == (sheet is None):
        raise UsageError(_("Say where to: -o FILE or FOLDER, or --sheet FILE.html."))
    if as_is and (sheet or format or logo or caption or font or channel):
        raise UsageError(_("With --as-is nothing is drawn: it goes with -o and --force alone."))
    s = session(ctx)
    codes = _chosen(s, names or [], where, all_)
    if channel is not None and any(known.code.kind != "link" for known in codes):
        raise UsageError(_("Only links take a --channel; other codes have theirs at WeCom."))
    look = Look(_mm(size), dpi, None if logo is None else pictures.logo(logo))
    wanted = qrdrawing.Wanted(look, _format(format, output, len(codes)), caption, font, channel, as_is)
    if sheet is not None:
        return qrdrawing.sheet(s, codes, wanted, sheet, force)
    assert output is not None
    return qrdrawing.files(s, codes, wanted, output, force)


def _chosen(s: Session, names: Sequence[str], where: str, all_: bool) -> "tuple[KnownCode, ...]":
    from wecrm.operations import qrcodes

    if bool(names) + bool(where) + all_ != 1:
        raise UsageError(_("Say which codes: NAME..., --where CONDITION, or --all."))
    if names:
        return qrcodes.of_names(s.store, names)
    found, buttons = qrcodes.of_condition(s.store, where, now=s.clock.now(), tz=s.tz)
    if buttons:
        s.say(_("{n} are buttons of mini programs, which have no QR code.", n=buttons))
    if not found:
        raise UsageError(_("There is no such live code."), "", _("Try it with `wecrm livecodes list --where …`."))
    return found


def _mm(size: str) -> float:
    match = _SIZE.fullmatch(size.strip().lower())
    mm = float(match[1]) * (10 if match[2] == "cm" else 1) if match else 0
    if not 5 <= mm <= 5000:
        raise UsageError(_("--size takes a width like 40mm or 8cm, from 5 mm to 5 m, not {value}.", value=size))
    return mm


def _format(format: str, output: Path | None, count: int) -> str:
    """png or svg, by flag or by the ending of a file for one code."""
    ending = output.suffix.lower()[1:] if output is not None and count == 1 and not output.is_dir() else ""
    if format and format not in FORMATS:
        raise UsageError(_("--format is png or svg, not {value}.", value=format))
    if format and ending in FORMATS and format != ending:
        raise UsageError(_("{path} does not go with --format {format}.", path=output, format=format))
    return format or (ending if ending in FORMATS else "png")
