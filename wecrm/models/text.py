"""Text from strangers, made safe to show."""

import re
import unicodedata

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls, escapes
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, line and direction marks
    "\ud800-\udfff]"  # halves of broken pairs
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


def _spell(match: re.Match[str]) -> str:
    char = match.group()
    return _NAMED.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}")


def visible(text: str) -> str:
    """`text` with control characters, escapes and direction marks spelled out, so none is obeyed."""
    return _UNSEEN.sub(_spell, text)


def folded(text: str) -> str:
    """`text` for comparing what people type: width, case and outer spaces do not count."""
    return unicodedata.normalize("NFKC", text).casefold().strip()
