"""Calls of which one may fail without the others being in vain."""

from collections.abc import Callable
from typing import TypeVar

from wecrm.errors import ApiError, Exit, TemporaryError

T = TypeVar("T")
Failure = ApiError | TemporaryError

MAY_NOT = 48002

WRONG_DAYS = 40058
"""A wrong parameter: of statistics, days that WeCom does not have; then it refuses those of everybody."""


def answered(ask: Callable[[], T], *errcodes: int) -> T | ApiError | TemporaryError:
    """What a call answers, or why it failed; raised is what would fail every other call, too.

    Args:
        ask: makes the call.
        errcodes: those that concern this call alone, though they look like the others.
    """
    try:
        return ask()
    except ApiError as error:
        if error.errcode not in errcodes and (
            error.code in (Exit.config, Exit.temporary) or error.errcode in (MAY_NOT, WRONG_DAYS)
        ):
            raise
        return error
    except TemporaryError as error:
        return error
