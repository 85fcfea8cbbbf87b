"""Storing members and departments, and who is in the follow-user list."""

from collections.abc import Iterable, Sequence

import msgspec

from wecrm.models.member import Department, Member
from wecrm.store.database import Store


def put_departments(store: Store, departments: Sequence[Department], now: float) -> None:
    """Replace what is known of departments by a complete listing; absent ones get `gone_at`."""
    with store.write() as db:
        db.executemany(
            'INSERT INTO department (id, parentid, name, name_en, "order", leaders, seen_at) '
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET parentid = excluded.parentid, "
            "name = coalesce(nullif(excluded.name, ''), name), name_en = excluded.name_en, "
            '"order" = excluded."order", leaders = excluded.leaders, seen_at = excluded.seen_at, gone_at = NULL',
            [
                (
                    d.id,
                    d.parentid,
                    d.name,
                    d.name_en,
                    d.order,
                    msgspec.json.encode(d.department_leader).decode(),
                    int(now),
                )
                for d in departments
            ],
        )
        seen = msgspec.json.encode([d.id for d in departments]).decode()
        db.execute(
            "UPDATE department SET gone_at = ? WHERE gone_at IS NULL AND id NOT IN (SELECT value FROM json_each(?))",
            (int(now), seen),
        )


def put_members(store: Store, members: Iterable[Member], now: float, *, complete: bool) -> int:
    """Store members, each with all its departments; returns how many.

    `complete`: this is every member of the corp, so absent ones get `gone_at`; otherwise they are
    merely out of view. Nobody is deleted, and a status of 0 (ids only) does not wipe a known one.
    """
    people = list(members)
    with store.write() as db:
        db.executemany(
            "INSERT INTO member (userid, name, alias, position, status, main_department, first_seen, seen_at) "
            "VALUES (?, ?, ?, ?, nullif(?, 0), ?, ?, ?) ON CONFLICT (userid) DO UPDATE SET "
            "name = coalesce(nullif(excluded.name, ''), name), alias = coalesce(excluded.alias, alias), "
            "position = coalesce(excluded.position, position), status = coalesce(excluded.status, status), "
            "main_department = coalesce(excluded.main_department, main_department), "
            "seen_at = excluded.seen_at, gone_at = NULL",
            [(m.userid, m.name, m.alias, m.position, m.status, m.main_department, int(now), int(now)) for m in people],
        )
        for member in people:
            db.execute("DELETE FROM member_department WHERE userid = ?", (member.userid,))
            leads = dict(zip(member.department, member.is_leader_in_dept, strict=False))
            db.executemany(
                "INSERT OR IGNORE INTO member_department VALUES (?, ?, ?)",
                [(member.userid, department, leads.get(department, 0)) for department in member.department],
            )
        listed = msgspec.json.encode([member.userid for member in people]).decode()
        db.execute("UPDATE member SET in_view = userid IN (SELECT value FROM json_each(?))", (listed,))
        if complete:
            db.execute(
                "UPDATE member SET gone_at = ? WHERE gone_at IS NULL "
                "AND userid NOT IN (SELECT value FROM json_each(?))",
                (int(now), listed),
            )
    return len(people)


def put_followers(store: Store, userids: Sequence[str], now: float) -> None:
    """Store the complete follow-user list: who may have customers and is in range."""
    with store.write() as db:
        db.execute("UPDATE member SET follows = 0")
        db.executemany(
            "INSERT INTO member (userid, follows, first_seen, seen_at) VALUES (?, 1, ?, ?) "
            "ON CONFLICT (userid) DO UPDATE SET follows = 1",
            [(userid, int(now), int(now)) for userid in userids],
        )


def relations_known(store: Store) -> int:
    """Active relations of all members."""
    row = store.connection.execute("SELECT count(*) FROM relation WHERE status = 'active'").fetchone()
    return int(row[0])


def relations_by_member(store: Store) -> dict[str, int]:
    """Active relations of each member that has any, userids in lower case."""
    counts = relations_of(store, [userid for (userid,) in store.connection.execute("SELECT userid FROM member")])
    return {userid.lower(): count for userid, count in counts.items() if count}


def relations_of(store: Store, userids: Sequence[str]) -> dict[str, int]:
    """Active relations of each of these members; 0 for one that is not known."""
    found = {}
    for userid in userids:
        row = store.connection.execute(
            "SELECT count(*) FROM relation WHERE userid = ? AND status = 'active'", (userid,)
        ).fetchone()
        found[userid] = int(row[0])
    return found
