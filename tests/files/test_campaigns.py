"""The contact sheet: every code on it is read, nothing on it runs, nothing is fetched."""

import io
import re
from html.parser import HTMLParser

from PIL import Image

from tests.files.printed import dots, said
from wecrm.files import campaigns
from wecrm.files.campaigns import Card
from wecrm.files.pictures import Logo
from wecrm.files.qrcodes import Look, svg

LINK = "https://work.weixin.qq.com/ca/caIBr5ZMFKMXVgyP"
LOOK = Look(40, logo=Logo(Image.new("RGB", (60, 60), "red")))
EVIL = "</h2><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e"


class Page(HTMLParser):
    """Tags, attributes and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(*cards: Card, title: str = "双11", subtitle: str = "示例企业 · 2026-11-22", size_mm: float = 40) -> str:
    stream = io.BytesIO()
    campaigns.write(stream, iter(cards), title=title, subtitle=subtitle, size_mm=size_mm)
    return stream.getvalue().decode()


def test_every_code_on_the_sheet_is_read_and_stands_by_its_name() -> None:
    html = page(*(Card(svg(f"{LINK}{n}", LOOK), f"海报-{n}", "link", f"poster-{n}") for n in range(5)))
    cards = re.findall(r"<article>.*?</article>", html, re.DOTALL)
    assert len(cards) == 5
    for n, card in enumerate(cards):
        assert said(dots(re.search(r"<svg.*?</svg>", card, re.DOTALL)[0])) == [f"{LINK}{n}"]
        text = Page(card).text
        assert f"海报-{n}" in text
        assert f"poster-{n}" in text


def test_what_strangers_wrote_is_shown_and_never_run() -> None:
    found = Page(page(Card(svg(LINK, LOOK), EVIL, "contact", EVIL, EVIL, EVIL), title=EVIL, subtitle=EVIL))
    assert not {"script", "iframe", "object", "link", "base", "form", "img"} & set(found.tags)
    assert not [name for name, _value in found.attributes if name.startswith("on")]
    assert found.text.count(r"</h2><script>alert(1)</script><img src=x onerror=alert(1)>\e[31m\u202e") == 7


def test_the_sheet_fetches_nothing() -> None:
    found = Page(page(Card(svg(LINK, LOOK), "a", "group")))
    fetched = [value for name, value in found.attributes if name in ("src", "href", "xlink:href", "data", "action")]
    assert fetched
    assert all(value.startswith("data:image/png;base64,") for value in fetched)
    assert dict(found.attributes)["content"]
    assert any("default-src 'none'" in value for _name, value in found.attributes)


def test_the_sheet_is_for_a4_and_breaks_no_card() -> None:
    html = page(Card(svg(LINK, LOOK), "a", "link"), size_mm=52.5)
    assert "size: A4" in html
    assert "break-inside: avoid" in html
    assert "svg { display: block; width: 52.5mm" in html
