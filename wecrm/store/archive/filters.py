"""What narrows archived messages, `--from --to --member --contact --group --tag --type --since --until`, as SQL.

Every value is a parameter. A filter works on messages (`record` under a name of the caller's) or on whole
conversations: then those are meant in which some message meets it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import tzinfo

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.messagetypes import TYPES
from wecrm.models.text import visible
from wecrm.store.archive import people
from wecrm.store.archive.opening import attached
from wecrm.store.database import Store
from wecrm.store.literals import span
from wecrm.store.lookups import tag_ids
from wecrm.store.nearest import did_you_mean

Param = str | int


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person typed after each option; "" where it was not given.

    `from_` sent it, `to` got it; `member` and `contact` take part in the conversation, `tag` is on a customer who
    does; `type` is one msgtype or several with commas; `since` and `until` include the time they name.
    """

    from_: str = ""
    to: str = ""
    member: str = ""
    contact: str = ""
    group: str = ""
    tag: str = ""
    type: str = ""
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        """As typed: what the access log keeps."""
        given = ((field.name.rstrip("_"), getattr(self, field.name)) for field in fields(self))
        return " ".join(f"--{name} {value}" for name, value in given if value)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A filter as SQL: `messages` are conditions on a record `{r}`, `conversations` select ids of conversations."""

    messages: tuple[str, ...] = ()
    message_params: tuple[Param, ...] = ()
    conversations: tuple[str, ...] = ()
    conversation_params: tuple[Param, ...] = ()

    def on_records(self, name: str = "r") -> tuple[str, tuple[Param, ...]]:
        """(condition, parameters) on rows of `record` under that name; ("1", ()) when all are meant."""
        inside = [f"{name}.conversation IN ({each})" for each in self.conversations]
        parts = [*(each.replace("{r}", name) for each in self.messages), *inside]
        return " AND ".join(parts) or "1", (*self.message_params, *self.conversation_params)

    def on_conversations(self, id_: str = "c.id") -> tuple[str, tuple[Param, ...]]:
        """(condition, parameters) on a column that holds ids of conversations."""
        parts = [f"{id_} IN ({each})" for each in self.conversations]
        if self.messages:
            some = " AND ".join(each.replace("{r}", "r_") for each in self.messages)
            parts.append(f"EXISTS (SELECT 1 FROM record r_ WHERE r_.conversation = {id_} AND {some})")
        return " AND ".join(parts) or "1", (*self.conversation_params, *self.message_params)


def narrowed(archive: Store, wanted: Filter, *, now: float, tz: tzinfo) -> Narrowed:
    """The filter as SQL; names are looked up at once, in the archive and in the cache attached to it.

    Raises:
        UsageError: a person, group, tag, type or time that there is not.
    """
    messages: list[tuple[str, tuple[Param, ...]]] = []
    conversations: list[tuple[str, tuple[Param, ...]]] = []
    if wanted.from_:
        messages.append(
            ("{r}.sender IN (SELECT value FROM json_each(?))", (_ids(people.persons(archive, wanted.from_)),))
        )
    if wanted.to:
        ids = _ids(people.persons(archive, wanted.to))
        messages.append(("{r}.sender NOT IN (SELECT value FROM json_each(?))", (ids,)))
        conversations.append((_WITH, (ids,)))
    for text, side in ((wanted.member, "member"), (wanted.contact, "contact")):
        if text:
            conversations.append((_WITH, (_ids(people.persons(archive, text, (side,))),)))
    if wanted.group:
        conversations.append((_ROOM, (_ids(people.rooms(archive, wanted.group)),)))
    if wanted.tag:
        conversations.append((_TAGGED, (_ids(_tags(archive, wanted.tag)),)))
    if wanted.type:
        messages.append(("{r}.msgtype IN (SELECT value FROM json_each(?))", (_ids(_types(archive, wanted.type)),)))
    if wanted.since:
        messages.append(("{r}.msgtime >= ?", (span(wanted.since, now, tz).start * 1000,)))
    if wanted.until:
        messages.append(("{r}.msgtime < ?", (span(wanted.until, now, tz).end * 1000,)))
    return Narrowed(
        tuple(sql for sql, _params in messages),
        tuple(param for _sql, params in messages for param in params),
        tuple(sql for sql, _params in conversations),
        tuple(param for _sql, params in conversations for param in params),
    )


_WITH = "SELECT conversation FROM participant WHERE person IN (SELECT value FROM json_each(?))"

_ROOM = "SELECT id FROM conversation WHERE kind = 'group' AND key IN (SELECT value FROM json_each(?))"

_TAGGED = (
    "SELECT p_.conversation FROM crm.relation_tag t_ JOIN crm.relation l_ ON l_.id = t_.relation_id"
    " JOIN participant p_ ON p_.person = l_.external_userid"
    " WHERE t_.tag_id IN (SELECT value FROM json_each(?)) AND l_.status = 'active'"
)


def _ids(found: Sequence[str]) -> str:
    return json.dumps(found)


def _tags(archive: Store, text: str) -> tuple[str, ...]:
    if not attached(archive):
        raise UsageError(_("Tags are in the cache, and there is none yet."), "", _("Run `wecrm sync` first."))
    return tag_ids(archive, text)


def _types(archive: Store, text: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in found:
        kept = "SELECT 1 FROM record WHERE msgtype = ? AND msgtype <> 'text' LIMIT 1"
        if name not in TYPES and archive.connection.execute(kept, (name,)).fetchone() is None:
            raise UsageError(
                _("No archived message has the type {name}.", name=repr(visible(name))),
                "",
                did_you_mean(name, TYPES, 3) or _("Types: {names}.", names=", ".join(TYPES)),
            )
    return found
