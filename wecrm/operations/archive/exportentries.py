"""One archived message as an export holds it: an entry of a page or a row, its media files copied beside."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Final
from urllib.parse import quote

from wecrm.errors import IntegrityError
from wecrm.files.archivepages import Entry, Line
from wecrm.files.atomic import replacing
from wecrm.files.tables import moment
from wecrm.i18n import _
from wecrm.models import chatlines
from wecrm.models import message as messages
from wecrm.models.message import MediaRef
from wecrm.models.table import Cell, Column
from wecrm.store.archive import conversations
from wecrm.store.archive.conversations import Kept, Said
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.people import Speakers

_PICTURES: Final = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "gif": "gif"}

MEDIA: Final = "media"
"""The folder of an export where media files lie."""


@dataclass(slots=True)
class Copies:
    """Media files of an export: put into pages, or copied into its folder, each once.

    `embed`: pictures of at most so many bytes go into the page. `wanted` False: none is copied or embedded.
    `missing` counts mentions of files that were never fetched, `broken` names damaged ones.
    """

    files: MediaFiles
    folder: Path
    embed: int
    wanted: bool = True
    copied: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    missing: int = 0

    def copy(self, path: str) -> str:
        """Copy the file of that name; its path in the export, "" when it is missing or damaged."""
        name = Path(path).name
        if name in self.copied:
            return f"{MEDIA}/{name}"
        if not self.wanted or name in self.broken:
            return ""
        try:
            target = self.folder / MEDIA
            target.mkdir(mode=0o700, exist_ok=True)
            with replacing(target / name) as stream:
                for piece in self.files.checked(path):
                    stream.write(piece)
        except IntegrityError:
            self.broken.add(name)
            return ""
        self.copied.add(name)
        return f"{MEDIA}/{name}"

    def picture(self, path: str) -> str:
        """The picture as an address that holds it; "" when it is too large, no picture, or damaged."""
        kind = _PICTURES.get(Path(path).suffix.lstrip("."))
        if kind is None or not self.wanted or Path(path).name in self.broken:
            return ""
        held = bytearray()
        try:
            for piece in self.files.checked(path):
                held += piece
                if len(held) > self.embed:
                    return ""
        except IntegrityError:
            self.broken.add(Path(path).name)
            return ""
        return f"data:image/{kind};base64,{b64encode(held).decode()}"


def entries(said: Iterator[Said], speakers: Speakers, copies: Copies, up: str, tz: tzinfo) -> Iterator[Entry]:
    """Messages as they stand on a page; `up` leads from it to the folder of the export."""
    day = ""
    for one in said:
        message = conversations.message(one)
        at = moment(one.msgtime / 1000, tz) if one.msgtime else None
        today = f"{at:%Y-%m-%d}" if at else _("no time")
        back = moment(one.revoked_at, tz) if one.revoked_at is not None else None
        yield Entry(
            one.id,
            today if today != day else "",
            f"{at:%H:%M}" if at else "",
            speakers.name(message.sender),
            "right" if message.sender in speakers.right else "left",
            message.msgtype in chatlines.EVENTS,
            _("[taken back at {time}]", time=f"{back:%Y-%m-%d %H:%M}") if back else "",
            tuple(_line(each, one, copies, up) for each in chatlines.lines(message)),
        )
        day = today


def _line(each: chatlines.Line, one: Said, copies: Copies, up: str) -> Line:
    kept = _kept(one, each.file)
    if kept is None:
        return Line(each.kind, each.text, each.depth)
    picture = copies.picture(kept.path) if kept.path else ""
    href = copies.copy(kept.path) if kept.path and not picture else ""
    note = "" if picture or href else _note(kept, copies)
    return Line(each.kind, each.text, each.depth, picture, quote(f"{up}{href}") if href else "", note)


def _kept(one: Said, file: MediaRef | None) -> Kept | None:
    if file is None:
        return None
    found = (kept for kept in one.files if kept.sdkfileid == file.sdkfileid)
    return next(found, Kept(file.sdkfileid, "wanted", ""))


def _note(kept: Kept, copies: Copies) -> str:
    """Why a file is not there."""
    if not kept.path:
        copies.missing += 1
        return _("(never fetched)")
    return _("(missing or damaged in the archive)") if copies.wanted else _("(left out)")


def columns() -> tuple[Column, ...]:
    """Columns of `row`; the last holds the message as it was, for programs."""
    return (
        Column("at", _("Time"), "time"),
        Column("sender", _("From"), "id"),
        Column("sender_name", _("Name")),
        Column("msgtype", _("Type")),
        Column("summary", _("Message")),
        Column("text", _("Text")),
        Column("revoked_at", _("Taken back"), "time"),
        Column("files", _("Files"), "list"),
        Column("msgid", _("Message id"), "id"),
        Column("seq", _("Seq"), "id"),
        Column("id", _("Record"), "int"),
        Column("raw", _("As WeCom sent it")),
    )


def row(one: Said, names: Mapping[str, str], copies: Copies) -> tuple[Cell, ...]:
    """One message as cells; files are copied, and named by their path in the export or by why they are not there."""
    message = conversations.message(one)
    files = tuple((copies.copy(kept.path) if kept.path else "") or _note(kept, copies) for kept in one.files)
    return (
        one.msgtime / 1000 if one.msgtime else None,
        message.sender,
        names.get(message.sender, ""),
        message.msgtype,
        messages.summary(message),
        messages.searchable(message),
        one.revoked_at,
        files,
        one.msgid,
        one.seq,
        one.id,
        one.raw.decode("utf-8", "replace"),
    )
