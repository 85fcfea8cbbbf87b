"""QR codes as pictures for paper: drawn with a logo and a caption, and read.

**How the error correction is sized.** With a logo, level H is used, which restores 30 % of the code, and the logo
with its white rim takes a fifth of the code's width, rounded to an odd number of modules in the very middle: 3 to 5 %
of the modules, parts of 4 to 10 % of the codewords. Counted for every version that addresses need, the worst block
loses half of what it can restore (version 4; in larger ones 20 to 42 %). The other half stays for dirt and folds.
Without a logo, level M (15 %) or what fits at the same size: larger modules are worth more then.

Modules are whole pixels, since rounded ones of 2 and 3 pixels side by side are what readers fail at on small
pictures; what is left over widens the quiet zone, which is never less than the four modules that the standard wants.
"""

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from wecrm.errors import UsageError
from wecrm.files import captions
from wecrm.files.pictures import Logo, opened, ready
from wecrm.i18n import _
from wecrm.models.text import visible

if TYPE_CHECKING:
    from PIL.Image import Image

CONTENT_MAX = 1273
"""Characters at level H."""
QUIET = 4
MODULE_MM = 0.34
"""Four dots of a 300 dpi printer, the least that the inventors of the QR code advise for a module."""
MODULE_PIXELS = 2
PIXELS_MAX = 6000
LOGO_DPI = 600
"""Of a logo in an SVG, at the size that was asked for."""
_READABLE = ("PNG", "JPEG", "GIF", "WEBP")
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Look:
    """How codes are drawn: `size_mm` is the width with the quiet zone, `dpi` is for PNG alone."""

    size_mm: float = 40
    dpi: int = 300
    logo: Logo | None = None

    @property
    def pixels(self) -> int:
        """The width of a PNG."""
        return round(self.size_mm / _MM_PER_INCH * self.dpi)


@dataclass(frozen=True, slots=True)
class Symbol:
    """The modules of a code, row by row, 1 for a dark one; those under the logo are light.

    `hole` is the width of the square in the middle for a logo, in modules; 0 without one.
    """

    rows: tuple[bytes, ...]
    hole: int = 0

    @property
    def width(self) -> int:
        """Modules from edge to edge, with the quiet zone."""
        return len(self.rows) + 2 * QUIET


@lru_cache(maxsize=1)
def symbol(content: str, *, logo: bool) -> Symbol:
    """The code that says `content`, an address.

    Raises:
        UsageError: not printable ASCII (readers guess at anything else), or more than a code holds.
    """
    import segno

    if not (content.isascii() and content.isprintable()) or len(content) > CONTENT_MAX:
        raise UsageError(
            _("This can't be drawn as a QR code: {content}", content=visible(content[:80])),
            _("It is no address in ASCII, or longer than {n:,} characters.", n=CONTENT_MAX),
            _("Save WeCom's own picture with --as-is."),
        )
    made = segno.make_qr(content, error="h" if logo else "m", boost_error=not logo)
    rows = [bytes(row) for row in made.matrix]
    if not logo:
        return Symbol(tuple(rows))
    hole = len(rows) // 5 | 1
    start = (len(rows) - hole) // 2
    for n in range(start, start + hole):
        rows[n] = rows[n][:start] + bytes(hole) + rows[n][start + hole :]
    return Symbol(tuple(rows), hole)


def fine(content: str, look: Look) -> float:
    """How wide, in mm, a picture must be for phones to read it well; 0 when `look` is wide enough."""
    width = symbol(content, logo=look.logo is not None).width
    return math.ceil(width * MODULE_MM) if look.size_mm / width < MODULE_MM else 0


def png(content: str, look: Look, caption: str = "", font: captions.Font | None = None) -> bytes:
    """A PNG of the code, as wide as `look` says; the caption, in `font`, adds to the height.

    Raises:
        UsageError: too few pixels for the code, too many for the memory, or too long a caption.
        ConfigError: the libraries are missing.
    """
    ready()
    from PIL import Image

    drawn = symbol(content, logo=look.logo is not None)
    image = _drawn(drawn, look, _scale(drawn, look))
    if caption and font is not None:
        text = captions.drawn(caption, font, image.width)
        both = Image.new("RGB", (image.width, image.height + text.height), "white")
        both.paste(image)
        both.paste(text, (0, image.height))
        image = both
    stream = io.BytesIO()
    image.save(stream, "PNG", dpi=(look.dpi, look.dpi))
    return stream.getvalue()


def _scale(drawn: Symbol, look: Look) -> int:
    """Pixels of a module."""
    if look.pixels > PIXELS_MAX:
        raise UsageError(
            _("A picture of {size:g} mm at {dpi} dpi is too large.", size=look.size_mm, dpi=look.dpi),
            _("It would be {n:,} pixels wide; {most:,} are allowed.", n=look.pixels, most=PIXELS_MAX),
            _("Take --format svg, which is sharp at every size, or a smaller --dpi."),
        )
    scale = look.pixels // drawn.width
    if scale < MODULE_PIXELS:
        least = math.ceil(drawn.width * MODULE_PIXELS * _MM_PER_INCH / look.dpi)
        raise UsageError(
            _("The QR code does not fit into {size:g} mm at {dpi} dpi.", size=look.size_mm, dpi=look.dpi),
            _("It is {n} modules wide, and a module needs {least} pixels.", n=drawn.width, least=MODULE_PIXELS),
            _("Take --size {mm}mm or more, a larger --dpi, or --format svg.", mm=least),
        )
    return scale


def _drawn(drawn: Symbol, look: Look, scale: int) -> "Image":
    from PIL import Image

    side = len(drawn.rows)
    modules = Image.frombytes("L", (side, side), b"".join(drawn.rows)).point([255, *[0] * 255])
    image = Image.new("RGB", (look.pixels, look.pixels), "white")
    edge = (look.pixels - side * scale) // 2
    image.paste(modules.resize((side * scale, side * scale), Image.Resampling.NEAREST), (edge, edge))
    if look.logo is not None:
        logo = look.logo.fitted(drawn.hole * scale - scale)  # half a module of rim on each side
        middle = edge + side * scale / 2
        image.paste(logo, (round(middle - logo.width / 2), round(middle - logo.height / 2)))
    return image


def svg(content: str, look: Look, caption: str = "") -> str:
    """An SVG of the code in mm, with nothing to fetch; the caption is left to the viewer's fonts.

    Raises:
        UsageError: too long a caption.
    """
    drawn = symbol(content, logo=look.logo is not None)
    lines = captions.lines(caption) if caption else []
    em = drawn.width / captions.EMS
    height = drawn.width + captions.height(len(lines)) * em
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{look.size_mm:g}mm" height="{look.size_mm * height / drawn.width:.4g}mm" '
        f'viewBox="0 0 {drawn.width} {height:.4g}">',
        f'<rect width="100%" height="100%" fill="#fff"/><path d="{_path(drawn)}" shape-rendering="crispEdges"/>',
    ]
    if look.logo is not None:
        start, side = (drawn.width - drawn.hole + 1) / 2, drawn.hole - 1
        box = f'x="{start:g}" y="{start:g}" width="{side}" height="{side}"'
        address = look.logo.address(math.ceil(look.size_mm / drawn.width * side / _MM_PER_INCH * LOGO_DPI))
        parts.append(f'<image {box} xlink:href="{address}"/>')  # xlink: what the programs of print shops read
    for n, line in enumerate(lines):
        where = f'x="{drawn.width / 2:g}" y="{drawn.width + captions.baseline(n) * em:.4g}" font-size="{em:.3g}"'
        parts.append(f'<text {where} text-anchor="middle" font-family="sans-serif">{escape(line)}</text>')
    return "".join((*parts, "</svg>"))


def _path(drawn: Symbol) -> str:
    """A rectangle for each run of dark modules."""
    parts = []
    for y, row in enumerate(drawn.rows, QUIET):
        x = 0
        while (x := row.find(1, x)) >= 0:
            end = row.find(0, x)
            run = (len(row) if end < 0 else end) - x
            parts.append(f"M{x + QUIET} {y}h{run}v1h-{run}z")
            x += run
    return "".join(parts)


def read(picture: bytes) -> str | None:
    """What the QR code on a picture says; None unless there is exactly one that says an address in ASCII.

    Raises:
        ConfigError: the libraries are missing.
    """
    ready()
    import zxingcpp

    try:
        image = opened(picture, _READABLE).convert("L")
    except ValueError:
        return None
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    text = found[0].text if len(found) == 1 else ""
    return text if text and text.isascii() and text.isprintable() else None
