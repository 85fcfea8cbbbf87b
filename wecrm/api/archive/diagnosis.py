"""What is behind 10001: the library says it for a broken network and for every refusal of gettoken alike."""

from collections.abc import Callable

from wecrm.api.client import Client
from wecrm.errors import ApiError, ConfigError, Exit, TemporaryError, WecrmError
from wecrm.i18n import _

WRONG_SECRET = 40001

STOPPING = (Exit.interrupt, Exit.terminate, Exit.deadline)


def explain(connect: Callable[[], Client]) -> WecrmError:
    """What WeCom says to an own gettoken with the archive's secret, or where else to look when it grants one.

    Args:
        connect: makes a connection with that secret through the library's proxy.

    Raises:
        WecrmError: the run's own end.
    """
    try:
        client = connect()
    except ConfigError as error:  # socks5, which the HTTP library may not know
        return TemporaryError(
            _("The archive library can't reach WeCom, or got no token (errcode 10001)."),
            _("No token could be asked for through the archive's proxy: {why}", why=error.what),
            _("Check corp_id, secrets.archive, and archive.proxy with its password."),
        )
    try:
        client.check_token("archive", anew=True)
    except WecrmError as error:
        if error.code in STOPPING:
            raise
        if isinstance(error, ApiError) and error.errcode == WRONG_SECRET:
            error.fix = _(
                "Copy the archive's own secret (Admin console → 管理工具 → 会话内容存档 → Secret) to where "
                "secrets.archive refers to, then run `wecrm doctor --retry-secrets`."
            )
        return error
    return TemporaryError(
        _("The archive library can't reach WeCom (errcode 10001), though WeCom grants wecrm a token."),
        _(
            "Corp id and secret are right, so it is the library's own way: a break that is over, a proxy that "
            "refuses this program, or an answer slower than archive.timeout_s."
        ),
        _("Run it again; if it returns, raise archive.timeout_s, lower archive.page, and check archive.proxy."),
    )
