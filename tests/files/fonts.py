"""Fonts of a few characters, so that tests need none of the system."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def write(path: Path, characters: str) -> Path:
    """A font that draws each of these as a filled square of its own height, and anything else as a hollow box."""
    names = [".notdef", *(f"c{n}" for n in range(len(characters)))]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(char): name for char, name in zip(characters, names[1:], strict=True)})
    heights = {name: 300 + 40 * n for n, name in enumerate(names)}
    font.setupGlyf({name: _glyph(height, name == ".notdef") for name, height in heights.items()})
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 50)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": "Few", "styleName": "Regular"})
    font.setupPost()
    font.save(path)
    return path


def _glyph(height: int, hollow: bool) -> object:
    pen = TTGlyphPen(None)
    squares = [(50, 0, 900, height)] + ([(150, 100, 800, 200)] if hollow else [])
    for n, (left, bottom, right, top) in enumerate(squares):
        corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
        for step, corner in enumerate(corners if n == 0 else corners[::-1]):
            (pen.lineTo if step else pen.moveTo)(corner)
        pen.closePath()
    return pen.glyph()
