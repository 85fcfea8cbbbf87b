"""A cache as large as is wanted, written without a sync; figures in it mean nothing."""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from wecrm.store.database import Store

NOW, DAY_S = 1_793_494_800, 86_400
MEMBERS, DEPARTMENTS, TAGS = 1000, 40, 200


def crowd(path: Path, relations: int) -> Store:
    """The store with so many relations: every tenth ended, every second with stages that went on."""
    store = Store.open(path)
    with store.write(durable=False) as db:
        _people(db, relations)
        _relations(db, relations)
        _tags(db, relations)
        _deeds(db, relations)
        counted(db, relations)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


def _customer(n: int, relations: int) -> str:
    """One of ten customers has two members."""
    several = relations * 9 // 10
    return f"wm{(n if n < several else n - several) * 7919 % 1_000_003:030d}"


def _people(db: sqlite3.Connection, relations: int) -> None:
    db.executemany(
        "INSERT INTO member (userid, name, status, main_department, follows, first_seen, seen_at, pass_at) "
        "VALUES (?, ?, 1, ?, 1, 1, 1, ?)",
        ((f"member{n}", f"成员{n}", n % DEPARTMENTS + 1, NOW) for n in range(MEMBERS)),
    )
    db.executemany(
        "INSERT INTO contact (external_userid, name, type, raw, first_seen) VALUES (?, ?, 1, ?, 1)",
        ((_customer(n, relations), f"客户{n}", b"x" * 250) for n in range(relations * 9 // 10)),
    )


def _relations(db: sqlite3.Connection, relations: int) -> None:
    def rows() -> Iterator[tuple[object, ...]]:
        for n in range(relations):
            status = "active" if n % 10 else "lost" if n % 20 else "transferred"
            member = f"member{(n * 31 + (n >= relations * 9 // 10) * 7) % MEMBERS}"
            at = NOW - 1000 * DAY_S + (n * 7919 % 1000) * DAY_S + n % DAY_S
            ended = None if status == "active" else at + (n % 300 + 1) * DAY_S
            way, remark, state = 1 if n % 20 else 202, f"备注{n}" if n % 2 else None, f"ch{n % 50}" if n % 2 else None
            yield n + 1, member, _customer(n, relations), remark, at, way, state, b"y" * 290, status, at + 99, ended

    db.executemany(
        "INSERT INTO relation (id, userid, external_userid, remark, createtime, add_way, state, raw, status, "
        "first_seen, status_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows(),
    )
    db.execute(
        "INSERT INTO first_touch SELECT external_userid, min(createtime), userid, state, add_way FROM relation "
        "WHERE add_way <> 202 GROUP BY external_userid"
    )


def _tags(db: sqlite3.Connection, relations: int) -> None:
    ids = [f"et{n:030d}" for n in range(TAGS)]
    groups = ((f"g{n}", f"组{n}", 100 - n) for n in range(TAGS // 5))
    db.executemany('INSERT INTO tag_group (group_id, group_name, "order") VALUES (?, ?, ?)', groups)
    tags = ((id_, f"g{n // 5}", f"标签{n}", 10 - n % 5) for n, id_ in enumerate(ids))
    db.executemany('INSERT INTO corp_tag (tag_id, group_id, name, "order") VALUES (?, ?, ?, ?)', tags)
    db.execute("INSERT INTO exclusive_group VALUES ('g0')")
    carried = (
        (n + 1, ids[(n // 6) % 5] if k == 0 else ids[(n * 7919 + k * 104_729) % TAGS])
        for n in range(relations)
        for k in range(n % 6)
    )
    db.executemany("INSERT OR IGNORE INTO relation_tag VALUES (?, ?)", carried)

    def events() -> Iterator[tuple[object, ...]]:
        for n in range(relations):
            at = NOW - (n % 400) * DAY_S
            yield NOW - 900 * DAY_S, n + 1, "status", None, "active"
            if n % 2:
                yield at, n + 1, "tag", None, ids[n % 5]
                yield at + 43_200, n + 1, "tag", ids[n % 5], None
                yield at + 43_200, n + 1, "tag", None, ids[min(n % 5 + 1, 4)]
            if n % 50 == 0:
                yield at, n + 1, "createtime", str(NOW - 1100 * DAY_S), str(NOW - 500 * DAY_S)

    db.executemany("INSERT INTO relation_event (at, relation_id, field, old, new) VALUES (?, ?, ?, ?, ?)", events())


def _deeds(db: sqlite3.Connection, relations: int) -> None:
    db.execute(
        "INSERT INTO sync_run (purpose, state, started_at, finished_at) VALUES ('contacts', 'done', 1, ?)", (NOW,)
    )
    db.executemany(
        "INSERT INTO group_chat (chat_id, name, owner, create_time, first_seen, seen_at) VALUES (?, ?, ?, ?, 1, 1)",
        ((f"wr{n}", f"群{n}", f"member{n % MEMBERS}", NOW - n * 3600) for n in range(relations // 200)),
    )
    db.executemany(
        "INSERT INTO group_member (chat_id, userid, type, name, join_time) VALUES (?, ?, 2, ?, ?)",
        ((f"wr{n // 100}", _customer(n, relations), f"客户{n}", NOW - n * 60) for n in range(relations // 2)),
    )
    db.executemany(
        "INSERT INTO transfer (kind, what, handover, takeover, object_id, job, change_id, started_at, status) "
        "VALUES ('onjob', 'customer', ?, ?, ?, 'j', ?, ?, ?)",
        (
            (
                f"member{n % MEMBERS}",
                f"member{(n + 1) % MEMBERS}",
                _customer(n * 20, relations),
                str(n),
                NOW - n * 60,
                end,
            )
            for n in range(relations // 20)
            for end in (("done", "refused", "lost")[n % 3],)
        ),
    )
    db.execute("INSERT INTO job (id, digest, kind, title, state, created_at) VALUES ('j', 'd', 'tags', 't', 'done', 1)")
    db.executemany(
        "INSERT INTO job_row (job, n, stage, op, cluster, change, status) VALUES ('j', ?, 0, ?, 'c', ?, 'ok')",
        ((n, f"op{n % 5}", b'{"key":{"userid":"member1","external_userid":"wm"}}') for n in range(relations)),
    )


def counted(db: sqlite3.Connection, rows: int) -> None:
    """WeCom's own statistics: so many days of members, of owners and of links, and so many tasks of mass messages."""
    newest = date(2026, 10, 31)
    days = [(newest - timedelta(days=n)).isoformat() for n in range(rows // MEMBERS)][::-1]
    told = [(f"member{n}", n, k) for n in sorted(range(MEMBERS), key=str) for k in range(len(days))]
    read = [min(NOW, NOW - (len(days) - k - 3) * DAY_S) for k in range(len(days))]
    db.executemany(
        "INSERT INTO behavior_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (who, days[k], n % 40, n % 300 + k, n % 101, (n + k) % 60, k % 3, n % 5, k % 9, read[k])
            for who, n, k in told
        ),
    )
    db.executemany(
        "INSERT INTO group_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((who, days[k], k % 2, 20 + n % 9, 20, k % 7, 900 + n, 400 + k, n + k * 37, read[k]) for who, n, k in told),
    )
    db.executemany(
        "INSERT INTO link_day VALUES (?, ?, ?, ?, ?)",
        ((f"cawcde{n:032d}", days[k], n % 90 + k % 5, n % 30, read[k]) for _who, n, k in told),
    )
    db.executemany(
        "INSERT INTO live_code (kind, code_id, name, code, first_seen, seen_at) VALUES ('link', ?, ?, ?, 1, 1)",
        ((f"cawcde{n:032d}", f"link{n}", '{"kind":"link"}') for n in range(MEMBERS)),
    )
    db.executemany(
        "INSERT INTO groupsend VALUES (?, 'single', 'member1', ?, '你好', ?)",
        ((f"msg{k:029d}", NOW - k * 3600, NOW) for k in range(len(days))),
    )
    db.executemany(
        "INSERT INTO groupsend_task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (f"msg{k:029d}", f"member{n}", n % 2, NOW, n % 80, n % 7, n % 3, k % 4, NOW)
            for k in range(len(days))
            for n in sorted(range(MEMBERS), key=str)
        ),
    )
