"""WeCom's own statistics: one-to-one chats of members, customer groups of owners.

Whole days of UTC+8, from yesterday back to 180 days ago, at most 30 days a call. Yesterday's figures may be
zero until the morning.
"""

from collections.abc import Sequence

import msgspec

from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.errors import TemporaryError
from wecrm.i18n import _
from wecrm.models.statistics import Behavior, OwnerFigures

BEHAVIOR = Endpoint("POST", "/cgi-bin/externalcontact/get_user_behavior_data", doc=92132, effect="read")
GROUPS = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/statistic", doc=92133, effect="read")

OWNERS = 100
"""Owners that one call may ask for."""

PAGE = 1000


class _Behavior(msgspec.Struct, frozen=True):
    behavior_data: tuple[Behavior, ...] = ()


class _Owners(msgspec.Struct, frozen=True):
    total: int = 0
    next_offset: int = 0
    items: tuple[OwnerFigures, ...] = ()


def behavior(client: Client, userid: str, start_time: int, end_time: int) -> tuple[Behavior, ...]:
    """A member's days from that of `start_time` to that of `end_time`, both included (unix seconds; doc 92132).

    WeCom sums up everybody named in one call, so each member is asked for alone.

    Raises:
        ApiError: 40058 over 30 days or too long ago; 60011 or 60021 out of sight; 84074 no customer contact.
    """
    body = {"userid": [userid], "start_time": start_time, "end_time": end_time}
    return client.call(BEHAVIOR, _Behavior, body=body).behavior_data


def groups(client: Client, owners: Sequence[str], day: int) -> tuple[OwnerFigures, ...]:
    """The groups of up to 100 owners on the one day that holds `day` (unix seconds), per owner (doc 92133).

    Owners of whom WeCom tells nothing are not in it.

    Raises:
        ApiError: 40058 too long ago; 60011 or 60021 an owner out of sight.
        TemporaryError: a page that tells of nobody else than those before: it would never end.
    """
    found: dict[str, OwnerFigures] = {}
    read = 0
    while True:
        body = {
            "day_begin_time": day,
            "day_end_time": day,
            "owner_filter": {"userid_list": list(owners)},
            "offset": read,
            "limit": PAGE,
        }
        page = client.call(GROUPS, _Owners, body=body)
        known = len(found)
        found |= {one.owner: one for one in page.items}
        read += len(page.items)
        if not page.items or read >= page.total:
            return tuple(found.values())
        if len(found) == known:
            raise TemporaryError(
                _("WeCom sent the same page twice for {api}.", api=GROUPS.name),
                _("Following it would never end."),
                _("Run the command again; nothing of this pass counts as complete."),
            )
        client.run.check()
