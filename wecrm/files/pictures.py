"""Pictures of strangers, opened within bounds: a logo, the picture of a QR code.

Needs the libraries of the extra `qr`, which only few machines draw with; without them, an error says so.
"""

import base64
import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wecrm.errors import ConfigError, UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from PIL.Image import Image

BYTES_MAX = 5_000_000
PIXELS_MAX = 16_000_000
"""Width times height; 64 MB once unpacked, whatever little the file itself takes."""

ENDINGS = ((b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"RIFF", ".webp"))

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, ArithmeticError, LookupError)
"""What Pillow raises at damaged pictures."""


def ready() -> None:
    """Make sure that the libraries of the extra `qr` are there.

    Raises:
        ConfigError: one is missing, with the command that installs it.
    """
    try:
        import PIL.Image  # noqa: F401 tried, not used
        import zxingcpp  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            _("A library for drawing and reading QR codes is missing: {library}.", library=error.name),
            _("It is not installed with wecrm itself, since only QR codes need it."),
            _("Run: pip install 'wecrm[qr]'"),
        ) from error


def ending(picture: bytes) -> str:
    """The ending of a file with this picture, as `.png`."""
    return next((ending for mark, ending in ENDINGS if picture.startswith(mark)), ".bin")


def opened(picture: bytes, formats: tuple[str, ...]) -> "Image":
    """The picture in RGB, upright, on white where it is transparent; of several frames the first.

    Raises:
        ValueError: another format, a damaged picture, or too many pixels.
        ConfigError: the libraries are missing.
    """
    ready()
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow's own bound, which is higher
            image = Image.open(io.BytesIO(picture), formats=formats)
        too_large = image.width * image.height > PIXELS_MAX
        drawn = None if too_large else ImageOps.exif_transpose(image).convert("RGBA")
    except Image.DecompressionBombError:
        drawn = None
    except _BROKEN as error:
        raise ValueError(_("it is damaged, or no {formats}", formats=", ".join(formats))) from error
    if drawn is None:
        raise ValueError(_("it has more than {n:,} pixels", n=PIXELS_MAX))
    return Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")


@dataclass(frozen=True, slots=True)
class Logo:
    """What stands in the middle of a QR code."""

    image: "Image"

    def fitted(self, pixels: int) -> "Image":
        """The logo as large as it fits into a square of so many pixels."""
        from PIL.Image import Resampling

        scale = pixels / max(self.image.size)
        width, height = (max(1, round(side * scale)) for side in self.image.size)
        return self.image.resize((width, height), Resampling.LANCZOS)

    def address(self, pixels: int) -> str:
        """The logo as a `data:` address of a PNG, at most so many pixels wide and high."""
        stream = io.BytesIO()
        self.fitted(min(pixels, max(self.image.size))).save(stream, "PNG")
        return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def logo(path: Path) -> Logo:
    """The logo that a file holds.

    Raises:
        UsageError: it can't be read, is no sound PNG or JPEG, or is too large.
        ConfigError: the libraries are missing.
    """
    try:
        with path.open("rb") as file:
            content = _bounded(file)
        return Logo(opened(content, ("PNG", "JPEG")))
    except (OSError, ValueError) as error:
        raise UsageError(
            _("The logo {path} can't be used.", path=path),
            getattr(error, "strerror", None) or str(error),
            _("Give a PNG or JPEG of at most {mb} MB.", mb=BYTES_MAX // 1_000_000),
        ) from error


def _bounded(file: BinaryIO) -> bytes:
    content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise ValueError(_("it has more than {n:,} bytes", n=BYTES_MAX))
    return content
