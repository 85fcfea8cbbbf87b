"""Every page, by the path of its API."""

from collections.abc import Mapping
from typing import Final

from wecrm.sandbox.pages import codes, moves, people
from wecrm.sandbox.pages.schemas import Page

PAGES: Final[Mapping[str, Page]] = {
    f"/cgi-bin/{path}": page for module in (people, codes, moves) for path, page in module.PAGES.items()
}
