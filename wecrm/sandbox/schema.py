"""The tables of a world file."""

from typing import Final

VERSION: Final = 1

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
