"""The documented views of the archive: conversations and their messages, with names where the cache is attached.

They are temporary views of one connection: names stand in another file than messages.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wecrm.models import message as messages
from wecrm.models.message import UnreadableMessage
from wecrm.store.archive.opening import attached
from wecrm.store.columns import View, columns_of
from wecrm.store.database import Store

PEOPLE_SHOWN = 20
"""Persons of a conversation who are named in a row; `people` counts them all."""

CONVERSATIONS = View(
    "conversations",
    "Archived conversations.",
    columns_of(
        ("id", "Conversation", "int", "Number of the conversation in this archive."),
        ("kind", "Kind", "text", "single, group, or other (calls, who went to another corp)."),
        ("key", "Key", "id", "Id of the group; of a single chat both ids, sorted, with a blank between."),
        ("name", "Name", "text", "Name of the group, or of the people, as far as the cache knows them."),
        (
            "members",
            "Members",
            "list",
            "Ids of members in it; the first 20.",
            "v.id IN (SELECT p.conversation FROM participant p WHERE p.side = 'member' AND p.person {item})",
        ),
        (
            "contacts",
            "Customers",
            "list",
            "Ids of customers in it; the first 20.",
            "v.id IN (SELECT p.conversation FROM participant p WHERE p.side = 'contact' AND p.person {item})",
        ),
        ("people", "People", "int", "Number of people in it, robots too."),
        ("messages", "Messages", "int", "Number of archived messages."),
        ("first_at", "First", "time", "Time of the first message."),
        ("last_at", "Last", "time", "Time of the last message."),
    ),
    shown=("id", "kind", "name", "members", "contacts", "messages", "first_at", "last_at"),
    sort="-last_at,id",
    key=("id",),
)

MESSAGES = View(
    "messages",
    "Archived messages.",
    columns_of(
        ("at", "Time", "time", "When it was sent; empty where WeCom did not say."),
        ("conversation", "Conversation", "int", "Number of the conversation."),
        ("sender", "From", "id", "Who sent it: userid, external_userid, or the id of a robot."),
        ("sender_name", "Name", "text", "Name of the sender, as the cache knows it."),
        ("msgtype", "Type", "text", "WeCom's name of its type."),
        ("summary", "Message", "text", "It in one line."),
        ("text", "Text", "text", "Every text of it."),
        ("revoked_at", "Taken back", "time", "When its sender took it back; it stays archived."),
        (
            "files",
            "Files",
            "list",
            "Its media files: where they lie in the media folder, or why they do not.",
            "v.id IN (SELECT u.record FROM media_use u JOIN media m ON m.id = u.media"
            " LEFT JOIN media_file f ON f.id = m.file WHERE coalesce(f.path, m.state) {item})",
        ),
        ("msgid", "Message id", "id", "WeCom's id of it."),
        ("seq", "Seq", "id", "Its place in WeCom's archive."),
        ("id", "Record", "int", "Its number in this archive."),
        ("stored_at", "Stored", "time", "When it was stored here."),
    ),
    shown=("at", "sender", "sender_name", "msgtype", "summary", "revoked_at", "files"),
    sort="at,seq",
    key=("id",),
)

VIEWS = {view.name: view for view in (CONVERSATIONS, MESSAGES)}
"""Documented views of the archive by name."""


@contextmanager
def viewed(archive: Store) -> Iterator[None]:
    """Inside the block the views above can be read; names come from the cache if it is attached by then."""
    db, known = archive.connection, attached(archive)
    db.create_function("summary", 1, _summary)
    for name, sql in (("conversations", _conversations(known)), ("messages", _messages(known))):
        db.execute(f"DROP VIEW IF EXISTS temp.{name}")
        db.execute(f"CREATE TEMP VIEW {name} AS {sql}")
    yield


def _summary(raw: Any) -> str:
    try:
        return messages.summary(messages.parse(bytes(raw)))
    except UnreadableMessage:
        return ""


def _named(id_: str) -> str:
    """SQL of the name of a person; NULL where the cache knows none."""
    return (
        f"coalesce((SELECT nullif(name, '') FROM crm.member WHERE userid = {id_}),"
        f" (SELECT nullif(name, '') FROM crm.contact WHERE external_userid = {id_}))"
    )


def _conversations(known: bool) -> str:
    persons = "SELECT person FROM main.participant p WHERE p.conversation = c.id"
    some = f"LIMIT {PEOPLE_SHOWN}"
    name = "NULL"
    if known:
        each = f"coalesce({_named('person')}, person)"
        name = (
            "CASE c.kind WHEN 'group' THEN (SELECT nullif(g.name, '') FROM crm.group_chat g WHERE g.chat_id = c.key)"
            f" ELSE (SELECT group_concat({each}, ' · ') FROM ({persons} ORDER BY side DESC, person LIMIT 8)) END"
        )
    return (
        f"SELECT c.id, c.kind, c.key, {name} AS name,"
        f" (SELECT json_group_array(person) FROM ({persons} AND side = 'member' {some})) AS members,"
        f" (SELECT json_group_array(person) FROM ({persons} AND side = 'contact' {some})) AS contacts,"
        " (SELECT count(*) FROM main.participant p WHERE p.conversation = c.id) AS people,"
        " c.messages, c.first_at, c.last_at FROM main.conversation c"
    )


def _messages(known: bool) -> str:
    return (
        "SELECT nullif(r.msgtime, 0) / 1000.0 AS at, r.conversation, r.sender,"
        f" {_named('r.sender') if known else 'NULL'} AS sender_name, r.msgtype, summary(r.raw) AS summary, r.text,"
        " (SELECT max(v.at) FROM main.revoke v WHERE v.pre_msgid = r.msgid) AS revoked_at,"
        " (SELECT json_group_array(coalesce(f.path, m.state)) FROM main.media_use u JOIN main.media m ON m.id = u.media"
        " LEFT JOIN main.media_file f ON f.id = m.file WHERE u.record = r.id) AS files,"
        " r.msgid, r.seq, r.id, r.stored_at FROM main.record r"
    )
