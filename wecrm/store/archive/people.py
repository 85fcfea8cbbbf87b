"""Who the ids in conversations are: names from the CRM cache where it is attached, persons and groups found by name."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.text import visible
from wecrm.store.archive.opening import attached
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean

_NAMES = """
    SELECT userid, name FROM crm.member WHERE userid IN (SELECT value FROM json_each(?1)) AND name <> ''
    UNION ALL SELECT external_userid, name FROM crm.contact
        WHERE external_userid IN (SELECT value FROM json_each(?1)) AND name <> ''
    UNION ALL SELECT chat_id, name FROM crm.group_chat
        WHERE chat_id IN (SELECT value FROM json_each(?1)) AND name <> ''"""

_CALLED = {
    "member": "SELECT userid FROM crm.member WHERE name = ?1",
    "contact": "SELECT external_userid FROM crm.contact WHERE name = ?1"
    " UNION SELECT external_userid FROM crm.relation WHERE remark = ?1",
}


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who takes part in a conversation: names by id, and those who stand on the right when it is drawn."""

    names: dict[str, str]
    right: frozenset[str]

    def name(self, person: str) -> str:
        """Name and id."""
        return named(person, self.names)


def speakers(archive: Store, persons: Sequence[tuple[str, str]], *others: str) -> Speakers:
    """Of (person, side): members stand on the right, among colleagues the first of them; `others` are named too."""
    members = [person for person, side in persons if side == "member"]
    known = names(archive, [*(person for person, _side in persons), *others])
    return Speakers(known, frozenset(members[:1] if len(members) == len(persons) else members))


def names(archive: Store, ids: Iterable[str]) -> dict[str, str]:
    """Names of members, customers and groups by id, as far as the attached cache knows them; {} without a cache."""
    if not attached(archive):
        return {}
    rows = archive.connection.execute(_NAMES, (json.dumps(sorted(set(ids))),))
    return {str(id_): str(name) for id_, name in rows}


def named(id_: str, known: dict[str, str]) -> str:
    """`name (id)`, or the id alone where no name is known."""
    name = known.get(id_, "")
    return f"{name} ({id_})" if name and name != id_ else id_


def persons(archive: Store, text: str, sides: Iterable[str] = ("member", "contact", "robot")) -> tuple[str, ...]:
    """Ids of the persons that `text` means: an id in the archive or the cache, or a name or remark in the cache.

    Raises:
        UsageError: nobody of these sides; says who is near.
    """
    wanted, db = tuple(sides), archive.connection
    found = {row[0] for row in db.execute("SELECT person, side FROM participant WHERE person = ?", (text,))}
    if not found and attached(archive):
        known = "SELECT userid FROM crm.member WHERE userid = ?1 UNION SELECT external_userid FROM crm.contact"
        found = {row[0] for row in db.execute(f"{known} WHERE external_userid = ?1", (text,))}
        for side in (each for each in wanted if each in _CALLED and not found):
            found |= {row[0] for row in db.execute(_CALLED[side], (text,))}
    if found:
        return tuple(sorted(found))
    raise UsageError(
        _("Nobody in the archive or the cache is {name}.", name=repr(visible(text))),
        "",
        did_you_mean(text, _known(archive), 3)
        or _("Give a userid, an external_userid, or a name as the cache has it."),
    )


def rooms(archive: Store, text: str) -> tuple[str, ...]:
    """Ids of the groups that `text` means: an id, or a name that the cache knows.

    Raises:
        UsageError: there is none; says which is near.
    """
    db = archive.connection
    if db.execute("SELECT 1 FROM conversation WHERE kind = 'group' AND key = ?", (text,)).fetchone():
        return (text,)
    if attached(archive):
        found = db.execute("SELECT chat_id FROM crm.group_chat WHERE chat_id = ?1 OR name = ?1", (text,)).fetchall()
        if found:
            return tuple(id_ for (id_,) in found)
        near = did_you_mean(text, (name for (name,) in db.execute("SELECT name FROM crm.group_chat") if name), 3)
    else:
        near = ""
    raise UsageError(
        _("No group in the archive or the cache is {name}.", name=repr(visible(text))),
        "",
        near or _("`wecrm archive list` shows the conversations."),
    )


def _known(archive: Store) -> list[str]:
    """Names that a misspelt one could mean; some thousands at most."""
    rows = archive.connection.execute(
        "SELECT DISTINCT person FROM participant WHERE side = 'member' LIMIT 5000"
    ).fetchall()
    if attached(archive):
        rows += archive.connection.execute("SELECT name FROM crm.member WHERE name <> '' LIMIT 5000").fetchall()
    return [text for (text,) in rows]


def taking_part(archive: Store, side: str) -> list[str]:
    """Everybody of that side (member, contact) who takes part in a conversation."""
    rows = archive.connection.execute("SELECT DISTINCT person FROM participant WHERE side = ? ORDER BY person", (side,))
    return [person for (person,) in rows]


def cases(archive: Store) -> list[tuple[str, str]]:
    """(id, userid of the leaver) of every offboarding case; [] where the cache is not attached."""
    if not attached(archive):
        return []
    return archive.connection.execute("SELECT id, userid FROM crm.offboarding ORDER BY created_at, id").fetchall()
