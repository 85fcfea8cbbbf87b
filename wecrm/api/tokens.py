"""Access tokens: one per (corp, secret), cached in a 0600 file, shared by all processes.

Asked for under a lock that is checked again once held, refreshed once when WeCom says it ended,
never in a loop. A wrong secret (40001) is remembered until the secret changes, because repeating it
locks this machine's IP for an hour, for every corp (doc 91039).
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock

from wecrm.errors import ApiError, ConfigError
from wecrm.i18n import _
from wecrm.models.clock import Clock

logger = logging.getLogger(__name__)

MARGIN_S = 300
"""A token is not used in its last five minutes; one granted with less than ten left, in their second half."""

_REMEMBERED = (40001, 40013, 40091)


class Granted(msgspec.Struct, frozen=True):
    """Answer of gettoken (doc 91039); `expires_in` in seconds, normally 7200."""

    access_token: str
    expires_in: int


class _Kept(msgspec.Struct):
    token: str = ""
    until: float = 0.0
    refused: int = 0
    errmsg: str = ""


class Tokens:
    """The access tokens of one corp. `fetch(kind)` asks WeCom with that secret and raises ApiError when refused."""

    def __init__(
        self,
        folder: Path,
        corp_id: str,
        secrets: Mapping[str, str],
        clock: Clock,
        fetch: Callable[[str], Granted],
    ) -> None:
        self._folder = folder
        self._corp_id = corp_id
        self._secrets = secrets
        self._clock = clock
        self._fetch = fetch
        self._memory: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def get(self, kind: str) -> str:
        """A token that is valid for some minutes more, as far as we know.

        Raises:
            ConfigError: the profile has no secret of this kind.
            ApiError: WeCom refused the secret, now or earlier (40001 …).
        """
        with self._lock:
            kept = self._memory.get(kind)
            if kept is None or not self._usable(kept):
                kept = self._memory[kind] = self._renew(kind, ended="")
            return kept.token

    def renew(self, kind: str, ended: str) -> str:
        """A token other than `ended`, which WeCom just called expired or invalid."""
        with self._lock:
            kept = self._memory.get(kind)
            if kept is None or kept.token == ended:
                kept = self._memory[kind] = self._renew(kind, ended)
            return kept.token

    def forget_refusals(self) -> None:
        """Forget remembered wrong secrets, so that the next call asks WeCom again."""
        for kind in self._secrets:
            path = self._path(kind)
            if path.exists() and self._read(path).refused:
                path.unlink()

    def _usable(self, kept: _Kept) -> bool:
        return bool(kept.token) and self._clock.now() < kept.until

    def _renew(self, kind: str, ended: str) -> _Kept:
        path = self._path(kind)
        with self._locked(path):
            kept = self._read(path)
            if kept.refused:
                raise _remembered(kind, kept)
            if self._usable(kept) and kept.token != ended:
                return kept
            try:
                granted = self._fetch(kind)
            except ApiError as error:
                if error.errcode in _REMEMBERED:
                    self._write(path, _Kept(refused=error.errcode, errmsg=error.errmsg))
                raise
            logger.debug("new access token for secret %s, valid %d s", kind, granted.expires_in)
            left = granted.expires_in - min(MARGIN_S, granted.expires_in / 2)  # WeCom grants the old one till its end
            kept = _Kept(granted.access_token, self._clock.now() + left)
            self._write(path, kept)
            return kept

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{path}.lock", mode=0o600):
                yield
        except OSError as error:
            raise ConfigError(
                _("The cache folder {folder} can't be written.", folder=self._folder),
                str(error.strerror),
                _("Give this user a writable folder, or set WECRM_HOME to one."),
            ) from error

    def _path(self, kind: str) -> Path:
        secret = self._secrets.get(kind)
        if not secret:
            raise ConfigError(
                _("The profile has no secret for {kind}.", kind=kind),
                _("This call needs the access token of that secret."),
                _("Add secrets.{kind} to the profile; see config.example.yaml.", kind=kind),
            )
        name = hashlib.sha256(f"{self._corp_id}\0{secret}".encode()).hexdigest()[:24]
        return self._folder / f"token-{name}.json"

    @staticmethod
    def _read(path: Path) -> _Kept:
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # damaged: as if it were not there
            return _Kept()

    @staticmethod
    def _write(path: Path, kept: _Kept) -> None:
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)  # of a run that was killed; a link that stands there is not followed
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(msgspec.json.encode(kept))
        temporary.replace(path)


def _remembered(kind: str, kept: _Kept) -> ApiError:
    return ApiError(
        _(
            "WeCom refused the {kind} secret before (errcode {code}); it was not tried again.",
            kind=kind,
            code=kept.refused,
        ),
        _("Repeating a wrong secret locks this machine's IP for an hour, for every corp."),
        _("Correct the secret; after a change in the console alone: `wecrm doctor --retry-secrets`."),
        errcode=kept.refused,
        errmsg=kept.errmsg,
        path="/cgi-bin/gettoken",
        code=ConfigError.exit,
    )
