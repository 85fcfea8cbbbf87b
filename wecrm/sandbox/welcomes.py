"""Welcome messages: send_welcome_msg (doc 92137), group_welcome_template/* (doc 92366)."""

from typing import Any, Final

import msgspec

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state import arrivals, parts

KINDS: Final = ("image", "link", "miniprogram", "file", "video")
MOST_TEMPLATES: Final = 100


def send_welcome_msg(asked: Asked) -> Answer:
    """Greet a new customer, once and within 20 seconds."""
    fields = asked.fields
    code = fields.text("welcome_code", missing=41049)
    words = parts.text(fields, 4000)
    attachments = fields.objects("attachments") if fields.given.get("attachments") else []
    if words is None and not attachments:
        raise Refusal(40063, "text or attachments")
    if len(attachments) > 9:
        raise Refusal(41064)
    for one in attachments:
        kind = one.text("msgtype")
        if kind not in KINDS:
            raise Refusal(41065, kind)
        given = one.maybe_object(kind)
        if given is None:
            raise Refusal(41088, kind)
        parts.part(kind, given)
    arrivals.greet(asked.world, code, asked.now)
    return {}


def add(asked: Asked) -> Answer:
    """A new template of this app."""
    world, fields = asked.world, asked.fields
    fields.body_number("notify", most=1)
    fields.body_number("agentid")
    found = parts.message(world, fields, KINDS, 3000)
    db = world.db.connection
    if db.execute("SELECT count(*) FROM welcome_template").fetchone()[0] >= MOST_TEMPLATES:
        raise Refusal(41055)
    id_ = wire_id("msg", world.seed, "welcome template", world.new_number())
    db.execute(
        "INSERT INTO welcome_template (id, owner, parts) VALUES (?, ?, ?)",
        (id_, asked.app.kind, msgspec.json.encode(found).decode()),
    )
    return {"template_id": id_}


def edit(asked: Asked) -> Answer:
    """Replace all parts of a template of this app."""
    id_ = _own(asked)
    found = parts.message(asked.world, asked.fields, KINDS, 4000)
    sql = "UPDATE welcome_template SET parts = ? WHERE id = ?"
    asked.world.db.connection.execute(sql, (msgspec.json.encode(found).decode(), id_))
    return {}


def get(asked: Asked) -> Answer:
    """The parts of a template."""
    found: dict[str, Any] = msgspec.json.decode(_row(asked)[2])
    return found


def del_(asked: Asked) -> Answer:
    """Delete a template of this app."""
    asked.world.db.connection.execute("DELETE FROM welcome_template WHERE id = ?", (_own(asked),))
    return {}


def _row(asked: Asked) -> tuple[str, str, str]:
    sql = "SELECT id, owner, parts FROM welcome_template WHERE id = ?"
    row = asked.world.db.connection.execute(sql, (asked.fields.text("template_id"),)).fetchone()
    if row is None:
        raise Refusal(40058, "template_id")
    return row[0], row[1], row[2]


def _own(asked: Asked) -> str:
    """The template's id; 41058 if another app made it."""
    asked.fields.body_number("agentid")
    id_, owner, _ = _row(asked)
    if owner != asked.app.kind:
        raise Refusal(41058)
    return id_
