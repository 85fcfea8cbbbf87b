"""Reading what WeCom answered: decoding it, and turning a refusal into an error a person can act on."""

import json
import re
from typing import Any, TypeVar

import msgspec

from wecrm.api.endpoint import Endpoint
from wecrm.api.errcodes import find
from wecrm.errors import ApiError, UnansweredError
from wecrm.i18n import _

T = TypeVar("T")

UNREAD = "no answer: "
"""How the errmsg of a -1 begins that WeCom never sent: its answer could not be read."""

NAMES_IP = (60020, 301042)
"""Codes whose errmsg names the IP that has to be trusted."""

NOT_ALLOWED = 48002

_ABOUT_SECRET = (40001, 40014, 40091, 45031, NOT_ALLOWED, 60020)
"""Codes that a person can act on only who knows which of a profile's secrets is meant."""

_HINT = re.compile(r"hint: \[([^\]]*)\]")
_IP = re.compile(r"from ip: ([0-9A-Fa-f.:]*[0-9A-Fa-f])")


class Envelope(msgspec.Struct, frozen=True):
    """What every answer begins with; `errcode` alone decides, and JSON without one is no answer."""

    errcode: int
    errmsg: str = ""


class Unread(Exception):
    """No usable answer: connection, HTTP status, or a body that is not the documented JSON."""


_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def decode(content: bytes, reply: type[T]) -> T:
    """`content` as `reply`; anything else than the documented JSON raises Unread."""
    decoder = _decoders.get(reply)
    if decoder is None:
        decoder = _decoders[reply] = msgspec.json.Decoder(reply, strict=False)
    try:
        return decoder.decode(content)  # type: ignore[no-any-return]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # the last: nested thousands deep
        return lenient(content, reply)


def lenient(content: bytes, reply: type[T]) -> T:
    """As the strict decoder, but bearing raw control characters and halves of surrogate pairs."""
    try:
        value = json.loads(content.decode("utf-8", "replace"), strict=False)
        clean = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.decode(clean, type=reply, strict=False)
    except (ValueError, RecursionError, msgspec.MsgspecError) as broken:
        raise Unread(f"not the documented JSON ({type(broken).__name__})") from None


def error(endpoint: Endpoint, answer: Envelope, secret: str = "") -> ApiError:
    """The error a person reads for this answer: what, why, how to fix; `secret`: the purpose of the one it took."""
    code = find(answer.errcode)
    hint = _HINT.search(answer.errmsg)
    what = _(
        "WeCom answered errcode {errcode} to {api}: {meaning}",
        errcode=answer.errcode,
        api=endpoint.name,
        meaning=_(code.meaning),
    )
    why = _(code.cause) if code.cause else ""
    fix = _(code.fix) if code.fix else _("`wecrm explain {errcode}` says more.", errcode=answer.errcode)
    if answer.errcode == NOT_ALLOWED:
        why, fix = _not_allowed(endpoint) or (why, fix)
    if secret and answer.errcode in _ABOUT_SECRET:
        why += "\n" + _("It was asked with the {kind} secret of the profile.", kind=secret)
    seen = _IP.search(answer.errmsg) if answer.errcode in NAMES_IP else None
    if seen:
        why += "\n" + _("WeCom saw the IP {ip}.", ip=seen.group(1))
    if answer.errmsg.startswith(UNREAD):
        what = _("WeCom gave no answer to {api} that can be read.", api=endpoint.name)
        why = _("The network, a proxy on the way, or WeCom itself ({reason}).", reason=answer.errmsg[len(UNREAD) :])
    return ApiError(
        what,
        why,
        fix,
        errcode=answer.errcode,
        errmsg=answer.errmsg.split(", hint:")[0][:200],
        hint=hint.group(1) if hint else "",
        path=endpoint.path,
        code=code.exit,
    )


def _not_allowed(endpoint: Endpoint) -> tuple[str, str] | None:
    """Why this API refuses the secret and which one it wants, where the code's own line says too little."""
    if endpoint.secret == "links":
        return (
            _("Acquisition links refuse the secret of 客户联系 itself, and apps that are not allowed to call."),
            _(
                "Admin console → 客户联系 → 客户 → API → 可调用接口的应用: add a self-built app, and name its secret "
                "in the profile as `secrets: links:`. See `wecrm explain secrets`."
            ),
        )
    if endpoint.secret == "directory" and endpoint.effect != "read":
        return (
            _("Only contacts sync (通讯录同步) may change or delete members, and only where editing by API is on."),
            _(
                "Admin console → 管理工具 → 通讯录同步: allow API editing, and name its secret in the profile as "
                "`secrets: directory:`. See `wecrm explain secrets`."
            ),
        )
    return None


def unanswered(endpoint: Endpoint, error: Unread | str) -> UnansweredError:
    """The error of a write whose answer could not be read."""
    return UnansweredError(
        _("{api} was sent, but its answer could not be read ({reason}).", api=endpoint.name, reason=error),
        _("WeCom may or may not have done it."),
        _("It is read back before it is sent again."),
    )
