"""The session archive over HTTP: seats, consent, internal groups, robots. Messages come through its library."""

from collections.abc import Sequence

import msgspec

from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.archive import Agreement, Robot, Room

SEATS = Endpoint("POST", "/cgi-bin/msgaudit/get_permit_user_list", doc=91614, effect="read", secret="archive")
SINGLE_AGREE = Endpoint("POST", "/cgi-bin/msgaudit/check_single_agree", doc=91782, effect="read", secret="archive")
ROOM_AGREE = Endpoint("POST", "/cgi-bin/msgaudit/check_room_agree", doc=91782, effect="read", secret="archive")
ROOM = Endpoint("POST", "/cgi-bin/msgaudit/groupchat/get", doc=92951, effect="read", secret="archive")
ROBOT = Endpoint("GET", "/cgi-bin/msgaudit/get_robot_info", doc=91774, effect="read", secret="archive")

PAIRS = 100
"""Pairs that one call of check_single_agree takes."""


class _Ids(msgspec.Struct, frozen=True):
    ids: tuple[str, ...] = ()


class _Agreements(msgspec.Struct, frozen=True):
    agreeinfo: tuple[Agreement, ...] = ()


class _Robot(msgspec.Struct, frozen=True):
    data: Robot


def get_permit_user_list(client: Client, edition: int | None = None) -> tuple[str, ...]:
    """Members whose conversations are archived, without those over the quota (doc 91614).

    Args:
        edition: 1 office, 2 service, 3 enterprise; None: all of them.

    Raises:
        ApiError: 301052 expired, 301053 no archive, 48002 not the archive's secret.
    """
    return client.call(SEATS, _Ids, body={} if edition is None else {"type": edition}).ids


def check_single_agree(client: Client, pairs: Sequence[tuple[str, str]]) -> tuple[Agreement, ...]:
    """What customers answered to being archived in single chats (doc 91782).

    Args:
        pairs: (userid, external_userid), any number; sent 100 at a time.
    """
    found: list[Agreement] = []
    for start in range(0, len(pairs), PAIRS):
        info = [
            {"userid": userid, "exteranalopenid": external_userid}
            for userid, external_userid in pairs[start : start + PAIRS]
        ]
        found += client.call(SINGLE_AGREE, _Agreements, body={"info": info}).agreeinfo
        client.run.check()
    return tuple(found)


def check_room_agree(client: Client, roomid: str) -> tuple[Agreement, ...]:
    """What the customers in a group answered to being archived; their `userid` is "" (doc 91782)."""
    return client.call(ROOM_AGREE, _Agreements, body={"roomid": roomid}).agreeinfo


def groupchat_get(client: Client, roomid: str) -> Room:
    """An internal group; customer groups are known to `externalcontact/groupchat/get` only (doc 92951)."""
    return client.call(ROOM, Room, body={"roomid": roomid})


def get_robot_info(client: Client, robot_id: str) -> Robot:
    """The robot that messages come from (doc 91774)."""
    return client.call(ROBOT, _Robot, params={"robot_id": robot_id}).data
