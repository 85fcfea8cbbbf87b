"""Every table of the archive's database, as numbered migrations that are never edited once released.

Times are unix seconds but for `msgtime`, which is milliseconds as WeCom sends it. Chained tables
(`chain.CHAINED`) only grow: triggers refuse to change or remove their rows, and every row has a link in
`chain`. What changes stands in tables of its own. Derived tables can be made again from `record.raw`.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("wecrm-archive")

SCHEMA_VERSION = 1
"""Number of the newest migration; `PRAGMA user_version` of a current file."""

SCHEMA_DIGEST = "c78e4e6dccc5fea89b09ac97740a8d4635807860e514b07d7ce3aa332391ea5f"
"""What `schemas.digest` gives for a current file: a start that finds another one looks what differs."""


@migrations()
def a001_archive(db: Database) -> None:
    """Messages, what could not be opened, media, seats, gaps, accesses and the chain over them."""
    for statement in (*_CHAINED, *_STATE, *_DERIVED, *_GUARDS):
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")


_CHAINED = (
    """CREATE TABLE record (
        id INTEGER PRIMARY KEY, seq BLOB NOT NULL, msgid TEXT NOT NULL UNIQUE, publickey_ver INTEGER NOT NULL,
        stored_at INTEGER NOT NULL, msgtime INTEGER NOT NULL, action TEXT NOT NULL, msgtype TEXT NOT NULL,
        sender TEXT NOT NULL, conversation INTEGER NOT NULL, text TEXT NOT NULL, raw BLOB NOT NULL)""",
    """CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, seq BLOB NOT NULL, msgid TEXT NOT NULL, publickey_ver INTEGER NOT NULL,
        stored_at INTEGER NOT NULL, reason TEXT NOT NULL, code INTEGER NOT NULL,
        encrypt_random_key TEXT NOT NULL, encrypt_chat_msg TEXT NOT NULL, plain BLOB)""",
    """CREATE TABLE media_file (
        id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, sdkfileid TEXT NOT NULL,
        sha256 TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL, path TEXT NOT NULL)""",
    """CREATE TABLE seats (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, day TEXT NOT NULL, edition INTEGER NOT NULL,
        userids TEXT NOT NULL)""",
    """CREATE TABLE gap (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
        reason TEXT NOT NULL)""",
    """CREATE TABLE gap_acknowledged (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, gap INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL)""",
    """CREATE TABLE access (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, command TEXT NOT NULL, reason TEXT NOT NULL,
        filter TEXT NOT NULL, rows INTEGER NOT NULL)""",
    # one link per row above, in the order in which the rows were written
    "CREATE TABLE chain (n INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id INTEGER NOT NULL, hash BLOB NOT NULL)",
    "CREATE INDEX record_conversation ON record (conversation, msgtime)",
    "CREATE INDEX record_msgtime ON record (msgtime)",
    "CREATE INDEX record_sender ON record (sender, msgtime)",
    "CREATE INDEX record_msgtype ON record (msgtype, msgtime) WHERE msgtype <> 'text'",
    "CREATE INDEX quarantine_msgid ON quarantine (msgid)",
    "CREATE INDEX media_file_path ON media_file (path)",
)

_STATE = (
    "CREATE TABLE corp (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # seq is TEXT: it may be as large as 2^64 − 1
    "CREATE TABLE cursor (name TEXT PRIMARY KEY, seq TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE pull (
        id INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, finished_at INTEGER, state TEXT NOT NULL,
        from_seq TEXT NOT NULL, to_seq TEXT NOT NULL, pages INTEGER NOT NULL DEFAULT 0,
        new INTEGER NOT NULL DEFAULT 0, doubled INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0,
        newest_msgtime INTEGER, emptied INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '')""",
    # record: what it became when its key turned up; NULL while it waits
    """CREATE TABLE quarantine_state (
        quarantine INTEGER PRIMARY KEY, attempts INTEGER NOT NULL DEFAULT 0, tried_at INTEGER,
        reason TEXT NOT NULL, code INTEGER NOT NULL, record INTEGER)""",
    "CREATE INDEX quarantine_waiting ON quarantine_state (quarantine) WHERE record IS NULL",
    # state: wanted · part · done · failed · expired · skipped; asked: a person wants it whatever the settings say;
    # mismatches: how often it came complete but with another size or md5 than its message tells
    """CREATE TABLE media (
        id INTEGER PRIMARY KEY, sdkfileid TEXT NOT NULL UNIQUE, record INTEGER NOT NULL, kind TEXT NOT NULL,
        extension TEXT NOT NULL, name TEXT NOT NULL, size INTEGER, md5 TEXT NOT NULL, msgtime INTEGER NOT NULL,
        state TEXT NOT NULL, next_index TEXT NOT NULL DEFAULT '', written INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0, code INTEGER NOT NULL DEFAULT 0,
        mismatches INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0, file INTEGER)""",
    "CREATE INDEX media_open ON media (msgtime) WHERE state IN ('wanted', 'part')",
    "CREATE INDEX media_state ON media (state)",
    "CREATE TABLE media_use (record INTEGER NOT NULL, media INTEGER NOT NULL, PRIMARY KEY (record, media)) WITHOUT ROWID",  # noqa: E501
    "CREATE INDEX media_use_media ON media_use (media)",
)

_DERIVED = (
    # kind: single (key = both ids, sorted, joined by a space) · group (key = roomid) · other (switch and the like)
    """CREATE TABLE conversation (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL, messages INTEGER NOT NULL)""",
    "CREATE INDEX conversation_last ON conversation (last_at)",
    # side: member · contact · robot
    """CREATE TABLE participant (
        conversation INTEGER NOT NULL, person TEXT NOT NULL COLLATE NOCASE, side TEXT NOT NULL,
        PRIMARY KEY (conversation, person)) WITHOUT ROWID""",
    "CREATE INDEX participant_person ON participant (person)",
    "CREATE TABLE revoke (record INTEGER PRIMARY KEY, pre_msgid TEXT NOT NULL, at INTEGER NOT NULL)",
    "CREATE INDEX revoke_pre ON revoke (pre_msgid)",
    # what customers answered to archiving, as messages tell it: agree · disagree
    """CREATE TABLE consent (
        record INTEGER PRIMARY KEY, person TEXT NOT NULL, conversation INTEGER NOT NULL, answer TEXT NOT NULL,
        at INTEGER NOT NULL)""",
    "CREATE INDEX consent_person ON consent (person, at)",
    # the same as WeCom tells when asked; room "" for a single chat, member "" in a group; status "" where WeCom does
    # not tell. A room's own line (contact "") says when it was asked
    """CREATE TABLE agreement (
        room TEXT NOT NULL, member TEXT NOT NULL COLLATE NOCASE, contact TEXT NOT NULL, status TEXT NOT NULL,
        changed_at INTEGER NOT NULL, checked_at INTEGER NOT NULL, PRIMARY KEY (room, member, contact)) WITHOUT ROWID""",
    # rowid = record.id; made of overlapping pairs of characters by store/archive/tokens.py. The tokenizer only cuts
    # at blanks: all beyond ASCII belongs to a word for it, and of ASCII what is named
    """CREATE VIRTUAL TABLE record_text USING fts5 (
        pairs, content = '', columnsize = 0,
        tokenize = "ascii tokenchars '!""#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'")""",
    # a customer's first words that wait for an answer, single chats only; kept by store/archive/replies.py
    """CREATE TABLE wait (
        id INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, member TEXT NOT NULL, contact TEXT NOT NULL,
        asked INTEGER NOT NULL, asked_at INTEGER NOT NULL, questions INTEGER NOT NULL,
        answered INTEGER, answered_at INTEGER, work_s INTEGER)""",
    "CREATE INDEX wait_conversation ON wait (conversation, asked_at)",
    "CREATE INDEX wait_member ON wait (member, asked_at)",
    # messages by member, conversation and day (of the configured time zone): figures that reports need fast
    """CREATE TABLE message_day (
        day TEXT NOT NULL, person TEXT NOT NULL, conversation INTEGER NOT NULL, hour INTEGER NOT NULL,
        messages INTEGER NOT NULL, PRIMARY KEY (day, person, conversation, hour)) WITHOUT ROWID""",
    """CREATE TABLE word_hit (
        id INTEGER PRIMARY KEY, rule TEXT NOT NULL, level TEXT NOT NULL, record INTEGER NOT NULL, found TEXT NOT NULL,
        at INTEGER NOT NULL, notified_at INTEGER, UNIQUE (rule, record))""",
    "CREATE INDEX word_hit_at ON word_hit (at)",
)

_APPEND_ONLY = ("record", "quarantine", "media_file", "seats", "gap", "gap_acknowledged", "access", "chain")

_GUARDS = tuple(
    f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of this table are never changed or removed'); END"
    for table in _APPEND_ONLY
    for event in ("UPDATE", "DELETE")
)
