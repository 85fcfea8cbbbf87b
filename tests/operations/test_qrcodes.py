"""What a QR code is to say, when WeCom's own picture does not tell."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.api.documented import StillClock
from wecrm.api.client import Client, Settings
from wecrm.errors import UsageError
from wecrm.files import qrcodes as files
from wecrm.models.clock import Run
from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import LiveCode
from wecrm.operations import qrcodes
from wecrm.store.livecodes import KnownCode

ADDRESS = "https://work.weixin.qq.com/u/vcGOLDEN0001"
WAY = KnownCode(LiveCode("contact", "GOLDEN", remark="a\x1b[31m", url="https://wework.qpic.cn/wwpic/GOLDEN/0"))
URL = "https://work.weixin.qq.com/ca/caGOLDEN"


class Host:
    """A public host that holds one picture."""

    def __init__(self, picture: bytes) -> None:
        self.picture = picture

    def __call__(self, _environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "image/png")])
        return [self.picture]


def drawn(*contents: str) -> bytes:
    """Codes beside each other on one picture."""
    image = Image.new("L", (max(1, len(contents)) * 236, 236), 255)
    for n, content in enumerate(contents):
        image.paste(Image.open(io.BytesIO(files.png(content, files.Look(20)))), (n * 236, 0))
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[Host, Client]]:
    host = Host(b"")
    client = Client(Settings("wwgolden000000001", {"contact": "c"}, tmp_path), Run(StillClock()), host)
    yield host, client
    client.close()


def test_the_picture_tells_what_the_code_says(host: tuple[Host, Client]) -> None:
    host[0].picture = drawn(ADDRESS)
    assert qrcodes.content(host[1], WAY) == ADDRESS


@pytest.mark.parametrize(
    "picture",
    [drawn(), drawn(ADDRESS, ADDRESS + "2"), b"\x89PNG\r\n\x1a\n" + b"0" * 99 + b"IEND\xaeB`\x82"],
    ids=["none", "two", "damaged"],
)
def test_a_picture_that_cannot_be_read_is_offered_as_it_is(host: tuple[Host, Client], picture: bytes) -> None:
    host[0].picture = picture
    with pytest.raises(UsageError) as refused:
        qrcodes.content(host[1], WAY)
    assert r"a\e[31m" in refused.value.what
    assert "wecrm livecodes qr GOLDEN --as-is" in refused.value.fix
    assert qrcodes.picture(host[1], WAY) == picture


@pytest.mark.parametrize(
    ("url", "channel", "given", "address"),
    [
        (URL, "", None, URL),
        (URL, "poster", None, URL + "?customer_channel=poster"),
        (URL, "poster", "other", URL + "?customer_channel=other"),
        (URL, "poster", "", URL),
        (URL + "?a=b", "poster", None, URL + "?a=b&customer_channel=poster"),
        (URL, "官 &=?#", None, URL + "?customer_channel=%E5%AE%98%20%26%3D%3F%23"),
    ],
)
def test_a_link_says_itself_with_its_channel(
    host: tuple[Host, Client], url: str, channel: str, given: str | None, address: str
) -> None:
    entry = CodeEntry("官网", kind="link", channel=channel)
    assert qrcodes.content(host[1], KnownCode(LiveCode("link", "caGOLDEN", url=url), "官网", entry), given) == address
