"""What the content of an archived message is made of, whatever its type."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from wecrm.i18n import _

STORABLE_MAX = 2**63 - 1
"""The largest whole number that a database keeps as one."""

_DEPTH_MAX = 12
_FOUND_MAX = 2000  # texts or files taken from content of a type that is not known


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file that a message carries, also deep inside: what the archive gives to fetch and check it by.

    `kind` is the type of the part that carries it (`image`, `file` …), `extension` small letters and digits without
    a dot ("" where nothing tells), `name` as its sender wrote it (hostile; "" for what has none), `size` in bytes.
    """

    sdkfileid: str
    kind: str
    extension: str
    name: str
    size: int | None
    md5: str


class Body(msgspec.Struct, frozen=True):
    """The content of one message or of one item of a bundle. What is missing has a default."""

    label: ClassVar[str] = ""
    """What a person calls it, as `[link]`: the id of a sentence."""

    def texts(self) -> Iterator[str]:
        """Every text that a person would look for."""
        return iter(())

    def files(self) -> Iterator[MediaRef]:
        """The files it carries."""
        return iter(())

    def line(self) -> str:
        """It in one line: the label and its texts."""
        return " ".join((_(self.label), *filter(None, self.texts())))


class Other(Body, frozen=True):
    """Content of a type that is not known, or whose fields no document names: kept and searched as it is."""

    kind: str = ""
    value: Any = None

    def texts(self) -> Iterator[str]:
        for name, text in _strings(self.value):
            if name not in ("sdkfileid", "md5sum"):
                yield text

    def files(self) -> Iterator[MediaRef]:
        for part in _objects(self.value):
            fileid, name = part.get("sdkfileid"), part.get("filename")
            if isinstance(fileid, str) and fileid:
                name = name if isinstance(name, str) else ""
                size, md5 = part.get("filesize"), part.get("md5sum")
                yield MediaRef(
                    fileid,
                    self.kind,
                    extension(name),
                    name,
                    bytes_of(size) if type(size) is int else None,
                    md5 if isinstance(md5, str) else "",
                )

    def line(self) -> str:
        return " ".join((f"[{self.kind}]", *filter(None, self.texts())))


def extension(name: str) -> str:
    """What stands after the last dot of a file's name, if it could be an extension; else ""."""
    end = name.rpartition(".")[2].strip().lower() if "." in name else ""
    return end if end.isascii() and end.isalnum() and len(end) <= 10 else ""


def bytes_of(size: int | None) -> int | None:
    """A size that can be one, else None."""
    return size if size is not None and 0 <= size <= STORABLE_MAX else None


def amount(size: int | None) -> str:
    """Bytes for a person, as `70 KB`; "" for None."""
    if size is None:
        return ""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= one:
            return f"{size / one:.0f} {unit}" if size >= 10 * one else f"{size / one:.1f} {unit}".replace(".0", "")
    return f"{size} B"


def span(seconds: int | None) -> str:
    """A length of time for a person: `9 s`, `1:48`, `2:03:00`; "" for None or nonsense."""
    if seconds is None or not 0 <= seconds < 10**7:
        return ""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    for part in _objects(value):
        for name, each in part.items():
            for text in each if isinstance(each, list) else (each,):
                if isinstance(text, str) and text:
                    yield name, text


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in there, outermost first; bounded in depth and number."""
    waiting, found = [(0, value)], 0
    while waiting and found < _FOUND_MAX:
        depth, each = waiting.pop(0)
        found += 1
        if isinstance(each, dict):
            yield each
            each = list(each.values())
        if isinstance(each, list) and depth < _DEPTH_MAX:
            waiting += [(depth + 1, inner) for inner in each[:_FOUND_MAX] if isinstance(inner, (dict, list))]
