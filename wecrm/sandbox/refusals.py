"""How the platform says no: an errcode, its short text and the envelope around it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TEXTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        -1: "system busy",
        40001: "invalid credential",
        40003: "invalid userid",
        40013: "invalid corpid",
        40014: "invalid access_token",
        40033: "invalid charset",
        40058: "invalid request parameter",
        40063: "some parameters are empty",
        40068: "invalid tagid",
        40071: "invalid tag name, already exists",
        40072: "invalid tag name length",
        40096: "invalid external userid",
        40126: "corp tag count exceed limit",
        41001: "access_token missing",
        41002: "corpid missing",
        41004: "corpsecret missing",
        41009: "missing userid",
        41018: "missing tagname",
        41035: "missing external userid",
        42001: "access_token expired",
        45009: "api freq out of limit",
        45029: "response data too large",
        45033: "api concurrent out of limit",
        48002: "api forbidden",
        48005: "no such api",
        48009: "api forbidden for this ip",
        50100: "invalid cursor",
        60003: "department not found",
        60011: "no privilege to access/modify contact/party/agent",
        60020: "not allow to access from your ip",
        60111: "userid not found",
        60123: "invalid party id",
        81017: "too many elements requested",
        84061: "not external contact",
        90501: "not external chat",
    }
)


class Refusal(Exception):
    """The platform refuses a call; `errcode` is what the caller gets.

    What the call did before is undone, unless `keeps_effect`.
    """

    def __init__(self, errcode: int, text: str = "", *, keeps_effect: bool = False) -> None:
        super().__init__(errcode, text)
        self.errcode = errcode
        self.keeps_effect = keeps_effect
        self.text = f"{TEXTS.get(errcode, 'refused')}{': ' if text else ''}{text}"


def errmsg(errcode: int, text: str, *, now: float, number: int, trace: str, ip: str) -> str:
    """The text that goes with a refusal: reason, hint to quote to support, caller's address, link."""
    return (
        f"{text}, hint: [{int(now)}_{number % 1000}_{trace}], from ip: {ip}, "
        f"more info at https://open.work.weixin.qq.com/devtool/query?e={errcode}"
    )
