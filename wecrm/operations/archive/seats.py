"""Seats of the archive: asked for daily, written down, and what is wrong with them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from wecrm.api import msgaudit
from wecrm.api.client import Client
from wecrm.store.archive import seats
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Seating:
    """Who has a seat now, who lost it since the last day that was asked, and who serves customers without one."""

    userids: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    uncovered: tuple[tuple[str, int], ...] = ()
    """(member, customers); empty too where the cache is not attached."""


def fetch(client: Client, store: Store, now: float, tz: tzinfo) -> Seating:
    """Ask WeCom for the members in force and write them down.

    Raises:
        ApiError: 301052, 301053 no archive in force; 48002 not the archive's secret.
    """
    userids = tuple(sorted(msgaudit.get_permit_user_list(client)))
    day = datetime.fromtimestamp(now, tz).strftime("%Y-%m-%d")
    before = seats.newest(store, before=day)
    here = {userid.casefold() for userid in userids}
    dropped = tuple(userid for userid in before.userids if userid.casefold() not in here) if before else ()
    seats.note(store, day, userids, int(now))
    return Seating(userids, dropped, tuple(seats.uncovered(store, userids)))
