"""The chain of an archive computed once more, straight from its file and from what docs say of it."""

import sqlite3
from hashlib import sha256
from pathlib import Path

import msgspec

TABLES = {
    1: ("record", "seq, msgid, publickey_ver, stored_at, msgtime, action, msgtype, sender, conversation, text, raw"),
    2: (
        "quarantine",
        "seq, msgid, publickey_ver, stored_at, reason, code, encrypt_random_key, encrypt_chat_msg, plain",
    ),
    3: ("media_file", "stored_at, sdkfileid, sha256, size, md5, path"),
    4: ("seats", "at, day, edition, userids"),
    5: ("gap", "at, from_at, to_at, reason"),
    6: ("gap_acknowledged", "at, gap, who, reason"),
    7: ("access", "at, who, command, reason, filter, rows"),
}


def broken_links(path: Path) -> list[object]:
    """Links whose hash does not follow from the one before and their row; and tables with rows without a link."""
    db = sqlite3.connect(path)
    wrong: list[object] = []
    last = bytes(32)
    for expected, (n, kind, id_, hash_) in enumerate(db.execute("SELECT n, kind, id, hash FROM chain ORDER BY n"), 1):
        table, columns = TABLES[kind]
        row = db.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (id_,)).fetchone()
        if n != expected or row is None or sha256(last + msgspec.msgpack.encode([kind, id_, *row])).digest() != hash_:
            wrong.append((n, table, id_))
        last = hash_
    for kind, (table, _columns) in TABLES.items():
        rows = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        links = db.execute("SELECT count(*), count(DISTINCT id) FROM chain WHERE kind = ?", (kind,)).fetchone()
        if links != (rows, rows):
            wrong.append((table, rows, links))
    db.close()
    return wrong
