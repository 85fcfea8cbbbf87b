"""Captions under QR codes: broken into lines, and drawn in a font that has every character of them.

No font is shipped, since one with Chinese has some ten megabytes. A character that a font lacks would come out as
an empty box, so such a font is not used at all.
"""

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wecrm.errors import UsageError
from wecrm.files.pictures import ready
from wecrm.i18n import _
from wecrm.models.text import visible

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

EMS = 16
"""Widths of a Chinese character that fit beside each other across a code."""
LINES_MAX = 4
_MARGIN_EMS = 1
_LINE_EMS = 1.3
_NOWHERE = "\U0010ffff"
"""No character at all, so that fonts draw their box for it."""
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_PIECES = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]{1,14}|\s+")
"""Where a line may be broken: at blanks, beside Chinese characters, and within what is longer than a line."""
_PLACES = (
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/System/Library/Fonts/STHeiti Medium.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
    "C:/Windows/Fonts/simsun.ttc",
)
"""Fonts with Chinese of systems without fontconfig."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font file, and which of its faces; without a file, the one that Pillow brings: Latin letters."""

    file: Path | None = None
    face: int = 0

    def at(self, size: float) -> "FreeTypeFont":
        """The font in a size of so many pixels.

        Raises:
            OSError: no font, or one that can't be drawn at every size.
        """
        from PIL import ImageFont

        basic = ImageFont.Layout.BASIC
        if self.file is not None:
            return ImageFont.truetype(str(self.file), size, index=self.face, layout_engine=basic)
        own = ImageFont.load_default(size)
        if not isinstance(own, ImageFont.FreeTypeFont):
            raise OSError(own)  # a Pillow without FreeType
        return own

    def lacks(self, text: str) -> str:
        """The characters of `text` that it has no drawing of."""
        font = self.at(32)
        box = _pixels(font, _NOWHERE)
        seen = (char for char in dict.fromkeys(text) if not char.isspace())
        return "".join(char for char in seen if _pixels(font, char) == box)


def _pixels(font: "FreeTypeFont", text: str) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("L", (64, 64))
    ImageDraw.Draw(image).text((8, 8), text, 255, font)
    return image.tobytes()


def find(text: str, file: Path | None = None) -> Font | None:
    """A font with every character of `text`: that of `file`, or one of this system; None if there is none.

    Raises:
        UsageError: `file` is no font.
        ConfigError: the libraries are missing.
    """
    ready()
    shown = visible(text)
    for font in _candidates(shown) if file is None else (Font(file),):
        try:
            if not font.lacks(shown):
                return font
        except OSError as error:
            if file is not None:
                raise UsageError(
                    _("The font {path} can't be used.", path=file),
                    error.strerror or str(error),
                    _("Give a TTF, OTF or TTC file, as the system's own fonts are."),
                ) from error
    return None


def _candidates(text: str) -> Iterator[Font]:
    """Fonts that may have every character of `text`; what the system's settings prefer comes first."""
    charset = " ".join(f"{ord(char):x}" for char in sorted(set(text)))
    pattern = f"sans:scalable=true:variable=false:charset={charset}"
    command = ("fc-match", "-f", "%{file}\n%{index}", pattern)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
        file, face = done.stdout.split("\n")
        yield Font(Path(file), int(face))
    except (OSError, subprocess.SubprocessError, ValueError):
        pass  # no fontconfig here
    yield from (Font(Path(place)) for place in _PLACES)
    yield Font()


def lines(text: str) -> list[str]:
    """`text` in lines for under a code; control characters are shown.

    Raises:
        UsageError: it takes more than LINES_MAX lines.
    """
    found = [""]
    for piece in _PIECES.findall(visible(_NOT_IN_XML.sub("\ufffd", text))):
        if _ems(found[-1] + piece.rstrip()) > EMS - 2 * _MARGIN_EMS and found[-1]:
            found.append("")
        found[-1] = (found[-1] + piece).lstrip()
    if len(found) > LINES_MAX:
        raise UsageError(
            _("The caption is too long for {n} lines: {text}", n=LINES_MAX, text=visible(text)),
            "",
            _("Give a shorter one: --caption TEXT."),
        )
    return [line.rstrip() for line in found]


def _ems(text: str) -> float:
    """About how wide a text is in most fonts, rather too much than too little."""
    return sum(
        1 if unicodedata.east_asian_width(char) in "WFA" else 0.9 if char.isupper() or char in "mw@%&" else 0.6
        for char in text
    )


def height(count: int) -> float:
    """Ems that so many lines take."""
    return count * _LINE_EMS + 0.7 if count else 0


def baseline(n: int) -> float:
    """Ems from the top to the foot of line `n`, from 0."""
    return 1 + n * _LINE_EMS


def drawn(text: str, font: Font, width: int) -> "Image":
    """The caption as a picture of so many pixels, in letters that are smaller where a line would be too long.

    Raises:
        UsageError: it takes more than LINES_MAX lines.
    """
    from PIL import Image, ImageDraw

    found = lines(text)
    em = width / EMS
    longest = max(font.at(em).getlength(line) for line in found)
    size = em * min(1, (width - 2 * _MARGIN_EMS * em) / max(longest, 1))
    image = Image.new("RGB", (width, round(height(len(found)) * em)), "white")
    pen = ImageDraw.Draw(image)
    for n, line in enumerate(found):
        pen.text((width / 2, baseline(n) * em), line, "black", font.at(size), anchor="ms")
    return image
