"""A small corp to ask questions of: three departments, three members, four relations."""

from datetime import datetime, timedelta, timezone

from wecrm.store.database import Store

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=CHINA).timestamp()


def at(*parts: int) -> int:
    """Unix seconds of a moment in China."""
    return int(datetime(*parts, tzinfo=CHINA).timestamp())  # type: ignore[arg-type, misc]


ROWS = {
    "department": [
        (1, 0, "公司", "Corp", 1),
        (2, 1, "销售部", "Sales", 1),
        (3, 2, "销售一组", "", 1),
        (4, 3, "", "", 1),
    ],
    "member": [("ZhangSan", "张三", 1), ("lisi", "李四", 1), ("wangwu", "王五", 0)],
    "member_department": [("ZhangSan", 3), ("lisi", 1), ("lisi", 4), ("wangwu", 1)],
    "contact": [
        ("wmA", "王伟;Ltd", "oA"),
        ("wmB", "李娜", None),
        ("wmC", "ＶＩＰ客户", "oC"),
    ],
    "relation": [
        (1, "ZhangSan", "wmA", "老王", "wants 50% off", at(2026, 3, 1, 0, 0), "shop", "active"),
        (2, "ZhangSan", "wmB", None, "", at(2026, 3, 30, 23, 59, 59), "", "active"),
        (3, "lisi", "wmA", "O'Brien", None, at(2026, 3, 31, 0, 0), None, "active"),
        (4, "wangwu", "wmC", "x_y", None, None, "fair", "lost"),
    ],
    "tag_group": [("g1", "客户等级"), ("g2", "会员")],
    "corp_tag": [
        ("t1", "g1", "VIP", None),
        ("t2", "g2", "VIP", None),
        ("t3", "g1", "a;b", None),
        ("t4", "g1", "旧", 5),
    ],
    "relation_tag": [(1, "t1"), (1, "t3"), (3, "t2"), (4, "t3"), (2, "strategy9")],
    "relation_mobile": [(1, "13800000000"), (1, "13911112222"), (4, "13800000000")],
    "relation_personal_tag": [(2, "", "朋友")],
    "group_chat": [("wrX", "车友群", "ZhangSan", at(2026, 1, 1)), ("wrY", "", "lisi", at(2026, 2, 1))],
    "group_member": [("wrX", "ZhangSan", 1, None), ("wrX", "wmA", 2, ""), ("wrY", "wmQ", 2, "路人")],
    "live_code": [
        (
            1,
            "contact",
            "c1",
            "海报",
            '{"name":"海报","cap":5,"tags":["VIP"]}',
            "shop",
            '{"kind":"contact","users":["lisi"]}',
        ),
        (2, "link", "l1", None, None, "", '{"kind":"link","departments":[2]}'),
    ],
    "live_code_member": [(1, "lisi")],
    "welcome_template": [("msg1", "会员群欢迎", '{"name":"会员群欢迎","text":"您好","link":{"title":"t","url":"u"}}')],
    "behavior_day": [
        ("ZhangSan", "2026-03-29", 4, 9, 62.5, 7, 0, 1, 2, at(2026, 3, 31, 7, 0)),
        ("ZhangSan", "2026-03-30", 0, 0, None, None, 0, 0, 0, at(2026, 3, 31, 7, 0)),
        ("lisi", "2026-03-30", None, None, None, None, None, None, None, at(2026, 3, 31, 7, 0)),
    ],
    "group_day": [
        ("ZhangSan", "2026-03-27", 0, 1, 1, 0, 2, 1, 40, at(2026, 3, 29, 7, 0)),
        ("ZhangSan", "2026-03-29", 0, 1, 1, 1, 3, 2, 60, at(2026, 3, 31, 7, 0)),
        ("ZhangSan", "2026-03-30", 0, 1, 1, 0, 3, 2, 75, at(2026, 3, 31, 7, 0)),
    ],
    "link_day": [("l1", "2026-03-30", 7, 2, at(2026, 3, 31, 7, 0))],
    "groupsend": [("ms1", "single", "lisi", at(2026, 3, 20), "新品到店"), ("ms2", "group", "", at(2026, 3, 21), "")],
    "groupsend_task": [("ms1", "lisi", 1, at(2026, 3, 21), 3), ("ms1", "ZhangSan", 0, None, None)],
    "transfer": [
        ("onjob", "customer", "ZhangSan", "lisi", "wmB", "j1", "c1", 50, "waiting"),
        ("resigned", "group", "wangwu", "lisi", "wrX", "j1", "c2", 60, "done"),
    ],
    "offboarding": [
        ("o1", "lisi", "李四", "waiting", "2026-04-30", '{"takers":["ZhangSan"],"customers":2}', "d", "it", 5),
    ],
    "offboarding_step": [("o1", 1, "precheck", "done"), ("o1", 2, "snapshot", "pending")],
    "relation_event": [(1, 100, 1, "status", None, "active"), (2, 200, 1, "tag", None, "t1")],
    "sync_run": [("contacts", "done", 1, 1000), ("contacts", "holes", 2, 2000), ("contacts", "failed", 3, 3000)],
    "job": [("j1", "d", "tags", "Tag 2 customers", "running", 10)],
    "job_row": [("j1", 1, 0, "tags.mark", "c", b'{"key":{"userid":"lisi"}}', "ok")],
}
COLUMNS = {
    "department": "id, parentid, name, name_en, seen_at",
    "member": "userid, name, follows, first_seen, seen_at",
    "member_department": "userid, department",
    "contact": "external_userid, name, unionid, first_seen",
    "relation": "id, userid, external_userid, remark, description, createtime, state, status, first_seen",
    "tag_group": "group_id, group_name",
    "corp_tag": "tag_id, group_id, name, deleted_at",
    "relation_tag": "relation_id, tag_id",
    "relation_mobile": "relation_id, mobile",
    "relation_personal_tag": "relation_id, group_name, tag_name",
    "group_chat": "chat_id, name, owner, create_time, first_seen, seen_at",
    "group_member": "chat_id, userid, type, name",
    "live_code": "id, kind, code_id, name, entry, state, code, first_seen, seen_at",
    "live_code_member": "code, userid",
    "welcome_template": "template_id, name, entry, first_seen, seen_at",
    "behavior_day": "userid, day, chats, messages, reply_percentage, reply_minutes, negative, applied, added, read_at",
    "group_day": "owner, day, new_groups, groups, talking_groups, new_people, people, talking_people, messages_total, "
    "read_at",
    "link_day": "link_id, day, clicks, added, read_at",
    "groupsend": "msgid, chat_type, creator, create_time, text",
    "groupsend_task": "msgid, userid, sent, send_time, delivered",
    "transfer": "kind, what, handover, takeover, object_id, job, change_id, started_at, status",
    "offboarding": "id, userid, name, state, due, envelope, digest, approved_by, approved_at, created_at",
    "offboarding_step": "case_id, n, name, state",
    "relation_event": "id, at, relation_id, field, old, new",
    "sync_run": "purpose, state, started_at, finished_at",
    "job": "id, digest, kind, title, state, created_at",
    "job_row": "job, n, stage, op, cluster, change, status",
}


def fill(store: Store) -> None:
    """Put the small corp into `store`."""
    with store.write() as db:
        for table, rows in ROWS.items():
            names = COLUMNS[table].split(", ")
            for row in rows:
                values = (*row, *[1] * (len(names) - len(row)))
                db.execute(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({','.join('?' * len(names))})", values)
