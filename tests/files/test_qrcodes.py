"""QR codes are read by a reader that is not ours, with the logo on, at the size of a business card, and smudged."""

import io
import random
import re
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageDraw

from tests.files import fonts
from tests.files.printed import dots, said, smudged
from wecrm.errors import UsageError
from wecrm.files import captions, pictures, qrcodes
from wecrm.files.qrcodes import Look

LINK = "https://work.weixin.qq.com/ca/cawcde7d0a5c6e1b2f"
ADDRESSES = {
    "a short link": LINK,
    "a contact way": "https://work.weixin.qq.com/u/vc1b4fb6ca2ea37be6839dedbc91484287?v=4.1.36.6002",
    "a link with 64 letters of channel": f"{LINK}?customer_channel={'poster-1' * 8}",
    "the longest link": f"{LINK}caIBr5ZMFKMXVgyP?customer_channel={'%E4%BC%81' * 21}x",
}
CARD = Look(20, 300)
SVG = "{http://www.w3.org/2000/svg}"


def logo(size: tuple[int, int] = (300, 200), colour: str = "#07c160") -> pictures.Logo:
    """Dark to the very edge: the worst that a logo can do to a reader."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((size[0] // 3, 0, size[0] // 2, size[1]), fill="black")
    return pictures.Logo(image)


def looks() -> list[Look]:
    return [CARD, Look(20, 300, logo()), Look(20, 300, logo(colour="black")), Look(50, 300, logo((90, 400)))]


@pytest.mark.parametrize("content", ADDRESSES.values(), ids=ADDRESSES)
def test_a_png_of_two_centimetres_says_its_link_with_the_logo_on(content: str) -> None:
    for look in looks():
        image = dots(qrcodes.png(content, look))
        assert image.width == round(look.size_mm / 25.4 * 300)
        assert said(image) == [content], look
        assert said(smudged(image)) == [content], look


def test_two_centimetres_at_300_dpi_are_236_dots_and_the_file_knows_it() -> None:
    image = Image.open(io.BytesIO(qrcodes.png(LINK, CARD)))
    assert image.size == (236, 236)
    assert [round(value) for value in image.info["dpi"]] == [300, 300]


@pytest.mark.parametrize("content", ADDRESSES.values(), ids=ADDRESSES)
def test_an_svg_printed_at_two_centimetres_says_its_link_with_the_logo_on(content: str) -> None:
    for look in looks():
        image = dots(qrcodes.svg(content, look))
        assert image.width == round(look.size_mm / 25.4 * 300)
        assert said(image) == [content], look


def torn(content: str, rng: random.Random) -> Image.Image:
    """The code with noise in the place of the logo, and in a square as large beside it."""
    drawn = qrcodes.symbol(content, logo=True)
    side, hole = len(drawn.rows), drawn.hole
    rows = [bytearray(row) for row in drawn.rows]
    start = (side - hole) // 2
    for y in range(start, start + hole):
        for x in range(start, min(start + 2 * hole, side)):
            rows[y][x] = rng.randrange(2)
    image = Image.frombytes("L", (side, side), bytes(0 if module else 255 for row in rows for module in row))
    framed = Image.new("L", (side + 8, side + 8), 255)
    framed.paste(image, (4, 4))
    return framed.resize((framed.width * 4, framed.height * 4), Image.Resampling.NEAREST)


def check_torn(lengths: range) -> None:
    rng = random.Random(5)
    widths = set()
    for length in lengths:
        content = (LINK + "?customer_channel=" + "x" * length)[: max(length, 20)]
        widths.add(qrcodes.symbol(content, logo=True).width)
        assert said(torn(content, rng)) == [content], length
    assert len(widths) > 10


def test_as_much_again_as_the_logo_hides_may_be_torn_off() -> None:
    check_torn(range(20, 300, 20))


@pytest.mark.long
def test_as_much_again_as_the_logo_hides_may_be_torn_off_at_every_length() -> None:
    check_torn(range(20, 1000, 3))


def test_the_logo_stands_in_a_hole_of_about_a_fifth_in_the_very_middle() -> None:
    for length in range(20, 1200, 150):
        drawn = qrcodes.symbol("x" * length, logo=True)
        side = len(drawn.rows)
        start = (side - drawn.hole) // 2
        assert 2 * start + drawn.hole == side
        assert 0.17 < drawn.hole / side < 0.23
        assert not any(any(row[start : start + drawn.hole]) for row in drawn.rows[start : start + drawn.hole])


def test_modules_are_whole_dots_and_the_rim_is_four_of_them_at_least() -> None:
    for content in ADDRESSES.values():
        image = dots(qrcodes.png(content, CARD))
        assert {value for _count, value in image.getcolors()} == {0, 255}
        left, top, right, bottom = image.point([255, *[0] * 255]).getbbox()
        module = (right - left) / (qrcodes.symbol(content, logo=False).width - 8)
        assert module == int(module) >= 2
        assert min(left, top, image.width - right, image.height - bottom) >= 4 * module


def test_what_has_no_room_is_refused_with_the_size_that_has() -> None:
    with pytest.raises(UsageError) as refused:
        qrcodes.png(ADDRESSES["the longest link"], Look(12, 300))
    mm = int(re.search(r"--size (\d+)mm", refused.value.fix)[1])
    assert said(dots(qrcodes.png(ADDRESSES["the longest link"], Look(mm, 300))))
    with pytest.raises(UsageError):
        qrcodes.png(ADDRESSES["the longest link"], Look(mm - 1, 300))


def test_a_png_that_would_fill_the_memory_is_refused_in_favour_of_svg() -> None:
    with pytest.raises(UsageError, match="too large") as refused:
        qrcodes.png(LINK, Look(1000, 600))
    assert "svg" in refused.value.fix


def test_a_code_too_fine_for_phones_names_the_width_it_needs() -> None:
    assert qrcodes.fine(LINK, CARD) == 0
    needed = qrcodes.fine(ADDRESSES["the longest link"], CARD)
    assert needed > 20
    assert qrcodes.fine(ADDRESSES["the longest link"], Look(needed, 300)) == 0


@pytest.mark.parametrize("content", ["企业微信", "https://a/é", "two\nlines", "\x00", "x" * 1274])
def test_what_readers_would_guess_at_or_no_code_holds_is_not_drawn(content: str) -> None:
    for logo in (False, True):
        with pytest.raises(UsageError, match="QR code"):
            qrcodes.symbol(content, logo=logo)


def test_the_longest_content_fits_with_a_logo_on() -> None:
    assert said(dots(qrcodes.png("x" * 1273, Look(60, 300, logo())))) == ["x" * 1273]


# -- captions


def test_a_caption_stands_below_and_the_code_is_still_read(tmp_path: Path) -> None:
    font = captions.Font(fonts.write(tmp_path / "few.ttf", "双十一"))
    plain = dots(qrcodes.png(LINK, CARD))
    image = dots(qrcodes.png(LINK, CARD, "双十一", font))
    assert image.width == plain.width < image.height
    assert image.crop((0, 0, *plain.size)).tobytes() == plain.tobytes()
    inked = image.crop((0, plain.height, *image.size)).point([255] * 128 + [0] * 128).getbbox()
    assert inked is not None
    assert abs((inked[0] + inked[2]) / 2 - image.width / 2) < 3
    assert said(image) == [LINK]


def test_a_font_that_lacks_a_character_is_not_used(tmp_path: Path) -> None:
    few = fonts.write(tmp_path / "few.ttf", "双十一 ab")
    assert captions.find("双十 一", few) == captions.Font(few)
    assert captions.find("双十二", few) is None
    assert captions.Font(few).lacks("双十二 bac") == "二c"


def test_a_caption_in_latin_letters_needs_no_font_of_the_system() -> None:
    assert captions.Font().lacks("Lobby 2026-11") == ""
    assert captions.find("Lobby 2026-11") is not None
    assert captions.find("\U0003fffd") is None


def test_what_is_no_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.ttf").write_text("no font")
    for path in (tmp_path / "no.ttf", tmp_path / "missing.ttf", tmp_path):
        with pytest.raises(UsageError, match="font"):
            captions.find("x", path)


def test_a_long_caption_is_broken_and_a_longer_one_refused(tmp_path: Path) -> None:
    assert captions.lines("双十一") == ["双十一"]
    assert captions.lines("一" * 20) == ["一" * 14, "一" * 6]
    assert captions.lines("scan to add our adviser") == ["scan to add our adviser"]
    assert captions.lines("scan to add our good advisers") == ["scan to add our good", "advisers"]
    assert "".join(captions.lines("W" * 40)) == "W" * 40
    with pytest.raises(UsageError, match="too long"):
        captions.lines("一" * 60)
    wide = captions.drawn("W" * 14, captions.Font(), 236).convert("L").point([255] * 128 + [0] * 128).getbbox()
    assert 0 < wide[0] < wide[2] < 236


def test_a_hostile_caption_is_text_in_the_svg_and_nothing_else() -> None:
    caption = "</text><script>&\x1b[31m\u202e\ufffe\ud800"
    root = ElementTree.fromstring(qrcodes.svg(LINK, CARD, caption))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "rect", "path", "text"}
    assert "".join(root.itertext()).replace(" ", "") == r"</text><script>&\e[31m\u202e" + "\ufffd" + r"\ud800"


def test_a_caption_in_an_svg_stands_below_the_code() -> None:
    drawn = qrcodes.svg(LINK, CARD, "双十一 & more")
    root = ElementTree.fromstring(drawn)
    _left, _top, width, height = map(float, root.get("viewBox", "").split())
    text = root.find(f"{SVG}text")
    assert text is not None
    assert text.text == "双十一 & more"
    assert width < float(text.get("y", "0")) < height
    assert said(dots(drawn)) == [LINK]


# -- pictures of strangers


def png_bytes(image: Image.Image, **how: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **{"format": "PNG", **how})
    return stream.getvalue()


def bomb(side: int, claimed: int = 0) -> bytes:
    """A PNG of one colour that is small as a file; `claimed` is the side that it says it has."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", claimed or side, claimed or side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    rows = b"".join([packer.compress(row * 100) for _ in range(side // 100)])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows + packer.flush()) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
        Image.new("LA", (9, 500)),
        Image.new("P", (1, 1)),
        Image.new("I;16", (40, 40), 40000),
        Image.new("1", (4000, 10)),
    ],
    ids=lambda image: image.mode,
)
def test_logos_of_every_sort_of_png_are_taken(tmp_path: Path, image: Image.Image) -> None:
    (tmp_path / "logo.png").write_bytes(png_bytes(image))
    look = Look(20, 300, pictures.logo(tmp_path / "logo.png"))
    assert said(dots(qrcodes.png(LINK, look))) == said(dots(qrcodes.svg(LINK, look))) == [LINK]


def test_a_cmyk_jpeg_is_taken_and_transparency_is_white(tmp_path: Path) -> None:
    (tmp_path / "logo.jpg").write_bytes(png_bytes(Image.new("CMYK", (60, 60), (255, 0, 0, 0)), format="JPEG"))
    red, green, blue = pictures.logo(tmp_path / "logo.jpg").image.getpixel((30, 30))
    assert red < green
    assert red < blue
    (tmp_path / "logo.png").write_bytes(png_bytes(Image.new("RGBA", (60, 60), (0, 0, 0, 0))))
    assert pictures.logo(tmp_path / "logo.png").image.getpixel((30, 30)) == (255, 255, 255)


WHOLE = png_bytes(Image.effect_noise((200, 200), 80))
REFUSED = {
    "a bomb": (bomb(20_000), "pixels"),
    "a greater bomb": (bomb(4_000, claimed=2**31 - 1), "pixels"),
    "just above": (bomb(4_008), "pixels"),
    "five megabytes": (WHOLE + bytes(5_000_000), "bytes"),
    "another format": (png_bytes(Image.new("RGB", (9, 9)), format="GIF"), "no PNG, JPEG"),
    "a drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG, JPEG"),
    "cut off": (WHOLE[:2000], "damaged"),
    "only a header": (WHOLE[:20], "damaged"),
    "damaged": (WHOLE[:300] + b"\xff" * 300 + WHOLE[600:], "damaged"),
    "empty": (b"", "damaged"),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED)
def test_a_logo_that_is_no_sound_small_picture_is_refused_in_three_parts(
    tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        pictures.logo(tmp_path / "logo.png")
    assert "logo.png" in refused.value.what
    assert why in refused.value.why
    assert refused.value.fix


def test_a_logo_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.png"):
        with pytest.raises(UsageError, match="logo"):
            pictures.logo(path)


def test_pictures_are_read_only_when_they_say_one_address() -> None:
    first, second = (dots(qrcodes.png(content, CARD)) for content in list(ADDRESSES.values())[:2])
    both = Image.new("L", (472, 236), 255)
    both.paste(first, (0, 0))
    assert qrcodes.read(png_bytes(both)) == LINK
    both.paste(second, (236, 0))
    assert qrcodes.read(png_bytes(both)) is None
    assert qrcodes.read(png_bytes(Image.new("L", (300, 300), 255))) is None
    assert qrcodes.read(b"<html>") is None
    assert qrcodes.read(bomb(20_000)) is None


@pytest.mark.parametrize("how", ["JPEG", "GIF", "WEBP", "PNG"])
def test_pictures_of_every_format_that_wecom_may_send_are_read(how: str) -> None:
    assert qrcodes.read(png_bytes(dots(qrcodes.png(LINK, CARD)), format=how)) == LINK
