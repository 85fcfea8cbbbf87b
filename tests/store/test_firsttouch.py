"""What the migration makes of a database that was filled before there were first touches."""

from pathlib import Path

from sqlite_utils import Database, Migrations

from wecrm.store.database import Store
from wecrm.store.migrating import CURRENT, Schema

BEFORE = 2
"""Number of the last migration without first touches."""


def old_schema() -> Schema:
    migrations = Migrations(CURRENT.migrations.name)
    for known in CURRENT.migrations.pending(Database(memory=True))[:BEFORE]:
        migrations(name=known.name)(known.fn)
    return Schema(migrations, BEFORE)


def test_a_migration_takes_the_first_touches_from_the_relations(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "old.db", schema=old_schema())
    relations = [
        ("lisi", "wmA", 200, 1, "shop"),
        ("wangwu", "wmA", 100, 202, None),  # assigned: no beginning, however early
        ("zhangsan", "wmA", 300, 16, "ad"),
        ("lisi", "wmB", None, 1, "shop"),
        ("wangwu", "wmC", 400, 201, None),
        ("lisi", "wmD", 500, None, None),
    ]
    with store.write() as db:
        db.executemany(
            "INSERT INTO relation (userid, external_userid, createtime, add_way, state, first_seen, status) "
            "VALUES (?, ?, ?, ?, ?, 1, 'lost')",
            relations,
        )
    store.close()
    store = Store.open(tmp_path / "old.db")
    found = store.connection.execute("SELECT external_userid, at, userid, channel, add_way FROM first_touch").fetchall()
    store.close()
    assert found == [("wmA", 200, "lisi", "shop", 1), ("wmD", 500, "lisi", None, None)]
