"""What the source of the archive answered instead of a page, as an error that a person can act on."""

from wecrm.api import answers
from wecrm.api.endpoint import Endpoint
from wecrm.errors import ConfigError, Exit, TemporaryError, WecrmError
from wecrm.i18n import _
from wecrm.models.archive import CRASHED
from wecrm.models.archivepage import Page

PAGE = Endpoint("POST", "/cgi-bin/message/getchatdata", doc=91774, effect="read", secret="archive")
"""What the vendor's library calls for a page; wecrm itself never does."""


def of_page(code: int, page: Page | None, size: int) -> WecrmError:
    """The error for what came instead of a page of messages.

    Args:
        code: what the library returned.
        page: what its JSON says, if it is one.
        size: bytes of the body.
    """
    if page is not None:
        return _of_errcode(page.errcode, page.errmsg)
    if code == CRASHED:
        return TemporaryError(
            _("The archive library ends its process on a page, even when it is asked for one message."),
            _("Nothing is lost yet: the page is kept by WeCom until it is 5 days old."),
            _("Run `wecrm doctor`; take the newest library from WeCom's archive page and set archive.library."),
        )
    if code:
        return _of_errcode(code)
    return TemporaryError(
        _("WeCom's answer to the archive is no page ({n} bytes).", n=size),
        _("It is empty, cut off, or a proxy's own page."),
        _("Try again later; check the proxy of the archive with `wecrm doctor`. The cursor stays where it was."),
    )


def _of_errcode(code: int, errmsg: str = "") -> WecrmError:
    error = answers.error(PAGE, answers.Envelope(code, errmsg))
    if error.code is Exit.temporary:
        return TemporaryError(error.what, error.why, error.fix)
    if error.code is Exit.usage:
        return ConfigError(error.what, error.why, error.fix)
    return error
