"""The tables of a world file."""

from typing import Final

VERSION: Final = 4

TABLES: Final = """
CREATE TABLE world (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  now REAL NOT NULL,          -- unix seconds; moved by calls, by sleep and by advance
  shift REAL NOT NULL,        -- what a served world adds to real time
  calls INTEGER NOT NULL,     -- number of the last call
  made INTEGER NOT NULL,      -- ids made so far
  version INTEGER NOT NULL    -- grows when something changes that processes keep in memory
);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE app (
  kind TEXT PRIMARY KEY, secret TEXT NOT NULL, agentid INTEGER NOT NULL,
  enabled INTEGER NOT NULL, departments TEXT          -- JSON; null = everything is visible
) WITHOUT ROWID;
CREATE TABLE token (
  token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires REAL NOT NULL, ended INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE department (
  id INTEGER PRIMARY KEY, parentid INTEGER NOT NULL, ord INTEGER NOT NULL,
  name TEXT NOT NULL, name_en TEXT NOT NULL, leaders TEXT NOT NULL
);
CREATE TABLE member (
  id INTEGER PRIMARY KEY, userid TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL,
  status INTEGER NOT NULL, follows INTEGER NOT NULL,  -- customer contact enabled
  departments TEXT NOT NULL, detail TEXT NOT NULL, left_at REAL
);
CREATE UNIQUE INDEX member_userid ON member (userid) WHERE left_at IS NULL;
CREATE TABLE standing (       -- of members who are not as most are
  member INTEGER PRIMARY KEY,
  last_login REAL,            -- null = logs in every day
  real_name INTEGER NOT NULL DEFAULT 1, banned INTEGER NOT NULL DEFAULT 0,
  enabled_status INTEGER,     -- what a disabled member was before
  quit_at REAL
);
CREATE TABLE contact (id INTEGER PRIMARY KEY, external_userid TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE relation (
  member INTEGER NOT NULL, contact INTEGER NOT NULL,
  info TEXT NOT NULL,         -- the member's side as JSON, without tags
  tags TEXT NOT NULL,         -- ids of corp tags, JSON
  personal TEXT NOT NULL,     -- [group name, tag name] pairs, JSON
  strategy TEXT NOT NULL,     -- ids of strategy tags, JSON
  one_way INTEGER NOT NULL,   -- 1 = the customer has deleted the member
  PRIMARY KEY (member, contact)
) WITHOUT ROWID;
CREATE TABLE former (         -- relations that are gone, and how they had begun
  member INTEGER NOT NULL, contact INTEGER NOT NULL, info TEXT NOT NULL
);
CREATE INDEX former_member ON former (member, contact);
CREATE TRIGGER relation_gone AFTER DELETE ON relation BEGIN
  INSERT INTO former VALUES (old.member, old.contact, old.info);
END;
CREATE TABLE tag_group (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, ord INTEGER NOT NULL,
  create_time INTEGER NOT NULL, owner TEXT NOT NULL, strategy INTEGER NOT NULL, deleted INTEGER NOT NULL
);
CREATE TABLE tag (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, group_id TEXT NOT NULL, name TEXT NOT NULL,
  ord INTEGER NOT NULL, create_time INTEGER NOT NULL, owner TEXT NOT NULL, deleted INTEGER NOT NULL
);
CREATE INDEX tag_of_group ON tag (group_id);
CREATE TABLE chat (
  id INTEGER PRIMARY KEY, chat_id TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL, status INTEGER NOT NULL,
  head TEXT NOT NULL,         -- name, create_time, notice, admin_list, member_version, JSON
  members TEXT NOT NULL       -- member_list with names, JSON
);
CREATE INDEX chat_owner ON chat (owner);
CREATE TABLE transfer (       -- one customer on the way from one member to another
  n INTEGER PRIMARY KEY, kind TEXT NOT NULL,  -- onjob or resigned
  giver INTEGER NOT NULL, taker INTEGER NOT NULL, contact INTEGER NOT NULL,
  started REAL NOT NULL,
  refuses INTEGER NOT NULL,   -- what the customer will do
  status INTEGER NOT NULL,    -- 1 done, 2 waiting, 3 refused, 4 taker at the cap
  ended REAL                  -- null while waiting
);
CREATE INDEX transfer_pair ON transfer (giver, taker, n);
CREATE INDEX transfer_contact ON transfer (contact, giver);
CREATE TABLE refuser (contact INTEGER PRIMARY KEY, after_s REAL NOT NULL);
CREATE TABLE chat_move (      -- one group that got another owner
  n INTEGER PRIMARY KEY, kind TEXT NOT NULL, chat INTEGER NOT NULL,
  giver INTEGER NOT NULL, taker INTEGER NOT NULL, at REAL NOT NULL
);
CREATE INDEX chat_move_chat ON chat_move (chat, at);
CREATE INDEX chat_move_giver ON chat_move (giver, at);
CREATE INDEX chat_move_taker ON chat_move (taker, at);
CREATE TABLE agenda (         -- what happens by itself when its time has come
  n INTEGER PRIMARY KEY, at REAL NOT NULL, what TEXT NOT NULL, id INTEGER NOT NULL
);
CREATE INDEX agenda_at ON agenda (at);
CREATE INDEX agenda_id ON agenda (id);
CREATE TABLE event (          -- what a callback would tell
  n INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, change_type TEXT NOT NULL,
  fields TEXT NOT NULL        -- under the names of the callback, JSON
);
CREATE TABLE notice (         -- a message of an app for one member
  n INTEGER PRIMARY KEY, at REAL NOT NULL, app TEXT NOT NULL, member INTEGER NOT NULL,
  msgtype TEXT NOT NULL, content TEXT NOT NULL, msgid TEXT NOT NULL,
  dropped TEXT NOT NULL       -- why the member did not get it; "" = they did
);
CREATE INDEX notice_member ON notice (member, at);
CREATE TABLE live_code (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,  -- config_id, or link_id
  kind TEXT NOT NULL,         -- contact, group or link
  owner TEXT NOT NULL,        -- the app that made it
  created INTEGER NOT NULL,
  picture TEXT NOT NULL,      -- where its QR picture lies; "" = it has none
  fields TEXT NOT NULL,       -- what was configured, JSON
  temporary INTEGER NOT NULL,  -- a contact way for one short session
  turn INTEGER NOT NULL,      -- scans so far
  deleted INTEGER NOT NULL
);
CREATE INDEX live_code_kind ON live_code (kind, temporary, deleted, created);
CREATE INDEX live_code_picture ON live_code (picture);
CREATE TABLE arrival (        -- one scan of a code or one click on a link
  n INTEGER PRIMARY KEY, code INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
  member INTEGER,             -- null = no member got a customer; always so for groups
  contact INTEGER,            -- null = nobody was added
  fresh INTEGER NOT NULL,     -- nobody in the corp knew the customer
  messages INTEGER,           -- the customer has written so often; null = not known
  welcome TEXT NOT NULL, greeted INTEGER NOT NULL,  -- welcome_code, and whether it was used
  ends REAL                   -- of a temporary session
);
CREATE INDEX arrival_code ON arrival (code, at);
CREATE INDEX arrival_welcome ON arrival (welcome);
CREATE TABLE welcome_template (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  parts TEXT NOT NULL         -- as they are read, JSON
);
CREATE TABLE archive_key (    -- one upload of a public key; pairs are made when first needed
  version INTEGER PRIMARY KEY, made REAL NOT NULL, private BLOB, withheld INTEGER NOT NULL
);
CREATE TABLE archive_stream ( -- conversations drawn from the seed, message by message, between two moments
  n INTEGER PRIMARY KEY, begins REAL NOT NULL,
  ends REAL,                  -- null = goes on with the world's time
  rate REAL NOT NULL,         -- messages of a busy hour
  said INTEGER NOT NULL       -- number of its messages so far, archived or not
);
CREATE TABLE archive_cast (n INTEGER PRIMARY KEY, at REAL NOT NULL, people TEXT NOT NULL);  -- who spoke then, JSON
CREATE TABLE archive_span (   -- archived messages that follow each other: a part of a stream, or one as it was scripted
  first BLOB PRIMARY KEY, last BLOB NOT NULL,  -- seq, 8 bytes, big-endian: it may be as large as 2^64 - 1
  version INTEGER NOT NULL,   -- of the public key that seals it
  stream INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL, cast_id INTEGER NOT NULL,
  holes INTEGER NOT NULL,     -- every 37th message is followed by so many seqs that nobody has
  at REAL, plain BLOB,        -- of a scripted message
  forced TEXT                 -- what its sealed record says instead, JSON
) WITHOUT ROWID;
CREATE TABLE archive_consent (
  member INTEGER NOT NULL, contact INTEGER NOT NULL, status TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (member, contact)
) WITHOUT ROWID;
CREATE TABLE call (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, path TEXT NOT NULL, app TEXT NOT NULL, ip TEXT NOT NULL,
  pid INTEGER, errcode INTEGER, applied INTEGER NOT NULL, fault TEXT NOT NULL, notes TEXT NOT NULL,
  query TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE fault (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, times INTEGER, share REAL,
  seed INTEGER NOT NULL, moment TEXT NOT NULL, seconds REAL NOT NULL, seen INTEGER NOT NULL
);
CREATE TABLE rate (
  scope TEXT NOT NULL, path TEXT NOT NULL,
  minute_from REAL NOT NULL, minute INTEGER NOT NULL,
  hour_from REAL NOT NULL, hour INTEGER NOT NULL, blocked REAL NOT NULL,
  PRIMARY KEY (scope, path)
) WITHOUT ROWID;
CREATE TABLE wrong_secret (
  ip TEXT PRIMARY KEY, since REAL NOT NULL, count INTEGER NOT NULL, blocked REAL NOT NULL
) WITHOUT ROWID;
"""

INDEXES_AFTER_SEEDING: Final = """
CREATE UNIQUE INDEX contact_external ON contact (external_userid);
CREATE INDEX relation_contact ON relation (contact);
"""
