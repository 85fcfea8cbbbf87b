"""What the cache can offer to a shell that completes a word: tags, members, groups, jobs.

Asked on every press of TAB, so nothing but `sqlite3` is imported here, and the file is only looked
at: it is neither made nor migrated, and nothing appears beside it.
"""

import os
import sqlite3
import unicodedata

LIMIT = 200

_TAGS = """SELECT g.group_name, t.name FROM corp_tag t JOIN tag_group g ON g.group_id = t.group_id
    WHERE t.deleted_at IS NULL ORDER BY g."order" DESC, g.group_name, t."order" DESC, t.name"""
_MEMBERS = "SELECT userid, coalesce(name, '') FROM member WHERE gone_at IS NULL ORDER BY userid"
_USERIDS = f"""SELECT userid, coalesce(name, '') FROM member WHERE gone_at IS NULL AND userid LIKE ? ESCAPE '\\'
    ORDER BY userid LIMIT {LIMIT}"""
_CHATS = "SELECT chat_id, coalesce(name, '') FROM group_chat WHERE gone_at IS NULL ORDER BY create_time DESC"
_JOBS = "SELECT id, state || ' · ' || title FROM job ORDER BY created_at DESC"
_TAG_GROUPS = "SELECT group_name, '' FROM tag_group WHERE deleted_at IS NULL ORDER BY \"order\" DESC, group_name"


def candidates(path: str, kind: str, text: str) -> list[tuple[str, str]]:
    """Up to LIMIT (value, what it is) of that kind that begin with `text`; case and width do not count.

    Kinds: tag, taggroup, member (userid or name), userid, chat, job. Who types the beginning of a
    name where an id is wanted is offered the id.

    Raises:
        sqlite3.Error: no database there, a damaged one, or one that is held right now.
    """
    connection = _opened(path)
    try:
        return _found(connection, kind, folded(text))[:LIMIT]
    finally:
        connection.close()


def _opened(path: str) -> sqlite3.Connection:
    """A connection that leaves no trace.

    A read-only connection makes `-wal` and `-shm` beside a database that nobody has open, and leaves
    them there. Without them there is nothing in them to read: the file alone is the whole truth.
    """
    alone = not (os.path.exists(f"{path}-wal") and os.path.exists(f"{path}-shm"))
    name = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    uri = f"file://{name}?mode=ro" + ("&immutable=1" if alone else "")
    connection = sqlite3.connect(uri, uri=True, timeout=0)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def _found(db: sqlite3.Connection, kind: str, start: str) -> list[tuple[str, str]]:
    if kind == "tag":
        return _tags(db.execute(_TAGS).fetchall(), start)
    if kind in ("member", "userid"):
        return _members(db, start, names=kind == "member")
    sql = {"chat": _CHATS, "job": _JOBS, "taggroup": _TAG_GROUPS}[kind]
    by_name = kind == "chat"
    found = []
    for value, told in db.execute(sql):
        if folded(value).startswith(start) or (by_name and folded(told).startswith(start)):
            found.append((value, told))
            if len(found) == LIMIT:
                break
    return found


def _tags(rows: list[tuple[str, str]], start: str) -> list[tuple[str, str]]:
    """Tags by name, or as group/name where the name alone would be ambiguous or the group was typed."""
    known: dict[str, int] = {}
    for group, name in rows:
        for key in {folded(name), folded(f"{group}/{name}")}:
            known[key] = known.get(key, 0) + 1
    found = []
    for group, name in rows:
        full = f"{group}/{name}"
        if folded(name).startswith(start):
            found.append((name, group) if known[folded(name)] == 1 else (full, ""))
        elif folded(full).startswith(start):
            found.append((full, ""))
    return found


def _members(db: sqlite3.Connection, start: str, *, names: bool) -> list[tuple[str, str]]:
    """Members by userid, which is ASCII, so that SQLite can look; then by name."""
    pattern = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in start) + "%"
    found: list[tuple[str, str]] = db.execute(_USERIDS, (pattern,)).fetchall()
    if not start or len(found) == LIMIT:
        return found
    rows = db.execute(_MEMBERS).fetchall()
    ids = {userid for userid, _name in found}
    named = [(userid, name) for userid, name in rows if userid not in ids and folded(name).startswith(start)]
    seen: dict[str, int] = {}
    for _userid, name in rows if names and named else ():
        seen[name] = seen.get(name, 0) + 1
    return found + [(name, userid) if seen.get(name) == 1 else (userid, name) for userid, name in named]


def folded(text: str) -> str:
    """`text` for comparing beginnings: width and case do not count."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
