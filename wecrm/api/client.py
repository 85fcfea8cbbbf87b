"""Sending one call to WeCom and reacting to its errcode.

Apart from the heartbeat, the only file that knows the HTTP library. A call passes: budget → place in
flight → token → wire → envelope → reaction (`errcodes.py`). A write whose answer was not read is never
repeated here: it raises UnansweredError, and whoever asked reads back first.
"""

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import msgspec

from wecrm.api import answers
from wecrm.api.endpoint import GETTOKEN, OPTIONAL, Endpoint
from wecrm.api.errcodes import Reaction, find
from wecrm.api.limits import Budget, Gate, Limiter
from wecrm.api.tokens import Granted, Tokens
from wecrm.errors import ConfigError, SafetyError, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Run

logger = logging.getLogger(__name__)

T = TypeVar("T")

TRIES: Mapping[Reaction, int] = {Reaction.retry: 3, Reaction.slow: 8, Reaction.wait: 3, Reaction.refresh: 1}
"""How often a call is repeated for each reaction; any other reaction ends it at once."""

GETTOKEN_TRIES: Mapping[Reaction, int] = {
    Reaction.retry: 3,
    Reaction.slow: 3,
    Reaction.wait: 1,
    Reaction.refresh: 1,
}
"""The same for gettoken: a second 45009 means that this machine's IP is locked for an hour."""

WAIT_S = (60.0, 60.0, 3600.0)
"""Pauses of an API after 45009: its minute window twice, then its hour window (doc 90454)."""

WRONG_SECRET = 40001
"""So says gettoken. Any other call was let in by this secret a moment ago, and can only mean its token."""


class WSGIApp(Protocol):
    """Anything callable as WSGI; the sandbox mounted in process."""

    def __call__(self, environ: dict[str, Any], start_response: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach WeCom for one corp. `secrets` maps purpose → secret; times in seconds."""

    corp_id: str
    secrets: Mapping[str, str] = field(repr=False)
    cache: Path
    agentid: int | None = None
    """The app that the contact secret belongs to; notices come from it."""
    base_url: str = "https://qyapi.weixin.qq.com"
    proxy: str | None = None
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    budget: Budget = field(default_factory=Budget)
    parallel: int = 4
    parallel_max: int = 6
    dry_run: bool = False
    patient: bool = True
    """Whether a call sits out the block after 45009; without it, the block is told at once."""


class Client:
    """One corp's connection; safe for several threads. Close it when done."""

    def __init__(self, settings: Settings, run: Run, app: WSGIApp | None = None) -> None:
        self.settings = settings
        self.run = run
        self.sent: Counter[str] = Counter()
        self.dated = ""
        """The newest `Date` header, to compare clocks with; "" when none came."""
        self._http = _http(settings, app)
        self._limiter = Limiter(settings.cache, settings.corp_id, settings.budget, run.clock.now)
        self._tokens = Tokens(settings.cache, settings.corp_id, settings.secrets, run.clock, self._gettoken)
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def call(
        self,
        endpoint: Endpoint,
        reply: type[T],
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        decode: "Callable[[bytes], T] | None" = None,
    ) -> T:
        """The decoded answer of one call, after the waits and repeats its errcode asks for.

        Raises:
            ApiError: an errcode that repeating does not mend.
            TemporaryError: WeCom stayed busy, locked or out of reach.
            UnansweredError: a write was sent and its answer could not be read.
        """
        if self.settings.dry_run and endpoint.effect != "read":
            raise SafetyError(_("A dry run does not call {api}.", api=endpoint.name))
        tries: Counter[Reaction] = Counter()
        token = self._token(endpoint)
        while True:
            try:
                content = self._send(endpoint, token, params, body)
                answer = answers.decode(content, answers.Envelope)
                if answer.errcode == 0:
                    self._gate(endpoint.path).calm()
                    return decode(content) if decode else answers.decode(content, reply)
            except answers.Unread as error:
                if endpoint.effect != "read":
                    raise answers.unanswered(endpoint, error) from error
                answer = answers.Envelope(-1, f"{answers.UNREAD}{error}")
            reaction = Reaction.refresh if answer.errcode == WRONG_SECRET else find(answer.errcode).reaction
            tries[reaction] += 1
            if tries[reaction] > self._allowed(TRIES, reaction, endpoint):
                if reaction is Reaction.wait and not endpoint.day_limit:
                    self._limiter.block(endpoint.path, WAIT_S[0])
                raise answers.error(endpoint, answer, self._secret(endpoint))
            if reaction is Reaction.retry and endpoint.effect == "once":
                self._pause(endpoint, reaction, tries[reaction], answer)
                raise answers.unanswered(endpoint, f"errcode {answer.errcode}")
            if reaction is Reaction.refresh:
                token = self._tokens.renew(self._secret(endpoint), ended=token)
            else:
                self._pause(endpoint, reaction, tries[reaction], answer)

    def pages(
        self,
        endpoint: Endpoint,
        reply: type[T],
        *,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str | int] | None = None,
        decode: "Callable[[bytes], T] | None" = None,
    ) -> Iterator[T]:
        """Answers page by page; ends at an empty or absent `next_cursor`, never at a short page.

        The cursor goes into `body` where there is one, else into `params` from the second page on.
        """
        cursor = ""
        seen: set[str] = set()
        while True:
            sent = None if body is None else {**body, "cursor": cursor}
            query = {**(params or {}), "cursor": cursor} if cursor and body is None else params
            page = self.call(endpoint, reply, params=query, body=sent, decode=decode)
            yield page
            cursor = getattr(page, "next_cursor", "") or ""
            if not cursor:
                return
            if cursor in seen:
                raise TemporaryError(
                    _("WeCom sent the same page cursor twice for {api}.", api=endpoint.name),
                    _("Following it would never end."),
                    _("Run the command again; nothing of this pass counts as complete."),
                )
            seen.add(cursor)
            self.run.check()

    def download(self, url: str, most: int) -> bytes:
        """What a public address holds, of at most `most` bytes; no token is sent, no redirect followed.

        Raises:
            TemporaryError: no answer, another HTTP status than 200, or more bytes.
        """
        content = b""
        try:
            with self._http.stream("GET", url) as response:
                reason = "" if response.status_code == 200 else f"HTTP {response.status_code}"
                for piece in () if reason else response.iter_bytes():
                    content += piece
                    if len(content) > most:
                        reason = f"> {most:,} bytes"
                        break
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = type(error).__name__
        if reason:
            raise TemporaryError(
                _("A file of WeCom could not be fetched."),
                _("The network, a proxy on the way, or WeCom itself ({reason}).", reason=reason),
                _("Try again; the host of the address must be reachable, through the profile's proxy if there is one."),
            )
        return content

    def pool(self) -> ThreadPoolExecutor:
        """Threads for calls side by side; the gate of each API decides how many are really in flight."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.settings.parallel_max, thread_name_prefix="call")
        return self._pool

    def check_token(self, kind: str, *, anew: bool = False) -> None:
        """Make sure that WeCom grants a token for this secret; raises as `call` does.

        Args:
            anew: ask WeCom even if a token is known; a secret that it refused before is still not repeated.
        """
        token = self._tokens.get(kind)
        if anew:
            self._tokens.renew(kind, ended=token)

    def forget_refusals(self) -> None:
        """Let secrets that WeCom refused before be tried again."""
        self._tokens.forget_refusals()

    def close(self) -> None:
        """End the threads and connections; calls in flight are waited for, waiting ones dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()
        self._limiter.close()

    def _token(self, endpoint: Endpoint) -> str:
        return self._tokens.get(self._secret(endpoint))

    def _secret(self, endpoint: Endpoint) -> str:
        """The purpose whose token is sent: a profile without a secret for an optional one uses its app's."""
        known = endpoint.secret in self.settings.secrets
        return "contact" if endpoint.secret in OPTIONAL and not known else endpoint.secret

    def _gettoken(self, kind: str) -> Granted:
        params = {"corpid": self.settings.corp_id, "corpsecret": self.settings.secrets[kind]}
        tries = 0
        while True:
            try:
                content = self._send(GETTOKEN, "", params, None)
                answer = answers.decode(content, answers.Envelope)
                if answer.errcode == 0:
                    return answers.decode(content, Granted)
            except answers.Unread as error:
                answer = answers.Envelope(-1, f"{answers.UNREAD}{error}")
            tries += 1
            reaction = find(answer.errcode).reaction
            if tries > self._allowed(GETTOKEN_TRIES, reaction, GETTOKEN):
                raise answers.error(GETTOKEN, answer, kind)
            self._pause(GETTOKEN, reaction, tries, answer)

    def _allowed(self, tries: Mapping[Reaction, int], reaction: Reaction, endpoint: Endpoint) -> int:
        patient = self.settings.patient and not endpoint.day_limit
        return tries.get(reaction, 0) if patient or reaction is not Reaction.wait else 0

    def _gate(self, path: str) -> Gate:
        with self._lock:
            if path not in self._gates:
                self._gates[path] = Gate(self.settings.parallel, self.settings.parallel_max)
            return self._gates[path]

    def _send(
        self,
        endpoint: Endpoint,
        token: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, object] | None,
    ) -> bytes:
        query = {**(params or {}), **({"access_token": token} if token else {})}
        content = None if body is None else msgspec.json.encode(body)
        with self._gate(endpoint.path).entered():
            with self._gate(endpoint.path).line:  # one waits for the budget, the others for their turn
                while (wait := self._limiter.take(endpoint.path)) > 0:
                    self.run.sleep(wait)
            self.sent[endpoint.path] += 1
            try:
                response = self._http.request(endpoint.method, endpoint.path, params=query, content=content)
            except (httpx.TransportError, httpx.DecodingError, OSError) as error:
                raise answers.Unread(type(error).__name__) from None
        self.dated = response.headers.get("date", "")
        logger.debug(
            "%s %s → HTTP %d, %d bytes",
            endpoint.method,
            endpoint.path,
            response.status_code,
            len(response.content),
        )
        if response.status_code != 200:
            raise answers.Unread(f"HTTP {response.status_code}")
        return response.content

    def _pause(self, endpoint: Endpoint, reaction: Reaction, tries: int, answer: answers.Envelope) -> None:
        logger.info("%s: errcode %d, %s, try %d", endpoint.name, answer.errcode, reaction.value, tries)
        if reaction is Reaction.wait:
            self._limiter.block(endpoint.path, WAIT_S[min(tries, len(WAIT_S)) - 1])
            return  # the next try waits in the limiter, as every process does
        if reaction is Reaction.slow:
            self._gate(endpoint.path).crowded()
        self.run.sleep(min(30.0, 0.5 * 2**tries) * random.uniform(0.5, 1.0))  # noqa: S311


def _http(settings: Settings, app: WSGIApp | None) -> httpx.Client:
    try:
        return _opened(settings, app)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigError(
            _("The profile's base_url or proxy can't be used."),
            type(error).__name__,
            _("Write them like https://qyapi.weixin.qq.com and http://host:port."),
        ) from None


def _opened(settings: Settings, app: WSGIApp | None) -> httpx.Client:
    timeout = httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if app is not None:
        return httpx.Client(base_url=settings.base_url, transport=httpx.WSGITransport(app=app), headers=headers)
    return httpx.Client(
        base_url=settings.base_url,
        timeout=timeout,
        headers=headers,
        proxy=settings.proxy,
        trust_env=False,
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
    )
