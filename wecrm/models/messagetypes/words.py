"""Types of archived messages that are words: said, forwarded, pointed at."""

from collections.abc import Iterator

import msgspec

from wecrm.i18n import _
from wecrm.models.messagetypes.body import Body

QUOTES = "这是一条引用/回复消息："
"""The first line of a text that replies to another message."""

_RULE = "\n------\n"
_MARKS = "\"'“”「」"


class Text(Body, frozen=True):
    """`text`: said; a reply carries what it replies to inside its one string."""

    content: str = ""

    def texts(self) -> Iterator[str]:
        yield self.content

    def quote(self) -> tuple[str, str] | None:
        """(what is quoted, the reply) of a reply; None for any other text."""
        if not self.content.startswith(QUOTES[:-1]):
            return None
        rest = self.content[len(QUOTES) :].lstrip("\n")
        at = max(rest.rfind(mark + _RULE) + len(mark) for mark in ('"', "”", "」"))
        at = at if rest.startswith(_RULE, at) else rest.find(_RULE)
        return (rest[:at].strip().strip(_MARKS).strip(), rest[at + len(_RULE) :]) if at >= 0 else None

    def line(self) -> str:
        if quoted := self.quote():
            return _("{reply} (in reply to: {quoted})", reply=quoted[1], quoted=quoted[0])
        return self.content


class Markdown(Body, frozen=True):
    """`markdown`: so far only robots send it."""

    content: str = ""

    def texts(self) -> Iterator[str]:
        yield self.content

    def line(self) -> str:
        return self.content


class Link(Body, frozen=True):
    """`link`."""

    label = "[link]"
    title: str = ""
    description: str = ""
    link_url: str = ""
    image_url: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.description, self.link_url)


class Weapp(Body, frozen=True):
    """`weapp`: a mini program; `username` ends with @app."""

    label = "[mini program]"
    title: str = ""
    description: str = ""
    username: str = ""
    displayname: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.displayname, self.title, self.description)


class Card(Body, frozen=True):
    """`card`: somebody's visiting card; a userid or an external_userid."""

    label = "[card]"
    corpname: str = ""
    userid: str = ""
    external_userid: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.corpname, self.userid or self.external_userid)


class Location(Body, frozen=True):
    """`location`: degrees."""

    label = "[location]"
    longitude: float = 0.0
    latitude: float = 0.0
    address: str = ""
    title: str = ""
    zoom: int = 0

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.address)


class Sphfeed(Body, frozen=True):
    """`sphfeed` (视频号): feed_type 2 image, 4 video, 9 live."""

    label = "[channels]"
    feed_type: int = 0
    sph_name: str = ""
    feed_desc: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.sph_name, self.feed_desc)


class Doc(Body, frozen=True):
    """`docmsg`: an online document."""

    label = "[document]"
    title: str = ""
    link_url: str = ""
    doc_creator: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.link_url)


class Disk(Body, frozen=True):
    """`qydiskfile` (微盘): the name of a file that the archive does not give."""

    label = "[WeDrive file]"
    filename: str = ""

    def texts(self) -> Iterator[str]:
        yield self.filename


class Article(msgspec.Struct, frozen=True):
    """One article of a `news`."""

    title: str = ""
    description: str = ""
    url: str = ""
    picurl: str = ""

    def texts(self) -> Iterator[str]:
        """What a person would look for."""
        yield from (self.title, self.description, self.url)


class News(Article, Body, frozen=True):
    """`news`: articles; until 2025 one stood flat in its place."""

    label = "[article]"
    item: tuple[Article, ...] = ()

    def texts(self) -> Iterator[str]:
        yield from Article.texts(self)
        for each in self.item:
            yield from each.texts()
