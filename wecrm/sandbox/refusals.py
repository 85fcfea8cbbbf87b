"""How the platform says no: an errcode, its short text and the envelope around it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TEXTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        -1: "system busy",
        40001: "invalid credential",
        40003: "invalid userid",
        40004: "invalid media type",
        40005: "invalid file type",
        40006: "invalid media size",
        40007: "invalid media_id",
        40008: "invalid message type",
        40013: "invalid corpid",
        40014: "invalid access_token",
        40032: "invalid userid list length",
        40033: "invalid charset",
        40050: "invalid chatid",
        40058: "invalid request parameter",
        40063: "some parameters are empty",
        40068: "invalid tagid",
        40071: "invalid tag name, already exists",
        40072: "invalid tag name length",
        40096: "invalid external userid",
        40097: "handover user has not left",
        40098: "user has no real name verification",
        40099: "external contact count exceed limit",
        40100: "external contact is being transferred",
        40126: "corp tag count exceed limit",
        40128: "external contact transferred too often",
        40129: "external contact transfer is in progress",
        40130: "handover user is the same as takeover user",
        40131: "handover user is not a follower",
        40143: "user is banned",
        41001: "access_token missing",
        41002: "corpid missing",
        41004: "corpsecret missing",
        41009: "missing userid",
        41018: "missing tagname",
        41033: "missing description",
        41035: "missing external userid",
        41037: "missing contact way type",
        41038: "missing contact way scene",
        41039: "invalid contact way type",
        41040: "invalid contact way scene",
        41041: "contact way user count exceed limit",
        41042: "invalid contact way style",
        41043: "missing contact way config_id",
        41044: "invalid contact way config_id",
        41045: "contact way count exceed limit",
        41046: "missing group message msgid",
        41047: "invalid group message msgid",
        41049: "missing welcome code",
        41050: "invalid welcome code",
        41051: "customer has chatted, or welcome code was used",
        41054: "user not activated",
        41055: "group welcome template count exceed limit",
        41058: "no privilege to edit group welcome template",
        41064: "attachments count exceed limit",
        41065: "invalid attachment msgtype",
        41088: "attachment is empty",
        41091: "chat_id_list count exceed limit",
        41095: "acquisition link count exceed limit",
        42001: "access_token expired",
        44001: "empty media data",
        44004: "empty content",
        45001: "media size out of limit",
        45002: "content size out of limit",
        45009: "api freq out of limit",
        45029: "response data too large",
        45033: "api concurrent out of limit",
        48001: "api unauthorized",
        48002: "api forbidden",
        48005: "no such api",
        48009: "api forbidden for this ip",
        50002: "user not in range",
        50100: "invalid cursor",
        60003: "department not found",
        60011: "no privilege to access/modify contact/party/agent",
        60020: "not allow to access from your ip",
        60021: "userid not in visible range",
        60111: "userid not found",
        60123: "invalid party id",
        81013: "all users, parties and tags are invalid",
        81017: "too many elements requested",
        82001: "no receiver",
        82002: "too many parties",
        82003: "too many tags",
        84061: "not external contact",
        84074: "no external contact permission",
        90500: "group owner has not left",
        90501: "not external chat",
        90502: "group owner has left",
        90503: "group is full",
        90504: "group owner unchanged",
        90507: "group is being inherited",
        90508: "group has been inherited",
        90509: "not wecom external chat",
        90510: "no active user in a year",
        301002: "token does not belong to this agentid",
        301005: "creator can not be deleted",
        301042: "ip not in the archive allowlist",
        301052: "archive service expired",
        301053: "archive service not open",
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
