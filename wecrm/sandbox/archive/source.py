"""The archive as the vendor's library gives it, straight from a world: no port, no process, no library."""

import os
import signal
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from wecrm.sandbox import faults
from wecrm.sandbox.archive import cipher, media, records
from wecrm.sandbox.calls import Call, write_call
from wecrm.sandbox.exchange import Reply, Request, exchange
from wecrm.sandbox.faults import Fault
from wecrm.sandbox.identity import SECRETS
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.routes import GETTOKEN
from wecrm.sandbox.state import settling
from wecrm.sandbox.world import World

Opened = tuple[int, bytes]
Piece = tuple[int, bytes, str, bool]

GETCHATDATA: Final = "/cgi-bin/message/getchatdata"
GETCHATMEDIADATA: Final = "/cgi-bin/message/getchatmediadata"
BAD_ARGUMENT, NETWORK, NOT_PARSED, SYSTEM, BAD_FILE = 10000, 10001, 10002, 10003, 10005
BAD_KEY, BAD_ADDRESS, EXPIRED = 10008, 10009, 10010
CRASHED, TOO_SHORT = -1, -2
SHORTEST: Final = 13  # characters of encrypt_chat_msg; the vendor's library ends the process below
CRASHES: Final = "!crash"  # a ciphertext that begins so ends the library's process
STALE: Final = (40014, 42001)
HOST: Final = "127.0.0.1"


class WorldSource:
    """Pages, texts and media of a world's archive, with the library's return codes; nothing is raised.

    Args:
        world: whose archive.
        secret: the archive's.
    """

    def __init__(self, world: World, secret: str = SECRETS["archive"]) -> None:
        self._world = world
        self._secret = secret
        self._token = ""

    def page(self, seq: int, limit: int) -> Opened:
        """The JSON of up to `limit` (1 to 1000) records after `seq`; every body that HTTP brought is code 0."""
        if not (0 <= seq < 2**64 and 1 <= limit <= 1000):
            return BAD_ARGUMENT, b""
        code, body = self._page(seq, limit)
        if code == 0 and _errcode(body) in STALE:
            self._token = ""
            return self._page(seq, limit)
        return code, body

    def decrypt(self, pairs: Sequence[tuple[bytes, str]]) -> list[Opened]:
        """For each (opened encrypt_random_key, encrypt_chat_msg) the plaintext, in their order."""
        return [_decrypted(key, sealed) for key, sealed in pairs]

    def media(self, sdkfileid: str, index: str) -> Piece:
        """One piece (at most 512 KiB) of a media file; the first has index ""."""
        if not self._logged_in():
            return NETWORK, b"", "", False
        world = self._world
        with world.writing() as db:
            moment = world.tick()
            settling.settle(world, moment.now)
            fault = faults.draw(world, GETCHATMEDIADATA)
            answer = self._piece(sdkfileid, index, moment.now)
            write_call(
                db,
                Call(
                    moment.number, moment.now, GETCHATMEDIADATA, "archive", HOST, os.getpid(), None, False,
                    fault.name if fault else "", f"code {answer[0]}", "", b"",
                ),
            )  # fmt: skip
        if fault is not None:
            inside = NOT_PARSED if fault.kind in faults.ERRCODES else SYSTEM
            return self._struck(fault, inside=inside), b"", "", False
        return answer

    def close(self) -> None:
        """End it; the world goes on."""

    def _page(self, seq: int, limit: int) -> Opened:
        if not self._logged_in():
            return NETWORK, b""
        return self._ask(
            "POST", GETCHATDATA, f"access_token={self._token}", msgspec.json.encode({"seq": seq, "limit": limit})
        )

    def _logged_in(self) -> bool:
        """Get a token unless there is one; the library says no more of a gettoken that failed than 10001."""
        if not self._token:
            query = f"corpid={quote(self._world.corp_id)}&corpsecret={quote(self._secret)}"
            code, body = self._ask("GET", GETTOKEN, query, b"")
            self._token = _token(body) if code == 0 else ""
        return bool(self._token)

    def _ask(self, method: str, path: str, query: str, body: bytes) -> Opened:
        request = Request(method, path, query, body, HOST, os.getpid())
        with self._world.flights.boarding(path) as crowd:
            reply: Reply = exchange(self._world, request, crowd)
        if reply.fault is None:
            return 0, reply.body
        code = self._struck(reply.fault, inside=0)
        return code, reply.body if code == 0 else b""

    def _struck(self, fault: Fault, *, inside: int) -> int:
        """The library's code when a fault strikes; `inside` where the server's answer arrived."""
        if fault.kind in faults.LIBRARY:
            return CRASHED if fault.kind == "crash" else int(fault.kind)
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault.kind == "slow":
            self._world.advance(fault.seconds)
        return NETWORK if fault.kind in ("http502", "close", "kill", "slow") else inside

    def _piece(self, sdkfileid: str, index: str, now: float) -> Piece:
        if not sdkfileid:
            return BAD_ARGUMENT, b"", "", False
        try:
            records.check_address(self._world, HOST)
        except Refusal:
            return BAD_ADDRESS, b"", "", False
        told = media.told(self._world.seed, sdkfileid)
        if told is None:
            return BAD_FILE, b"", "", False
        if self._world.setting(records.STATE) in ("off", "expired"):
            return NOT_PARSED, b"", "", False  # what the server says, 301053 or 301052, the library keeps to itself
        kind, number, at = told
        if now - at > media.KEPT_S:
            return EXPIRED, b"", "", False
        data = media.content(self._world.seed, kind, number)
        start = media.start_of(index, len(data))
        if start is None:
            return BAD_ARGUMENT, b"", "", False
        end = start + media.PIECE
        following = f"Range:bytes={end}-{min(end + media.PIECE, len(data)) - 1}" if end < len(data) else ""
        return 0, data[start:end], following, end >= len(data)


def _decrypted(key: bytes, sealed: str) -> Opened:
    if len(sealed) < SHORTEST:
        return TOO_SHORT, b""
    if sealed.startswith(CRASHES):
        return CRASHED, b""
    try:
        return 0, cipher.unseal(key, sealed)
    except cipher.NotOpened:
        return BAD_KEY, b""


def _errcode(body: bytes) -> int:
    if len(body) > 2_000:  # a refusal is short
        return 0
    try:
        return int(msgspec.json.decode(body)["errcode"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return 0


def _token(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body).get("access_token")
    except (msgspec.DecodeError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""
