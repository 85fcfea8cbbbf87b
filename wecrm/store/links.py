"""Acquisition links in the cache: whom each brought, its days, and the corp's quota."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from wecrm.models.livecode import LinkCustomer, LinkStatistic, Quota
from wecrm.store.database import Store


def put_customers(store: Store, link_id: str, customers: Iterable[LinkCustomer]) -> None:
    """Add whom a link brought; nobody is taken off, since WeCom forgets sooner than we do."""
    with store.write(durable=False) as db:
        db.executemany(
            "INSERT OR REPLACE INTO link_customer VALUES (?, ?, ?, ?, ?)",
            [(link_id, c.external_userid, c.userid, c.chat_status, c.state) for c in customers],
        )


def put_days(store: Store, link_id: str, days: Mapping[str, LinkStatistic], now: float) -> None:
    """Store clicks and new customers of a link by day (`2026-11-22`)."""
    with store.write() as db:
        db.executemany(
            "INSERT OR REPLACE INTO link_day VALUES (?, ?, ?, ?, ?)",
            [
                (link_id, day, found.click_link_customer_cnt, found.new_customer_cnt, int(now))
                for day, found in days.items()
            ],
        )


def days_read(store: Store, link_id: str) -> dict[str, int]:
    """Days of a link that are stored, and when each was read (unix seconds)."""
    return dict(store.connection.execute("SELECT day, read_at FROM link_day WHERE link_id = ?", (link_id,)))


def days(store: Store, link_ids: Collection[str], since: str) -> list[tuple[str, str, int, int]]:
    """(link_id, day, clicks, new customers) of these links from that day on, newest day first."""
    ids = msgspec.json.encode(list(link_ids)).decode()
    return store.connection.execute(
        "SELECT link_id, day, clicks, added FROM link_day WHERE link_id IN (SELECT value FROM json_each(?)) "
        "AND day >= ? ORDER BY day DESC, link_id",
        (ids, since),
    ).fetchall()


def put_quota(store: Store, quota: Quota, now: float) -> None:
    """Store the acquisition quota as it is now."""
    value = msgspec.json.encode({"read_at": int(now), "quota": quota}).decode()
    with store.write() as db:
        db.execute("INSERT OR REPLACE INTO corp VALUES ('acquisition_quota', ?)", (value,))


def quota(store: Store) -> tuple[Quota, int] | None:
    """The acquisition quota and when it was read; None before the first sync."""
    row = store.connection.execute("SELECT value FROM corp WHERE key = 'acquisition_quota'").fetchone()
    if row is None:
        return None
    value = msgspec.json.decode(row[0])
    return msgspec.convert(value["quota"], Quota), value["read_at"]
