"""Every table, index and view, as numbered migrations that are never edited once released.

Times are unix seconds. Integers that may exceed 2^63−1 are stored as TEXT. `raw` holds the bytes
as WeCom sent them, so that no unknown field is lost. Plural names are views for people.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("wecrm")

SCHEMA_VERSION = 7
"""Number of the newest migration; `PRAGMA user_version` of a current file."""

SCHEMA_DIGEST = "c4615f063f287ed54c6ad98e35c377b45d18d0cb5a2f8f2adf95833eada0e20d"
"""What `schemas.digest` gives for a current file: a start that finds another one looks what differs."""


@migrations()
def m001_cache_and_journal(db: Database) -> None:
    """The cache of WeCom's contacts, the history of relations and the journal of jobs."""
    for statement in (*_DIRECTORY, *_CONTACTS, *_TAGS, *_GROUPS, *_SYNCS, *_JOBS, *_VIEWS):
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")


@migrations()
def m002_exclusive_groups(db: Database) -> None:
    """Tag groups of which a customer has at most one tag (stages): known to us alone, not to WeCom."""
    for statement in _EXCLUSIVE:
        db.execute(statement)
    db.execute("PRAGMA user_version = 2")


@migrations()
def m003_live_codes(db: Database) -> None:
    """Live codes with our register of what each is for, customers of links, and first touches."""
    for statement in _LIVE_CODES:
        db.execute(statement)
    db.execute("PRAGMA user_version = 3")


@migrations()
def m004_transfers(db: Database) -> None:
    """The ledger of transfers, since WeCom gives them no id and tells no success, what members knew, and leavers."""
    for statement in (*_TRANSFERS, *_MEMORY, *_OFFBOARDING):
        db.execute(statement)
    db.execute("PRAGMA user_version = 4")


@migrations()
def m005_welcomes(db: Database) -> None:
    """Group welcome templates: WeCom has no list of them."""
    for statement in _WELCOMES:
        db.execute(statement)
    db.execute("PRAGMA user_version = 5")


@migrations()
def m006_statistics(db: Database) -> None:
    """What WeCom counts by itself, by day, and mass messages: kept, since WeCom forgets it after 180 days."""
    for statement in _STATISTICS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 6")


@migrations()
def m007_first_days_of_groups(db: Database) -> None:
    """Messages of an owner's very first day: WeCom told nothing of the day before, since there was no group."""
    for statement in _FIRST_DAYS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 7")


_DIRECTORY = (
    "CREATE TABLE corp (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE department (
        id INTEGER PRIMARY KEY, parentid INTEGER, name TEXT, name_en TEXT, "order" INTEGER,
        leaders TEXT, seen_at INTEGER NOT NULL, gone_at INTEGER)""",
    """CREATE TABLE member (
        userid TEXT PRIMARY KEY COLLATE NOCASE, name TEXT, alias TEXT, position TEXT, status INTEGER,
        main_department INTEGER, follows INTEGER NOT NULL DEFAULT 0, in_view INTEGER NOT NULL DEFAULT 1,
        first_seen INTEGER NOT NULL, seen_at INTEGER NOT NULL, gone_at INTEGER,
        pass_run INTEGER, pass_at INTEGER, pass_relations INTEGER)""",
    """CREATE TABLE member_department (
        userid TEXT NOT NULL COLLATE NOCASE, department INTEGER NOT NULL,
        is_leader INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (userid, department)) WITHOUT ROWID""",
    "CREATE INDEX member_department_department ON member_department (department)",
)

_CONTACTS = (
    """CREATE TABLE contact (
        external_userid TEXT PRIMARY KEY, name TEXT, type INTEGER, gender INTEGER, unionid TEXT,
        position TEXT, corp_name TEXT, corp_full_name TEXT, avatar TEXT, raw BLOB,
        first_seen INTEGER NOT NULL)""",
    "CREATE INDEX contact_unionid ON contact (unionid) WHERE unionid IS NOT NULL",
    "CREATE INDEX contact_name ON contact (name)",
    """CREATE TABLE relation (
        id INTEGER PRIMARY KEY, userid TEXT NOT NULL COLLATE NOCASE, external_userid TEXT NOT NULL,
        remark TEXT, description TEXT, createtime INTEGER, add_way INTEGER, state TEXT,
        oper_userid TEXT, remark_corp_name TEXT, raw BLOB,
        status TEXT NOT NULL DEFAULT 'active', first_seen INTEGER NOT NULL, seen_run INTEGER,
        status_at INTEGER, UNIQUE (userid, external_userid))""",
    "CREATE INDEX relation_external_userid ON relation (external_userid)",
    "CREATE INDEX relation_userid_status ON relation (userid, status)",
    "CREATE INDEX relation_state ON relation (state) WHERE state IS NOT NULL",
    "CREATE INDEX relation_createtime ON relation (createtime)",
    "CREATE INDEX relation_ended ON relation (status) WHERE status <> 'active'",
    """CREATE TABLE relation_tag (
        relation_id INTEGER NOT NULL, tag_id TEXT NOT NULL, PRIMARY KEY (relation_id, tag_id)) WITHOUT ROWID""",
    "CREATE INDEX relation_tag_tag_id ON relation_tag (tag_id)",
    """CREATE TABLE relation_personal_tag (
        relation_id INTEGER NOT NULL, group_name TEXT NOT NULL, tag_name TEXT NOT NULL,
        PRIMARY KEY (relation_id, group_name, tag_name)) WITHOUT ROWID""",
    """CREATE TABLE relation_mobile (
        relation_id INTEGER NOT NULL, mobile TEXT NOT NULL, PRIMARY KEY (relation_id, mobile)) WITHOUT ROWID""",
    "CREATE INDEX relation_mobile_mobile ON relation_mobile (mobile)",
    """CREATE TABLE relation_event (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, relation_id INTEGER NOT NULL, field TEXT NOT NULL,
        old TEXT, new TEXT, job TEXT, run INTEGER)""",
    "CREATE INDEX relation_event_relation_id ON relation_event (relation_id)",
    "CREATE INDEX relation_event_job ON relation_event (job) WHERE job IS NOT NULL",
    """CREATE TRIGGER relation_event_is_append_only_1 BEFORE UPDATE ON relation_event
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    """CREATE TRIGGER relation_event_is_append_only_2 BEFORE DELETE ON relation_event
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
)

_TAGS = (
    """CREATE TABLE tag_group (
        group_id TEXT PRIMARY KEY, group_name TEXT NOT NULL, "order" INTEGER, create_time INTEGER,
        deleted_at INTEGER)""",
    """CREATE TABLE corp_tag (
        tag_id TEXT PRIMARY KEY, group_id TEXT NOT NULL, name TEXT NOT NULL, "order" INTEGER,
        create_time INTEGER, deleted_at INTEGER, made_by_job TEXT)""",
    "CREATE INDEX corp_tag_group_id ON corp_tag (group_id)",
)

_GROUPS = (
    """CREATE TABLE group_chat (
        chat_id TEXT PRIMARY KEY, name TEXT, owner TEXT COLLATE NOCASE, create_time INTEGER, notice TEXT,
        status INTEGER, member_version TEXT, raw BLOB, first_seen INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, gone_at INTEGER)""",
    "CREATE INDEX group_chat_owner ON group_chat (owner)",
    """CREATE TABLE group_member (
        chat_id TEXT NOT NULL, userid TEXT NOT NULL, type INTEGER, name TEXT, group_nickname TEXT,
        join_time INTEGER, join_scene INTEGER, state TEXT, invitor TEXT, is_admin INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (chat_id, userid)) WITHOUT ROWID""",
    "CREATE INDEX group_member_userid ON group_member (userid)",
)

_SYNCS = (
    """CREATE TABLE sync_run (
        id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, state TEXT NOT NULL, started_at INTEGER NOT NULL,
        finished_at INTEGER, seen INTEGER NOT NULL DEFAULT 0, added INTEGER NOT NULL DEFAULT 0,
        changed INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
        out_of_sight INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, note TEXT)""",
    "CREATE INDEX sync_run_purpose ON sync_run (purpose, id)",
    """CREATE TABLE sync_chunk (
        run INTEGER NOT NULL, n INTEGER NOT NULL, userids TEXT NOT NULL, state TEXT NOT NULL,
        errcode INTEGER, error TEXT, PRIMARY KEY (run, n)) WITHOUT ROWID""",
)

_JOBS = (
    """CREATE TABLE job (
        id TEXT PRIMARY KEY, digest TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, case_id TEXT,
        undo_of TEXT, state TEXT NOT NULL, created_at REAL NOT NULL, finished_at INTEGER,
        due_at INTEGER, approval TEXT)""",
    """CREATE TABLE job_row (
        job TEXT NOT NULL, n INTEGER NOT NULL, stage INTEGER NOT NULL, op TEXT NOT NULL, cluster TEXT NOT NULL,
        change BLOB NOT NULL, status TEXT NOT NULL, errcode INTEGER, errmsg TEXT, hint TEXT,
        attempts INTEGER NOT NULL DEFAULT 0, sent_at REAL, due_at REAL, evidence TEXT,
        PRIMARY KEY (job, n)) WITHOUT ROWID""",
    "CREATE INDEX job_row_status ON job_row (job, status, stage, cluster)",
    """CREATE TABLE job_binding (
        job TEXT NOT NULL, change_id TEXT NOT NULL, made_id TEXT NOT NULL,
        PRIMARY KEY (job, change_id)) WITHOUT ROWID""",
)

_VIEWS = (
    """CREATE VIEW departments AS
        SELECT d.id, d.parentid, p.name AS parent, d.name, d.name_en, d."order",
            (SELECT count(*) FROM member_department md JOIN member m ON m.userid = md.userid
                WHERE md.department = d.id AND m.gone_at IS NULL) AS people,
            d.seen_at, d.gone_at
        FROM department d LEFT JOIN department p ON p.id = d.parentid""",
    """CREATE VIEW members AS
        SELECT m.userid, m.name, m.alias, m.position,
            (SELECT json_group_array(coalesce(nullif(d.name, ''), CAST(md.department AS TEXT)))
                FROM member_department md LEFT JOIN department d ON d.id = md.department
                WHERE md.userid = m.userid) AS departments,
            m.main_department, m.status, m.follows, m.in_view,
            (SELECT count(*) FROM relation r WHERE r.userid = m.userid AND r.status = 'active') AS customers,
            (SELECT count(*) FROM group_chat g WHERE g.owner = m.userid AND g.gone_at IS NULL) AS groups_owned,
            m.first_seen, m.seen_at, m.gone_at, m.pass_at
        FROM member m""",
    """CREATE VIEW contacts AS
        SELECT r.id AS relation_id, r.userid, m.name AS member, r.external_userid, c.name, r.remark,
            r.description, r.remark_corp_name AS company, c.type, c.gender, c.position, c.corp_name,
            c.corp_full_name, c.unionid, r.add_way, r.state AS channel, r.createtime AS added_at,
            r.oper_userid, r.status, r.status_at, r.first_seen,
            (SELECT json_group_array(coalesce(t.name, rt.tag_id)) FROM relation_tag rt
                LEFT JOIN corp_tag t ON t.tag_id = rt.tag_id WHERE rt.relation_id = r.id) AS tags,
            (SELECT json_group_array(rt.tag_id) FROM relation_tag rt WHERE rt.relation_id = r.id) AS tag_ids,
            (SELECT json_group_array(pt.tag_name) FROM relation_personal_tag pt
                WHERE pt.relation_id = r.id) AS personal_tags,
            (SELECT json_group_array(rm.mobile) FROM relation_mobile rm WHERE rm.relation_id = r.id) AS mobiles
        FROM relation r LEFT JOIN contact c ON c.external_userid = r.external_userid
            LEFT JOIN member m ON m.userid = r.userid""",
    """CREATE VIEW tags AS
        SELECT t.tag_id, t.name, g.group_name AS "group", t.group_id, t."order", g."order" AS group_order,
            t.create_time, t.deleted_at, t.made_by_job,
            (SELECT count(*) FROM relation_tag rt WHERE rt.tag_id = t.tag_id
                AND rt.relation_id NOT IN (SELECT id FROM relation WHERE status <> 'active')) AS customers
        FROM corp_tag t LEFT JOIN tag_group g ON g.group_id = t.group_id""",
    """CREATE VIEW "groups" AS
        SELECT g.chat_id, g.name, g.owner, m.name AS owner_name, g.status, g.create_time, g.notice,
            (SELECT count(*) FROM group_member gm WHERE gm.chat_id = g.chat_id) AS people,
            (SELECT count(*) FROM group_member gm WHERE gm.chat_id = g.chat_id AND gm.type = 2) AS customers,
            g.first_seen, g.seen_at, g.gone_at
        FROM group_chat g LEFT JOIN member m ON m.userid = g.owner""",
    """CREATE VIEW group_members AS
        SELECT gm.chat_id, g.name AS group_name, gm.userid, gm.type,
            coalesce(nullif(gm.name, ''), c.name, m.name) AS name, gm.group_nickname, gm.join_time,
            gm.join_scene, gm.state AS channel, gm.invitor, gm.is_admin
        FROM group_member gm LEFT JOIN group_chat g ON g.chat_id = gm.chat_id
            LEFT JOIN contact c ON gm.type = 2 AND c.external_userid = gm.userid
            LEFT JOIN member m ON gm.type = 1 AND m.userid = gm.userid""",
    """CREATE VIEW history AS
        SELECT e.id, e.at, e.relation_id, r.userid, r.external_userid, c.name, e.field, e.old, e.new,
            t.name AS tag_name, e.job, e.run
        FROM relation_event e LEFT JOIN relation r ON r.id = e.relation_id
            LEFT JOIN contact c ON c.external_userid = r.external_userid
            LEFT JOIN corp_tag t ON e.field = 'tag' AND t.tag_id = coalesce(e.new, e.old)""",
    """CREATE VIEW syncs AS
        SELECT id, purpose, state, started_at, finished_at, seen, added, changed, lost, out_of_sight, failed, note
        FROM sync_run""",
    """CREATE VIEW jobs AS
        SELECT j.id, j.kind, j.title, j.state, j.created_at, j.finished_at, j.due_at, j.undo_of, j.case_id,
            (SELECT count(*) FROM job_row r WHERE r.job = j.id) AS "rows",
            (SELECT count(*) FROM job_row r WHERE r.job = j.id AND r.status IN ('ok', 'verified', 'same')) AS good,
            (SELECT count(*) FROM job_row r WHERE r.job = j.id
                AND r.status IN ('failed', 'conflict', 'unknown', 'skipped')) AS bad,
            (SELECT count(*) FROM job_row r WHERE r.job = j.id
                AND r.status IN ('pending', 'submitted', 'unknown')) AS open
        FROM job j""",
    """CREATE VIEW job_rows AS
        SELECT job, n, stage, op, cluster, json_extract(CAST(change AS TEXT), '$.key') AS object,
            CAST(change AS TEXT) AS change, status, errcode, errmsg, hint, attempts, sent_at, due_at, evidence
        FROM job_row""",
)

_EXCLUSIVE = (
    "CREATE TABLE exclusive_group (group_id TEXT PRIMARY KEY) WITHOUT ROWID",
    "DROP VIEW tags",
    """CREATE VIEW tags AS
        SELECT t.tag_id, t.name, g.group_name AS "group", t.group_id, t."order", g."order" AS group_order,
            EXISTS (SELECT 1 FROM exclusive_group x WHERE x.group_id = t.group_id) AS exclusive,
            t.create_time, t.deleted_at, t.made_by_job,
            (SELECT count(*) FROM relation_tag rt WHERE rt.tag_id = t.tag_id
                AND rt.relation_id NOT IN (SELECT id FROM relation WHERE status <> 'active')) AS customers
        FROM corp_tag t LEFT JOIN tag_group g ON g.group_id = t.group_id""",
)

_LIVE_CODES = (
    # name, entry: ours; WeCom knows neither. A group join way stands in no list of WeCom: without its row it is lost.
    """CREATE TABLE live_code (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, code_id TEXT NOT NULL, name TEXT, entry TEXT,
        state TEXT NOT NULL DEFAULT '', remark TEXT, url TEXT, create_time INTEGER, code TEXT NOT NULL, raw BLOB,
        first_seen INTEGER NOT NULL, seen_at INTEGER NOT NULL, gone_at INTEGER, made_by_job TEXT,
        UNIQUE (kind, code_id))""",
    "CREATE UNIQUE INDEX live_code_name ON live_code (name) WHERE name IS NOT NULL AND gone_at IS NULL",
    "CREATE INDEX live_code_state ON live_code (state)",
    """CREATE TABLE live_code_member (
        code INTEGER NOT NULL, userid TEXT NOT NULL COLLATE NOCASE, PRIMARY KEY (code, userid)) WITHOUT ROWID""",
    "CREATE INDEX live_code_member_userid ON live_code_member (userid)",
    """CREATE TABLE link_customer (
        link_id TEXT NOT NULL, external_userid TEXT NOT NULL, userid TEXT NOT NULL COLLATE NOCASE,
        chat_status INTEGER, state TEXT, PRIMARY KEY (link_id, external_userid, userid)) WITHOUT ROWID""",
    "CREATE INDEX link_customer_external_userid ON link_customer (external_userid)",
    """CREATE TABLE link_day (
        link_id TEXT NOT NULL, day TEXT NOT NULL, clicks INTEGER NOT NULL, added INTEGER NOT NULL,
        read_at INTEGER NOT NULL, PRIMARY KEY (link_id, day)) WITHOUT ROWID""",
    """CREATE TABLE first_touch (
        external_userid TEXT PRIMARY KEY, at INTEGER NOT NULL, userid TEXT NOT NULL, channel TEXT,
        add_way INTEGER) WITHOUT ROWID""",
    """INSERT INTO first_touch
        SELECT external_userid, min(createtime), userid, state, add_way FROM relation
        WHERE createtime > 0 AND coalesce(add_way, 0) NOT IN (201, 202) GROUP BY external_userid""",
    "CREATE INDEX relation_event_createtime ON relation_event (relation_id) WHERE field = 'createtime'",
    "CREATE INDEX group_member_state ON group_member (state) WHERE state IS NOT NULL",
    "DROP VIEW contacts",
    """CREATE VIEW contacts AS
        SELECT r.id AS relation_id, r.userid, m.name AS member, r.external_userid, c.name, r.remark,
            r.description, r.remark_corp_name AS company, c.type, c.gender, c.position, c.corp_name,
            c.corp_full_name, c.unionid, r.add_way, r.state AS channel, r.createtime AS added_at,
            r.oper_userid, r.status, r.status_at, r.first_seen,
            f.at AS first_touch_at, f.userid AS first_userid, f.channel AS first_channel, f.add_way AS first_add_way,
            (SELECT json_group_array(coalesce(t.name, rt.tag_id)) FROM relation_tag rt
                LEFT JOIN corp_tag t ON t.tag_id = rt.tag_id WHERE rt.relation_id = r.id) AS tags,
            (SELECT json_group_array(rt.tag_id) FROM relation_tag rt WHERE rt.relation_id = r.id) AS tag_ids,
            (SELECT json_group_array(pt.tag_name) FROM relation_personal_tag pt
                WHERE pt.relation_id = r.id) AS personal_tags,
            (SELECT json_group_array(rm.mobile) FROM relation_mobile rm WHERE rm.relation_id = r.id) AS mobiles
        FROM relation r LEFT JOIN contact c ON c.external_userid = r.external_userid
            LEFT JOIN member m ON m.userid = r.userid
            LEFT JOIN first_touch f ON f.external_userid = r.external_userid""",
    """CREATE VIEW livecodes AS
        SELECT l.name, l.kind, l.code_id, coalesce(nullif(l.state, ''), json_extract(l.entry, '$.channel'), '') AS channel,
            l.remark,
            (SELECT json_group_array(lm.userid) FROM live_code_member lm WHERE lm.code = l.id) AS members,
            coalesce(json_extract(l.code, '$.departments'), '[]') AS departments,
            coalesce(json_extract(l.code, '$.chats'), '[]') AS groups, json_extract(l.entry, '$.cap') AS cap,
            coalesce(json_extract(l.entry, '$.tags'), '[]') AS tags,
            json_extract(l.entry, '$.until') AS until, l.entry IS NOT NULL AS described, l.url,
            (SELECT count(*) FROM relation r WHERE l.state <> '' AND r.state = l.state) AS added,
            (SELECT max(r.createtime) FROM relation r WHERE l.state <> '' AND r.state = l.state) AS last_added_at,
            l.create_time, l.first_seen, l.seen_at, l.gone_at, l.made_by_job
        FROM live_code l""",
)

_TRANSFERS = (
    """CREATE TABLE transfer (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, what TEXT NOT NULL, handover TEXT NOT NULL COLLATE NOCASE,
        takeover TEXT NOT NULL COLLATE NOCASE, object_id TEXT NOT NULL, job TEXT, change_id TEXT,
        started_at INTEGER NOT NULL, status TEXT NOT NULL, due_at INTEGER, finished_at INTEGER)""",
    "CREATE INDEX transfer_object ON transfer (object_id, what)",
    "CREATE INDEX transfer_pair ON transfer (handover, takeover, kind)",
    "CREATE INDEX transfer_takeover ON transfer (takeover, what, started_at)",
    "CREATE INDEX transfer_waiting ON transfer (status) WHERE status = 'waiting'",
    "CREATE INDEX transfer_change ON transfer (job, change_id)",
    "CREATE UNIQUE INDEX transfer_waiting_change ON transfer (job, change_id) WHERE status = 'waiting'",
    """CREATE VIEW transfers AS
        SELECT t.id, t.what, t.kind, t.handover, h.name AS handover_name, t.takeover, m.name AS takeover_name,
            t.object_id, coalesce(c.name, g.name) AS name, t.status, t.started_at, t.due_at, t.finished_at, t.job
        FROM transfer t LEFT JOIN member h ON h.userid = t.handover LEFT JOIN member m ON m.userid = t.takeover
            LEFT JOIN contact c ON t.what = 'customer' AND c.external_userid = t.object_id
            LEFT JOIN group_chat g ON t.what = 'group' AND g.chat_id = t.object_id""",
)

_MEMORY = (
    # what a member knew of a customer before the customer went to another one; the first reading of a job stays
    """CREATE TABLE handover_memory (
        id INTEGER PRIMARY KEY, job TEXT NOT NULL, handover TEXT NOT NULL COLLATE NOCASE,
        takeover TEXT NOT NULL COLLATE NOCASE, external_userid TEXT NOT NULL, taken_at INTEGER NOT NULL,
        memory BLOB NOT NULL, restored_at INTEGER, result TEXT, UNIQUE (job, handover, external_userid))""",
    "CREATE INDEX handover_memory_external_userid ON handover_memory (external_userid)",
)

_OFFBOARDING = (
    # one member who leaves: what was approved, and how far it is; at most one case of a member is not over
    """CREATE TABLE offboarding (
        id TEXT PRIMARY KEY, userid TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, state TEXT NOT NULL,
        due TEXT NOT NULL, left_at INTEGER, envelope TEXT NOT NULL, digest TEXT NOT NULL, approved_by TEXT NOT NULL,
        approved_at INTEGER NOT NULL, created_at INTEGER NOT NULL, closed_at INTEGER,
        blocked_by TEXT NOT NULL DEFAULT '')""",
    "CREATE UNIQUE INDEX offboarding_open ON offboarding (userid) WHERE state NOT IN ('closed', 'cancelled')",
    """CREATE TABLE offboarding_step (
        case_id TEXT NOT NULL REFERENCES offboarding (id), n INTEGER NOT NULL, name TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending', job TEXT NOT NULL DEFAULT '', wait_until INTEGER,
        blocked_by TEXT NOT NULL DEFAULT '', asked TEXT NOT NULL DEFAULT '{}', answered TEXT NOT NULL DEFAULT '{}',
        read_back TEXT NOT NULL DEFAULT '{}', started_at INTEGER, finished_at INTEGER, PRIMARY KEY (case_id, n))""",
    "CREATE INDEX offboarding_step_job ON offboarding_step (job)",
    """CREATE VIEW offboardings AS
        SELECT o.id, o.userid, o.name, o.state,
            (SELECT s.name FROM offboarding_step s WHERE s.case_id = o.id AND s.state NOT IN ('done', 'skipped')
                ORDER BY s.state <> 'blocked', s.n LIMIT 1) AS step,
            (SELECT min(s.wait_until) FROM offboarding_step s WHERE s.case_id = o.id AND s.state = 'waiting')
                AS wait_until,
            o.due, o.left_at, coalesce(o.left_at, CAST(strftime('%s', o.due) AS INTEGER)) + 31536000 AS deadline,
            json_extract(o.envelope, '$.takers') AS takers, json_extract(o.envelope, '$.strategy') AS strategy,
            json_extract(o.envelope, '$.removal') AS removal,
            json_extract(o.envelope, '$.customers') AS customers, json_extract(o.envelope, '$.groups') AS groups,
            o.approved_by, o.approved_at, o.created_at, o.closed_at, o.blocked_by, o.digest
        FROM offboarding o""",
    """CREATE VIEW offboarding_steps AS
        SELECT s.case_id, o.userid, s.n, s.name, s.state, s.job, s.wait_until, s.blocked_by, s.asked, s.answered,
            s.read_back, s.started_at, s.finished_at
        FROM offboarding_step s JOIN offboarding o ON o.id = s.case_id""",
)

_WELCOMES = (
    # entry: what a person described, or what WeCom shows; content: as WeCom showed it last, NULL until it was read
    """CREATE TABLE welcome_template (
        template_id TEXT PRIMARY KEY, name TEXT, entry TEXT NOT NULL, content TEXT, first_seen INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, gone_at INTEGER, made_by_job TEXT) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX welcome_template_name ON welcome_template (name) WHERE name IS NOT NULL AND gone_at IS NULL",
    """CREATE VIEW welcomes AS
        SELECT w.name, w.template_id, json_extract(w.entry, '$.text') AS text,
            (SELECT p.key FROM json_each(w.entry) p
                WHERE p.key IN ('image', 'link', 'miniprogram', 'file', 'video')) AS part,
            coalesce(json_extract(w.entry, '$.link.title'), json_extract(w.entry, '$.miniprogram.title')) AS title,
            coalesce(json_extract(w.entry, '$.image'), json_extract(w.entry, '$.link.url'),
                json_extract(w.entry, '$.miniprogram.page'), json_extract(w.entry, '$.file'),
                json_extract(w.entry, '$.video')) AS content,
            w.first_seen, w.seen_at, w.gone_at, w.made_by_job
        FROM welcome_template w""",
)

_STATISTICS = (
    # days are WeCom's, of UTC+8, as 2026-11-22; no figures: asked for, and WeCom told none. A day read less than 24 h
    # (86,400 s, and 8 h behind UTC+8, from the beginning of the next day) after its end is provisional.
    """CREATE TABLE behavior_day (
        userid TEXT NOT NULL COLLATE NOCASE, day TEXT NOT NULL, chats INTEGER, messages INTEGER,
        reply_percentage REAL, reply_minutes INTEGER, negative INTEGER, applied INTEGER, added INTEGER,
        read_at INTEGER NOT NULL, PRIMARY KEY (userid, day)) WITHOUT ROWID""",
    """CREATE TABLE group_day (
        owner TEXT NOT NULL COLLATE NOCASE, day TEXT NOT NULL, new_groups INTEGER, groups INTEGER,
        talking_groups INTEGER, new_people INTEGER, people INTEGER, talking_people INTEGER, messages_total INTEGER,
        read_at INTEGER NOT NULL, PRIMARY KEY (owner, day)) WITHOUT ROWID""",
    # read_at: when its tasks were read; NULL: not yet
    """CREATE TABLE groupsend (
        msgid TEXT PRIMARY KEY, chat_type TEXT NOT NULL, creator TEXT NOT NULL, create_time INTEGER NOT NULL,
        text TEXT NOT NULL, read_at INTEGER) WITHOUT ROWID""",
    # read_at: when what became of the member's receivers was read; NULL: not yet
    """CREATE TABLE groupsend_task (
        msgid TEXT NOT NULL REFERENCES groupsend (msgid), userid TEXT NOT NULL COLLATE NOCASE, sent INTEGER NOT NULL,
        send_time INTEGER, delivered INTEGER, undelivered INTEGER, no_friend INTEGER, cap_reached INTEGER,
        read_at INTEGER, PRIMARY KEY (msgid, userid)) WITHOUT ROWID""",
    """CREATE VIEW behavior_days AS
        SELECT b.day, b.userid, m.name, b.chats, b.messages, b.reply_percentage, b.reply_minutes, b.negative,
            b.applied, b.added, b.read_at < CAST(strftime('%s', b.day) AS INTEGER) + 144000 AS provisional, b.read_at
        FROM behavior_day b LEFT JOIN member m ON m.userid = b.userid WHERE b.chats IS NOT NULL""",
    """CREATE VIEW group_days AS
        SELECT g.day, g.owner, m.name AS owner_name, g.new_groups, g.groups, g.talking_groups, g.new_people,
            g.people, g.talking_people, g.messages_total,
            g.messages_total - (SELECT p.messages_total FROM group_day p
                WHERE p.owner = g.owner AND p.day = date(g.day, '-1 day')) AS messages,
            g.read_at < CAST(strftime('%s', g.day) AS INTEGER) + 144000 AS provisional, g.read_at
        FROM group_day g LEFT JOIN member m ON m.userid = g.owner WHERE g.groups IS NOT NULL""",
    """CREATE VIEW link_days AS
        SELECT d.day, d.link_id, coalesce(l.name, l.remark) AS name, d.clicks, d.added,
            d.read_at < CAST(strftime('%s', d.day) AS INTEGER) + 144000 AS provisional, d.read_at
        FROM link_day d LEFT JOIN live_code l ON l.kind = 'link' AND l.code_id = d.link_id""",
    """CREATE VIEW groupsends AS
        SELECT s.msgid, s.chat_type, s.creator, m.name AS creator_name, s.create_time, s.text,
            count(t.userid) AS members, coalesce(sum(t.sent), 0) AS members_sent, sum(t.delivered) AS delivered,
            sum(t.undelivered) AS undelivered, sum(t.no_friend) AS no_friend, sum(t.cap_reached) AS cap_reached,
            s.read_at
        FROM groupsend s LEFT JOIN groupsend_task t ON t.msgid = s.msgid LEFT JOIN member m ON m.userid = s.creator
        GROUP BY s.msgid""",
    """CREATE VIEW groupsend_tasks AS
        SELECT t.msgid, t.userid, m.name, t.sent, t.send_time, t.delivered, t.undelivered, t.no_friend,
            t.cap_reached, t.read_at
        FROM groupsend_task t LEFT JOIN member m ON m.userid = t.userid""",
)

_FIRST_DAYS = (
    "DROP VIEW group_days",
    # an eve without figures: nothing was written yet if no day before had any; else it is a hole, and not known
    """CREATE VIEW group_days AS
        SELECT g.day, g.owner, m.name AS owner_name, g.new_groups, g.groups, g.talking_groups, g.new_people,
            g.people, g.talking_people, g.messages_total,
            g.messages_total - (SELECT coalesce(p.messages_total, iif(EXISTS (SELECT 1 FROM group_day q
                    WHERE q.owner = g.owner AND q.day < g.day AND q.messages_total IS NOT NULL), NULL, 0))
                FROM group_day p WHERE p.owner = g.owner AND p.day = date(g.day, '-1 day')) AS messages,
            g.read_at < CAST(strftime('%s', g.day) AS INTEGER) + 144000 AS provisional, g.read_at
        FROM group_day g LEFT JOIN member m ON m.userid = g.owner WHERE g.groups IS NOT NULL""",
)
