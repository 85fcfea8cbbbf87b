"""What has to hold of a corp's machine after weeks of its crontab: every function yields what is wrong."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import msgspec

from tests.acceptance import facts
from tests.acceptance.days import CORP, Days, Ran
from wecrm.sandbox import control
from wecrm.sandbox.archive import records
from wecrm.store.locks import held

ENDED = {1: "done", 3: "refused", 4: "full"}


def differs(what: str, cache: Mapping[Any, object], world: Mapping[Any, object]) -> Iterator[str]:
    """Where two mappings of the same thing are not the same."""
    for key in sorted(cache.keys() | world.keys(), key=str):
        if cache.get(key) != world.get(key):
            yield f"{what} {key}: the cache has {cache.get(key)}, the world {world.get(key)}"


def cached(days: Days) -> Iterator[str]:
    """The cache is not what the world has."""
    home = days.home
    yield from differs("tags of", facts.cached(home), facts.truth(home))
    with days.world() as world:
        truth = {(one.userid, one.external_userid): (one.remark, one.description) for one in control.truth(world)}
        db = world.db.connection
        members = db.execute("SELECT userid, name, status, departments FROM member WHERE left_at IS NULL").fetchall()
        tags = db.execute(
            "SELECT t.id, t.name, g.name FROM tag t JOIN tag_group g ON g.id = t.group_id "
            "WHERE NOT t.deleted AND NOT g.strategy"
        ).fetchall()
        chats = db.execute(
            "SELECT c.chat_id, m.userid, c.members FROM chat c JOIN member m ON m.id = c.owner"
        ).fetchall()
        codes = {
            one.id: _on(one.fields) for one in control.code_truth(world) if not one.deleted and one.kind != "group"
        }
    rows = home.sql("SELECT userid, external_userid, remark, description FROM relation WHERE status = 'active'")
    yield from differs("remark of", {row[:2]: (row[2] or "", row[3] or "") for row in rows}, truth)
    rows = home.sql(
        "SELECT m.userid, m.name, m.status, json_group_array(d.department) FROM member m LEFT JOIN member_department d "
        "ON d.userid = m.userid WHERE m.gone_at IS NULL GROUP BY 1"
    )
    yield from differs(
        "member", {row[0]: _member(*row[1:]) for row in rows}, {row[0]: _member(*row[1:]) for row in members}
    )
    rows = home.sql(
        "SELECT tag_id, name, group_name FROM corp_tag t JOIN tag_group g USING (group_id) WHERE t.deleted_at IS NULL"
    )
    yield from differs("tag", {row[0]: row[1:] for row in rows}, {row[0]: row[1:] for row in tags})
    rows = home.sql(
        "SELECT g.chat_id, g.owner, json_group_array(m.userid) FROM group_chat g LEFT JOIN group_member m "
        "ON m.chat_id = g.chat_id WHERE g.gone_at IS NULL GROUP BY 1"
    )
    there = {row[0]: (row[1], sorted(each["userid"] for each in json.loads(row[2]))) for row in chats}
    yield from differs("group", {row[0]: (row[1], sorted(json.loads(row[2]))) for row in rows}, there)
    rows = home.sql(
        "SELECT l.code_id, json_group_array(m.userid) FROM live_code l LEFT JOIN live_code_member m ON m.code = l.id "
        "WHERE l.gone_at IS NULL AND l.kind <> 'group' GROUP BY 1"
    )
    yield from differs("code", {row[0]: sorted(filter(None, json.loads(row[1]))) for row in rows}, codes)


def _member(name: str, status: int, departments: str) -> tuple[str, int, list[int]]:
    return name, status, sorted(json.loads(departments))


def _on(fields: dict[str, object]) -> list[str]:
    users = fields.get("user_list", fields.get("user", []))
    assert isinstance(users, list)
    return sorted(users)


def transfers(days: Days) -> Iterator[str]:
    """The ledger of transfers is not what became of them."""
    with days.world() as world:
        really = Counter(
            (t.kind, t.handover_userid, t.takeover_userid, t.external_userid, ENDED.get(t.status, "waiting"))
            for t in control.transfers(world)
        )
    rows = days.home.sql("SELECT kind, handover, takeover, object_id, status FROM transfer WHERE what = 'customer'")
    yield from differs("transfer", Counter(rows), really)


class Marks:
    """Rows of tag jobs that are called ok: the world must show it when the turn ends that says so."""

    def __init__(self, days: Days) -> None:
        self.days = days
        self.seen: set[tuple[str, int]] = set()
        self.wrong: list[str] = []

    def check(self, ran: Ran) -> None:
        if ran.words[:2] not in (("tags", "apply"), ("jobs", "resume")):
            return
        rows = self.days.home.sql(
            "SELECT job, n, change FROM job_row WHERE op = 'tag.mark' AND status IN ('ok', 'verified')"
        )
        new = [row for row in rows if row[:2] not in self.seen]
        self.seen |= {row[:2] for row in new}
        truth = facts.truth(self.days.home) if new else {}
        for job, n, blob in new:
            change = json.loads(blob)
            tags = truth.get((change["key"]["userid"], change["key"]["external_userid"]), frozenset())
            if not tags.issuperset(change["after"]["present"]) or tags & set(change["after"]["absent"]):
                self.wrong.append(f"{job} row {n} is ok, and the world has {sorted(tags)}")


def left_behind(days: Days) -> Iterator[str]:
    """Customers and groups of leavers that somebody could have inherited."""
    with days.world() as world:
        db = world.db.connection
        for row in db.execute(
            "SELECT m.userid, c.external_userid FROM relation r JOIN member m ON m.id = r.member "
            "JOIN contact c ON c.id = r.contact WHERE m.left_at IS NOT NULL AND NOT r.one_way"
        ):
            yield "customer of a leaver: {} {}".format(*row)
        for row in db.execute(
            "SELECT m.userid, chat_id FROM chat c JOIN member m ON m.id = c.owner WHERE m.left_at > 0"
        ):
            yield "group of a leaver: {} {}".format(*row)


def archived(days: Days) -> Iterator[str]:
    """What was said is not stored once, or is not proved."""
    home = days.home
    kept = Counter(msgid for (msgid,) in _archive(days, "SELECT msgid FROM record"))
    ((last,),) = _archive(days, "SELECT seq FROM cursor")
    with days.world() as world:
        said = {one.msgid for seq, _at, one in records.of(world).truth() if seq <= int(last)}
    yield from (f"not stored: {msgid}" for msgid in sorted(said - kept.keys()))
    yield from (f"stored {n} times: {msgid}" for msgid, n in kept.items() if n > 1)
    for count, state in _archive(days, "SELECT count(*), state FROM media GROUP BY state"):
        if state != "done":
            yield f"media: {count} {state}"
    for (count,) in _archive(days, "SELECT count(*) FROM quarantine_state WHERE record IS NULL"):
        if count:
            yield f"{count} messages wait in quarantine"
    found = home("archive", "verify", "--anchor", str(days.path("audit", "anchor.jsonl")))
    if found.code:
        yield f"archive verify: {found.err}"


def _archive(days: Days, query: str) -> list[tuple]:
    with closing(sqlite3.connect(days.path("data", f"{CORP}.archive.db"))) as db:
        return db.execute(query).fetchall()


def left_over(days: Days) -> Iterator[str]:
    """Files, locks, jobs and cases that should be over."""
    for path in sorted(days.home.home.rglob("*")):
        name = path.name
        passing = name.endswith((".tmp", ".part", ".holder")) or name.startswith(".")
        if passing and (name != ".part" or any(path.iterdir())):
            yield f"left over: {path.relative_to(days.home.home)}"
        if path.suffix == ".lock" and "sandbox" not in path.stem[:8]:
            database, _dot, purpose = path.stem.rpartition(".")
            if database.endswith(".db"):
                with held(path.with_name(database), purpose):
                    pass
    for row in days.home.sql("SELECT id, kind, state FROM job WHERE state NOT IN ('done', 'cancelled')"):
        yield "job {} ({}) is {}".format(*row)
    for row in days.home.sql("SELECT id, userid, state, blocked_by FROM offboarding WHERE state <> 'closed'"):
        yield "case {} of {} is {}: {}".format(*row)


def uneasy(days: Days) -> Iterator[str]:
    """What doctor and status have to say."""
    for row in msgspec.json.decode(days.home("doctor", "-f", "json").out):
        if (
            row["state"] not in ("ok", "skip") and row["check"] != "api.directory.departments"
        ):  # contact sync may list ids only
            yield f"doctor: {row}"
    result = days.home("status", "--max-age", "26h", "-f", "json")
    if result.code:
        yield f"status: {result.err}"
    for row in msgspec.json.decode(result.out):
        if row["state"] != "done" or row["note"] or row["unread"] or row["open_rows"]:
            yield f"status: {row}"
