"""Seats: the members whose conversations are archived, day by day."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wecrm.store.archive import chain
from wecrm.store.archive.opening import attached
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Seats:
    """Who had a seat when it was asked, at unix seconds `at`; `edition` 0 stands for all editions together."""

    at: int
    day: str
    userids: tuple[str, ...]


def newest(store: Store, *, before: str = "9999-99-99") -> Seats | None:
    """The newest list of a day before that one; None when there is none."""
    row = store.connection.execute(
        "SELECT at, day, userids FROM seats WHERE edition = 0 AND day < ? ORDER BY id DESC LIMIT 1", (before,)
    ).fetchone()
    return Seats(row[0], row[1], tuple(json.loads(row[2]))) if row else None


def lists(store: Store) -> Iterator[Seats]:
    """Every list, in the order in which they were written down."""
    for at, day, userids in store.connection.execute(
        "SELECT at, day, userids FROM seats WHERE edition = 0 ORDER BY id"
    ):
        yield Seats(at, day, tuple(json.loads(userids)))


def note(store: Store, day: str, userids: Sequence[str], now: int) -> None:
    """Write the list down, once a day and whenever it has changed since."""
    said = json.dumps(sorted(set(userids)), ensure_ascii=False)
    row = store.connection.execute(
        "SELECT day, userids FROM seats WHERE edition = 0 ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if row is None or tuple(row) != (day, said):
        with store.write() as db:
            chain.put(db, "seats", [(now, day, 0, said)])


def uncovered(store: Store, userids: Sequence[str]) -> list[tuple[str, int]]:
    """(member, customers) of members with customers in the attached cache, without a seat; most customers first."""
    if not attached(store):
        return []
    rows = store.connection.execute(
        "SELECT userid, count(*) FROM crm.relation WHERE status = 'active' GROUP BY userid ORDER BY 2 DESC, 1"
    )
    seated = {userid.casefold() for userid in userids}
    return [(userid, n) for userid, n in rows.fetchall() if userid.casefold() not in seated]
