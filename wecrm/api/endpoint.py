"""What an API of WeCom is, as data."""

from dataclasses import dataclass
from typing import Literal

Effect = Literal["read", "same", "once"]
Secret = Literal["contact", "directory", "links", "archive"]

OPTIONAL: frozenset[Secret] = frozenset(("directory", "links"))
"""Purposes whose calls take the contact secret in a profile that has no secret for them."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One WeCom API.

    `doc` is the number of its official page (https://developer.work.weixin.qq.com/document/path/N),
    `secret` whose token it takes. `effect`: read · same (may be repeated, the end is the same) ·
    once (must be read back before it is repeated). `day_limit`: 45009 may mean that enough was done today, so
    it is told at once instead of waited for.
    """

    method: Literal["GET", "POST"]
    path: str
    doc: int
    effect: Effect
    secret: Secret = "contact"
    day_limit: bool = False

    @property
    def name(self) -> str:
        """The last parts of the path, as people say it: `externalcontact/mark_tag`."""
        return self.path.removeprefix("/cgi-bin/")


GETTOKEN = Endpoint("GET", "/cgi-bin/gettoken", doc=91039, effect="read")
