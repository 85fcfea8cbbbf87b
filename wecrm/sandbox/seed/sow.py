"""Fills an empty world file from one seed number."""

import hashlib
import sqlite3
from dataclasses import dataclass
from random import Random

import msgspec

from wecrm.sandbox.identity import AGENTIDS, CORP_ID, SECRETS
from wecrm.sandbox.seed.archive import sow_archive
from wecrm.sandbox.seed.chats import sow_chats
from wecrm.sandbox.seed.customers import sow_customers
from wecrm.sandbox.seed.directory import sow_departments, sow_members
from wecrm.sandbox.seed.livecodes import sow_live_codes
from wecrm.sandbox.seed.tags import sow_tags


@dataclass(frozen=True, slots=True)
class Wanted:
    """How big a world is wanted."""

    members: int
    relations: int
    groups: int
    seed: int
    start: float
    corp_id: str = CORP_ID


def sow(db: sqlite3.Connection, wanted: Wanted) -> None:
    """Write the whole first state of a world; each part has its own stream of random numbers."""

    def stream(part: str) -> Random:
        return Random(hashlib.sha256(f"{wanted.seed}:{part}".encode()).digest())

    start = int(wanted.start)
    db.execute("INSERT INTO world VALUES (1, ?, 0, 0, 0, 1)", (wanted.start,))
    settings = {"corp_id": wanted.corp_id, "seed": wanted.seed, "start": wanted.start}
    db.executemany(
        "INSERT INTO setting VALUES (?, ?)", [(k, msgspec.json.encode(v).decode()) for k, v in settings.items()]
    )
    db.executemany(
        "INSERT INTO app VALUES (?, ?, ?, 1, NULL)",
        [(kind, secret, AGENTIDS[kind]) for kind, secret in SECRETS.items()],
    )
    leaves = sow_departments(db, stream("departments"), wanted.members)
    members = sow_members(db, stream("members"), wanted.members, leaves)
    db.execute(
        "INSERT INTO setting SELECT 'creator', id FROM member ORDER BY status <> 1, follows, id LIMIT 1"
    )  # rather somebody without customers
    tags = sow_tags(db, wanted.seed, start)
    sow_customers(db, stream("customers"), wanted.relations, members, tags, wanted.seed, start)
    sow_chats(db, stream("chats"), wanted.groups, members, wanted.seed, start)
    sow_live_codes(db, stream("live codes"), wanted.seed, start)
    sow_archive(db, wanted.relations, wanted.start)
