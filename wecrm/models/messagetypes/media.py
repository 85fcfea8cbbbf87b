"""Types of archived messages that carry a file. Extensions and size fields as WeCom's page 91774 has them."""

from collections.abc import Iterator

import msgspec

from wecrm.i18n import _
from wecrm.models.messagetypes.body import Body, MediaRef, amount, bytes_of, extension, span


class Image(Body, frozen=True):
    """`image`: a JPEG unless its first bytes say otherwise."""

    sdkfileid: str = ""
    md5sum: str = ""
    filesize: int | None = None

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            yield MediaRef(self.sdkfileid, "image", "jpg", "", bytes_of(self.filesize), self.md5sum)

    def line(self) -> str:
        return _("[image] {size}", size=amount(bytes_of(self.filesize))).rstrip()


class Voice(Body, frozen=True):
    """`voice`: `play_length` in seconds."""

    sdkfileid: str = ""
    md5sum: str = ""
    voice_size: int | None = None
    play_length: int | None = None

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            yield MediaRef(self.sdkfileid, "voice", "amr", "", bytes_of(self.voice_size), self.md5sum)

    def line(self) -> str:
        return _("[voice] {length}", length=span(self.play_length)).rstrip()


class Video(Body, frozen=True):
    """`video`: `play_length` in seconds."""

    sdkfileid: str = ""
    md5sum: str = ""
    filesize: int | None = None
    play_length: int | None = None

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            yield MediaRef(self.sdkfileid, "video", "mp4", "", bytes_of(self.filesize), self.md5sum)

    def line(self) -> str:
        size, length = amount(bytes_of(self.filesize)), span(self.play_length)
        return " ".join(_("[video] {length} {size}", length=length, size=size).split())


class Emotion(Body, frozen=True):
    """`emotion`: a sticker; type 1 gif, 2 png."""

    label = "[sticker]"
    type: int = 0
    width: int = 0
    height: int = 0
    imagesize: int | None = None
    sdkfileid: str = ""
    md5sum: str = ""

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            kind = {1: "gif", 2: "png"}.get(self.type, "")
            yield MediaRef(self.sdkfileid, "emotion", kind, "", bytes_of(self.imagesize), self.md5sum)


class File(Body, frozen=True):
    """`file`: `fileext` without a dot; absent at times, then the name tells."""

    sdkfileid: str = ""
    md5sum: str = ""
    filename: str = ""
    fileext: str = ""
    filesize: int | None = None

    def texts(self) -> Iterator[str]:
        yield self.filename

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            found = extension(f".{self.fileext.lstrip('.')}") or extension(self.filename)
            yield MediaRef(self.sdkfileid, "file", found, self.filename, bytes_of(self.filesize), self.md5sum)

    def line(self) -> str:
        return _("[file] {name} {size}", name=self.filename, size=amount(bytes_of(self.filesize))).rstrip()


class Demonstrated(msgspec.Struct, frozen=True):
    """A document that was shown in a call; seconds."""

    filename: str = ""
    demooperator: str = ""
    starttime: int = 0
    endtime: int = 0


class Shared(msgspec.Struct, frozen=True):
    """A screen that was shared in a call; seconds."""

    share: str = ""
    starttime: int = 0
    endtime: int = 0


class Recording(Body, frozen=True):
    """`meeting_voice_call` (音频存档): a recorded meeting and what was shown in it; its id stands beside it."""

    label = "[recorded meeting]"
    endtime: int = 0
    sdkfileid: str = ""
    demofiledata: tuple[Demonstrated, ...] = ()
    sharescreendata: tuple[Shared, ...] = ()

    def texts(self) -> Iterator[str]:
        for each in self.demofiledata:
            yield each.filename

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            yield MediaRef(self.sdkfileid, "meeting_voice_call", "mp4", "", None, "")


class SharedDoc(Body, frozen=True):
    """`voip_doc_share`: a document shared in a call; the call's id stands beside the content."""

    filename: str = ""
    md5sum: str = ""
    filesize: int | None = None
    sdkfileid: str = ""

    def texts(self) -> Iterator[str]:
        yield self.filename

    def files(self) -> Iterator[MediaRef]:
        if self.sdkfileid:
            found = extension(self.filename)
            size = bytes_of(self.filesize)
            yield MediaRef(self.sdkfileid, "voip_doc_share", found, self.filename, size, self.md5sum)

    def line(self) -> str:
        return _("[shared in a call] {name} {size}", name=self.filename, size=amount(bytes_of(self.filesize))).rstrip()
