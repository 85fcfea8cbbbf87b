"""Every error a person can meet, on one page, split by what the caller should do next.

The exit code is part of the class (docs/reference/exit-codes.md). An error has three parts: what
happened (with errcode and item), why, how to fix it. Secrets, tokens and customers' words never
enter one. Raise the narrowest; wrap foreign errors at the border with `from`.
"""

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """Exit codes of the process: what the caller should do next."""

    ok = 0
    internal = 1
    usage = 2
    partial = 3
    config = 4
    temporary = 5
    refused = 6
    safety = 7
    integrity = 9
    changes = 10
    locked = 11
    deadline = 12
    interrupt = 130
    terminate = 143


SEVERITY = (
    Exit.interrupt,
    Exit.terminate,
    Exit.integrity,
    Exit.internal,
    Exit.safety,
    Exit.config,
    Exit.refused,
    Exit.temporary,
    Exit.locked,
    Exit.deadline,
    Exit.partial,
    Exit.usage,
    Exit.changes,
    Exit.ok,
)
"""Most severe first: which code wins when several apply."""


def most_severe(codes: "list[Exit]") -> Exit:
    """The code that stands for several outcomes; `ok` for none."""
    return min(codes, key=SEVERITY.index, default=Exit.ok)


class WecrmError(Exception):
    """Something the caller must know: what happened, why, how to fix it."""

    exit: ClassVar[Exit] = Exit.internal

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    @property
    def code(self) -> Exit:
        """The exit code of this very error (an API error's depends on its errcode)."""
        return self.exit


class UsageError(WecrmError):
    """A wrong flag, a wrong file, a missing answer: change the command."""

    exit = Exit.usage


class PartialError(WecrmError):
    """Finished, but some rows failed or are unknown: read the result file."""

    exit = Exit.partial


class ConfigError(WecrmError):
    """Secret, token, corp id, trusted IP, a database in the wrong place: a person must act."""

    exit = Exit.config


class TemporaryError(WecrmError):
    """Network, a busy server, a rate lock: state is safe, retry later."""

    exit = Exit.temporary


class RefusedError(WecrmError):
    """Permission, visible range, licence: act in the admin console."""

    exit = Exit.refused


class SafetyError(WecrmError):
    """A threshold, a stale, used or altered plan, another corp, a shrunken source: look first."""

    exit = Exit.safety


class IntegrityError(WecrmError):
    """A damaged database, a gap in the archive, a hash that does not match."""

    exit = Exit.integrity


class LockedError(WecrmError):
    """Another run holds the lock."""

    exit = Exit.locked


class DeadlineError(WecrmError):
    """`--max-runtime` is reached; everything done so far is kept and can be resumed."""

    exit = Exit.deadline


class InterruptedRun(WecrmError):
    """Ctrl-C: stopped cleanly, can be resumed."""

    exit = Exit.interrupt


class TerminatedRun(WecrmError):
    """SIGTERM: stopped cleanly, can be resumed."""

    exit = Exit.terminate


class ApiError(WecrmError):
    """WeCom answered with an errcode that retrying does not mend.

    `errcode` decides; `errmsg` is only shown (its hint is what Tencent's support asks for, and
    stands in `hint`). The exit code comes from the reaction table (`api/errcodes.py`).
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        *,
        errcode: int,
        errmsg: str = "",
        hint: str = "",
        path: str = "",
        code: Exit = Exit.refused,
    ) -> None:
        super().__init__(what, why, fix)
        self.errcode = errcode
        self.errmsg = errmsg
        self.hint = hint
        self.path = path
        self._code = code

    @property
    def code(self) -> Exit:
        return self._code


class UnansweredError(TemporaryError):
    """A write was sent and no answer was read: read back before repeating it."""
