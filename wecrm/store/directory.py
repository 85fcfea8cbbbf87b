"""Storing members and departments, and who is in the follow-user list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from wecrm.models.member import Department, Member
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class KnownMember:
    """One member of the cache, as far as live codes ask. `status` as in models/member.py, 0 not known."""

    userid: str
    name: str
    status: int
    follows: bool
    in_view: bool
    gone: bool


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


def put_statuses(store: Store, members: Iterable[Member], now: float) -> None:
    """Store the status of members who were just read, where it could be read; nobody is added or ended."""
    with store.write(durable=False) as db:
        db.executemany(
            "UPDATE member SET status = ?, seen_at = ? WHERE userid = ?",
            [(member.status, int(now), member.userid) for member in members if member.status],
        )


def note_gone(store: Store, userid: str, now: float) -> None:
    """A member was seen to be gone; the first time stays."""
    with store.write() as db:
        db.execute("UPDATE member SET gone_at = coalesce(gone_at, ?), follows = 0 WHERE userid = ?", (int(now), userid))


def known(store: Store, userids: Iterable[str]) -> dict[str, KnownMember]:
    """Those of these members that the cache knows, by userid in lower case."""
    rows = store.connection.execute(
        "SELECT userid, coalesce(name, ''), coalesce(status, 0), follows, in_view, gone_at IS NOT NULL FROM member "
        "WHERE userid IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(userids)).decode(),),
    )
    found = [KnownMember(row[0], row[1], row[2], *map(bool, row[3:])) for row in rows]
    return {member.userid.lower(): member for member in found}


def departments_of(store: Store, userids: Iterable[str]) -> tuple[int, ...]:
    """A department for each of these members in which the app found them: the main one, if it is in sight."""
    rows = store.connection.execute(
        "SELECT DISTINCT department FROM (SELECT md.department, row_number() OVER (PARTITION BY m.userid "
        "ORDER BY md.department = m.main_department DESC, md.department) AS n FROM member m "
        "JOIN member_department md ON md.userid = m.userid "
        "WHERE m.userid IN (SELECT value FROM json_each(?))) WHERE n = 1 ORDER BY department",
        (msgspec.json.encode(list(userids)).decode(),),
    )
    return tuple(id_ for (id_,) in rows)


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


def names(store: Store) -> dict[str, str]:
    """userid → name of every member who was ever seen; "" where WeCom withholds the name."""
    return dict(store.connection.execute("SELECT userid, coalesce(name, '') FROM member").fetchall())


def departments(store: Store) -> dict[int, str]:
    """id → name of every department that exists."""
    rows = store.connection.execute("SELECT id, coalesce(name, '') FROM department WHERE gone_at IS NULL")
    return dict(rows.fetchall())
