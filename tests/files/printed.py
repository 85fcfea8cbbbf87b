"""What a print shop and a phone do with our files: turn SVG into dots, smudge, read."""

import io

import resvg_py
import zxingcpp
from PIL import Image, ImageFilter

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def dots(picture: bytes | str, dpi: int = 300) -> Image.Image:
    """A PNG as it is, an SVG at the size in mm that it names."""
    if isinstance(picture, str):
        picture = resvg_py.svg_to_bytes(svg_string=picture, dpi=dpi)
    return Image.open(io.BytesIO(picture)).convert("L")


def smudged(image: Image.Image) -> Image.Image:
    """A little smaller, out of focus and grey."""
    small = image.resize((image.width * 9 // 10, image.height * 9 // 10), Image.Resampling.BICUBIC)
    return small.filter(ImageFilter.GaussianBlur(0.5)).point([60 + value // 2 for value in range(256)])


def said(image: Image.Image) -> list[str]:
    """What a reader that has nothing to do with our encoder finds on it."""
    return [found.text for found in zxingcpp.read_barcodes(image, QR)]
