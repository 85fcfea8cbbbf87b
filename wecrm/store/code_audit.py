"""What looking the live codes through asks of the cache."""

from collections.abc import Iterable

import msgspec

from wecrm.store.database import Store


def members_below(store: Store, departments: Iterable[int]) -> frozenset[str]:
    """Members of these departments and of all below them who are there, in lower case."""
    rows = store.connection.execute(
        "WITH RECURSIVE below (id) AS (SELECT value FROM json_each(?) UNION "
        "SELECT d.id FROM department d JOIN below b ON d.parentid = b.id WHERE d.gone_at IS NULL) "
        "SELECT DISTINCT lower(md.userid) FROM member_department md JOIN member m ON m.userid = md.userid "
        "WHERE m.gone_at IS NULL AND md.department IN (SELECT id FROM below)",
        (msgspec.json.encode(list(departments)).decode(),),
    )
    return frozenset(userid for (userid,) in rows)


def channels(store: Store) -> dict[str, tuple[int, int]]:
    """channel → (relations that ever began through it, when the newest of them began); links have their own."""
    rows = store.connection.execute(
        "SELECT state, count(*), coalesce(max(createtime), 0) FROM relation "
        "WHERE state <> '' AND coalesce(add_way, 0) <> 16 GROUP BY state"
    )
    return {state: (count, newest) for state, count, newest in rows}


def joined(store: Store) -> dict[str, int]:
    """channel → when somebody last joined a customer group through it."""
    rows = store.connection.execute(
        "SELECT state, max(coalesce(join_time, 0)) FROM group_member WHERE state <> '' GROUP BY state"
    )
    return dict(rows.fetchall())


def brought(store: Store) -> dict[str, tuple[int, int]]:
    """link_id → (customers whom it brought, when the newest relation of one of them began)."""
    rows = store.connection.execute(
        "SELECT lc.link_id, count(*), coalesce(max(r.createtime), 0) FROM link_customer lc LEFT JOIN relation r "
        "ON r.external_userid = lc.external_userid AND r.userid = lc.userid GROUP BY lc.link_id"
    )
    return {link_id: (count, newest) for link_id, count, newest in rows}


def first_seen(store: Store) -> dict[tuple[str, str], int]:
    """(kind, id) of every code that exists → since when it has been known, or was made where WeCom tells."""
    rows = store.connection.execute(
        "SELECT kind, code_id, min(first_seen, coalesce(nullif(create_time, 0), first_seen)) FROM live_code "
        "WHERE gone_at IS NULL"
    )
    return {(kind, code_id): at for kind, code_id, at in rows}
