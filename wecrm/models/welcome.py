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


class LinkEntry(Link, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A link as people write it."""


class MiniProgramEntry(MiniProgram, frozen=True, forbid_unknown_fields=True):
    """A mini program as people write it."""


class WelcomeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One template in the file of live codes. `name` is ours and unique; `was` the name it had before a rename.

    `image` is an address that WeCom gave for a picture, or a media_id; `file` and `video` are media_ids.
    `notify`: when it is made, WeCom tells the members. `id` takes over a template that exists: its template_id.
    """

    name: str
    was: str = ""
    id: str = ""
    text: str = ""
    image: str = ""
    link: LinkEntry | None = None
    miniprogram: MiniProgramEntry | None = None
    file: str = ""
    video: str = ""
    notify: bool = False


PARTS = ("image", "link", "miniprogram", "file", "video")
"""The parts beside the text, in the order in which WeCom takes the first."""


def template(entry: WelcomeEntry) -> WelcomeTemplate:
    """What an entry asks WeCom for."""
    address = entry.image.startswith(("http://", "https://"))
    return WelcomeTemplate(
        Text(entry.text) if entry.text else None,
        (Image(pic_url=entry.image) if address else Image(entry.image)) if entry.image else None,
        entry.link,
        entry.miniprogram,
        Media(entry.file) if entry.file else None,
        Media(entry.video) if entry.video else None,
    )


def as_shown(entry: WelcomeEntry, shown: WelcomeTemplate) -> WelcomeEntry:
    """`entry` with the parts that WeCom shows in the place of its own."""
    plain = msgspec.to_builtins(shown)
    fields = {name: getattr(entry, name) for name in ("name", "was", "id", "notify")}
    if shown.text:
        fields["text"] = shown.text.content
    for part in PARTS:
        if found := plain.get(part):
            whole = part in ("link", "miniprogram")
            fields[part] = found if whole else found.get("pic_url") or found.get("media_id", "")
            break
    return msgspec.convert(fields, WelcomeEntry)


def shows(entry: WelcomeEntry, shown: WelcomeTemplate) -> bool:
    """Whether WeCom shows what the entry asks for; a picture sent by media_id comes back with an address."""
    wanted, there = template(entry), template(as_shown(entry, shown))
    if wanted.image and wanted.image.media_id and there.image:
        wanted = msgspec.structs.replace(wanted, image=there.image)
    return wanted == there
