"""Every errcode of WeCom that wecrm knows: what it means and what to do about it.

The client decides by `find(errcode).reaction`; `wecrm explain` prints the same line. To add a code
write one line in the table of its subject:

- `errcodes_access`: load, tokens, secrets, IPs
- `errcodes_permissions`: permission, visible range, licences
- `errcodes_parameters`: malformed requests, media, texts
- `errcodes_directory`: members, departments, batch jobs
- `errcodes_customers`: customers, tags, transfers, groups
- `errcodes_livecodes`: contact ways, acquisition links, welcome messages, group sends
- `errcodes_moments`: moments, products, sensitive words, calendar, app messages
- `errcodes_archive`: the archive and the return codes of its native library
- `errcodes_service`: 微信客服
"""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from wecrm.api import (
    errcodes_access,
    errcodes_archive,
    errcodes_customers,
    errcodes_directory,
    errcodes_livecodes,
    errcodes_moments,
    errcodes_parameters,
    errcodes_permissions,
    errcodes_service,
)
from wecrm.api.errcodes_entry import Errcode, Reaction
from wecrm.errors import Exit

__all__ = ["LINES", "TABLE", "WAIT_WINDOW_S", "Errcode", "Reaction", "find"]

LINES: tuple[Errcode, ...] = tuple(
    chain(
        errcodes_access.LINES,
        errcodes_permissions.LINES,
        errcodes_parameters.LINES,
        errcodes_directory.LINES,
        errcodes_customers.LINES,
        errcodes_livecodes.LINES,
        errcodes_moments.LINES,
        errcodes_archive.LINES,
        errcodes_service.LINES,
    )
)
"""Every line as written; a test refuses two lines for one code."""

TABLE: Mapping[int, Errcode] = MappingProxyType({line.code: line for line in LINES})

WAIT_WINDOW_S: Mapping[str, int] = MappingProxyType({"minute": 60, "hour": 3600})
"""How long a block lasts, by the window that was exceeded (doc 90454)."""


def find(code: int) -> Errcode:
    """The line of `code`; an unknown code is recorded against its item and ends as refused."""
    return TABLE.get(code) or Errcode(
        code,
        Reaction.item,
        "This code is unknown to wecrm.",
        "未知错误码",
        "WeCom adds codes without notice, and the code may belong to a part that wecrm does not use.",
        "Read the message beside the code and give its hint to WeCom support (企业微信客服).",
        Exit.refused,
    )
