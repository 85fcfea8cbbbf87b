"""Welcome messages for customer groups (入群欢迎语), as doc 92366 has them."""

import msgspec


class Text(msgspec.Struct, frozen=True):
    """`%NICKNAME%` becomes the customer's name; at most 3000 bytes when added, 4000 when edited."""

    content: str


class Image(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two is sent; WeCom answers with `pic_url`."""

    media_id: str = ""
    pic_url: str = ""


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """At most 128 bytes of title, 512 of desc, 2048 of each address."""

    title: str
    url: str
    picurl: str = ""
    desc: str = ""


class MiniProgram(msgspec.Struct, frozen=True):
    """At most 64 bytes of title; all four are required when sending."""

    title: str
    appid: str
    page: str
    pic_media_id: str = ""


class Media(msgspec.Struct, frozen=True):
    """An uploaded file or video."""

    media_id: str


class WelcomeTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """The parts of one message: text, one other part, or both.

    Of several other parts only the first in this order counts.
    """

    text: Text | None = None
    image: Image | None = None
    link: Link | None = None
    miniprogram: MiniProgram | None = None
    file: Media | None = None
    video: Media | None = None
