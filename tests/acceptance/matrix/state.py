"""What WeCom and the store hold after a cell, without what differs from run to run, and whether all is whole."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from tests.acceptance import facts
from tests.acceptance.matrix import deeds
from tests.acceptance.matrix.scene import CORP
from tests.conftest import Wecrm

Rows = Counter[tuple[Any, ...]]

WORLD = {
    "relations": (
        "SELECT m.userid, c.external_userid, json_remove(info, '$.createtime'), r.one_way, r.personal, "
        "(SELECT group_concat(n) FROM (SELECT g.name || '/' || t.name n FROM tag t JOIN tag_group g "
        "ON g.id = t.group_id WHERE t.id IN (SELECT value FROM json_each(r.tags)) ORDER BY 1)) "
        "FROM relation r JOIN member m ON m.id = r.member JOIN contact c ON c.id = r.contact"
    ),
    "tags": "SELECT g.name, t.name, t.deleted, g.deleted FROM tag t JOIN tag_group g ON g.id = t.group_id",
    "codes": "SELECT kind, owner, fields, deleted FROM live_code",
    "templates": "SELECT owner, parts FROM welcome_template",
    "transfers": "SELECT kind, giver, taker, contact, status FROM transfer",
    "groups": "SELECT chat_id, owner, status FROM chat",
    "notices": "SELECT app, member, msgtype, content FROM notice WHERE dropped = ''",
    "members": "SELECT userid, status, left_at IS NULL FROM member",
}
STORE = {
    "relations": (
        "SELECT r.userid, r.external_userid, r.status, r.remark, r.description, (SELECT group_concat(n) FROM "
        "(SELECT g.group_name || '/' || t.name n FROM relation_tag rt JOIN corp_tag t USING (tag_id) "
        "JOIN tag_group g USING (group_id) WHERE rt.relation_id = r.id ORDER BY 1)) FROM relation r"
    ),
    "tags": "SELECT g.group_name, t.name, t.deleted_at IS NULL FROM corp_tag t JOIN tag_group g USING (group_id)",
    "members": "SELECT userid, status, follows, in_view, gone_at IS NULL FROM member",
    "groups": "SELECT chat_id, owner, status, gone_at IS NULL FROM group_chat",
    "people of groups": "SELECT chat_id, userid FROM group_member",
    "codes": "SELECT kind, state, remark, gone_at IS NULL, name IS NULL FROM live_code",
    "templates": "SELECT name, gone_at IS NULL FROM welcome_template",
    "transfers": "SELECT kind, what, handover, takeover, object_id, status FROM transfer",
    "cases": "SELECT userid, state FROM offboarding",
    "steps": "SELECT userid, n, s.name, s.state FROM offboarding_step s JOIN offboarding o ON o.id = case_id",
    "figures of links": "SELECT link_id, count(*), sum(clicks), sum(added) FROM link_day GROUP BY 1",
    "figures of groups": "SELECT owner, count(*), sum(groups), sum(people) FROM group_day GROUP BY 1",
    "figures of members": "SELECT userid, count(*), sum(chats), sum(messages) FROM behavior_day GROUP BY 1",
    "mass messages": "SELECT msgid, userid, sent, delivered FROM groupsend_task",
}
ARCHIVE = {
    "messages": "SELECT seq, msgid FROM record",
    "quarantine": "SELECT seq, reason FROM quarantine",
    "gaps": "SELECT from_at, to_at FROM gap",
    "media": "SELECT sdkfileid, state, size FROM media",
    "files": "SELECT sha256, size FROM media_file",
    "agreements": "SELECT room, member, contact, status FROM agreement",
}


def _rows(path: Path, queries: dict[str, str]) -> dict[str, Rows]:
    with closing(sqlite3.connect(path)) as db:
        return {what: Counter(db.execute(sql)) for what, sql in queries.items()}


def world(home: Wecrm) -> dict[str, Rows]:
    """Everything at WeCom that a command can change."""
    return _rows(home.home / "data" / "sandbox.world", WORLD)


def moves(found: Mapping[str, Rows]) -> Rows:
    """Which customer was handed over by whom to whom, and which group is whose, whatever became of it since."""
    customers = Counter[tuple[Any, ...]]()
    for (kind, giver, taker, contact, _status), n in found["transfers"].items():
        customers[kind, giver, taker, contact] += n
    return customers + Counter({(chat, owner): n for (chat, owner, _status), n in found["groups"].items()})


def store(home: Wecrm) -> dict[str, Rows]:
    """What the cache and the archive know."""
    archive = home.database.with_name(f"{CORP}.archive.db")
    return {**_rows(home.database, STORE), **{f"archive: {k}": v for k, v in _rows(archive, ARCHIVE).items()}}


def files(home: Wecrm) -> set[str]:
    """Names of all files, but those that a run may leave: locks that the kernel holds, and reports of a bug."""
    found = {path.relative_to(home.home) for path in home.home.rglob("*") if path.is_file()}
    passing = (".lock", "-wal", "-shm")
    return {str(path) for path in found if not path.name.endswith(passing) and "token-" not in path.name}


def drawn(home: Wecrm) -> dict[str, bytes]:
    """Pictures and sheets of QR codes, by their names."""
    found = (path for path in home.home.rglob("*") if path.suffix == ".png" or path.name == "qr.html")
    return {str(path.relative_to(home.home)): path.read_bytes() for path in found}


def difference(wanted: dict[str, Rows], found: dict[str, Rows]) -> str:
    """What is missing and what is too much, in one line; "" when nothing is."""
    told = []
    for what, rows in wanted.items():
        missing, more = list((rows - found[what]).elements()), list((found[what] - rows).elements())
        if missing or more:
            told.append(f"{what}: missing {missing[:2]}, too much {more[:2]}")
    return "; ".join(told)


def harm(home: Wecrm) -> Iterator[str]:
    """What is wrong with the store itself, or with what it says of relations and rows."""
    for path in (home.database, home.database.with_name(f"{CORP}.archive.db")):
        with closing(sqlite3.connect(path)) as db:
            for check in ("integrity_check", "foreign_key_check"):
                said = db.execute(f"PRAGMA {check}").fetchall()
                if said not in ([], [("ok",)]):
                    yield f"{path.name}: {check}: {said[:3]}"
    truth = facts.truth(home)
    for userid, external, status in home.sql(
        "SELECT userid, external_userid, status FROM relation WHERE status <> 'active'"
    ):
        if (userid, external) in truth:
            yield f"relation {userid}, {external} is marked {status}, and WeCom has it"
    yield from deeds.untrue(home)
    yield from _untrue(home, truth)


def _untrue(home: Wecrm, truth: dict[facts.Key, frozenset[str]]) -> Iterator[str]:
    """Rows that say ok of a tag that is not so at WeCom."""
    rows = home.sql(
        "SELECT job, n, change FROM job_row JOIN job ON job.id = job WHERE op = 'tag.mark' "
        "AND status IN ('ok', 'verified') ORDER BY created_at, job.rowid, n"
    )
    last: dict[tuple[facts.Key, str], tuple[str, bool]] = {}
    for job, n, text in rows:
        change = msgspec.json.decode(text)
        key = change["key"]["userid"], change["key"]["external_userid"]
        for what, wanted in (("present", True), ("absent", False)):
            last |= {(key, tag): (f"{job} row {n}", wanted) for tag in change["after"][what] if isinstance(tag, str)}
    with home.world() as world:
        deleted = {tag for (tag,) in world.db.connection.execute("SELECT id FROM tag WHERE deleted")}
    for (key, tag), (row, wanted) in last.items():
        if key in truth and (tag in truth[key]) != wanted and tag not in deleted:
            yield f"{row} says ok, and WeCom has not {'put on' if wanted else 'taken off'} {tag}"
