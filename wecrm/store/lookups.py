"""Names that people give to tags and departments, found in the cache."""

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.text import visible
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean


def tag_ids(store: Store, name: str) -> tuple[str, ...]:
    """Ids of the corp tags that `name` means: an id, a name, or `group/name`.

    The same name in several groups means all of them; deleted tags are meant only if no living one
    is called so.

    Raises:
        UsageError: there is none; says the nearest.
    """
    rows = store.connection.execute(
        """SELECT t.tag_id, t.name, g.group_name || '/' || t.name, t.deleted_at IS NOT NULL
            FROM corp_tag t LEFT JOIN tag_group g ON g.group_id = t.group_id ORDER BY t.tag_id"""
    ).fetchall()
    found = [row for row in rows if name in row[:3]]
    living = [row for row in found if not row[3]]
    if found:
        return tuple(row[0] for row in living or found)
    if store.connection.execute("SELECT 1 FROM relation_tag WHERE tag_id = ? LIMIT 1", (name,)).fetchone():
        return (name,)
    known = [row[2] if "/" in name and row[2] else row[1] for row in rows]
    raise UsageError(
        _("There is no tag {name}.", name=repr(visible(name))),
        "",
        did_you_mean(name, known, 3) or _("`wecrm tags list` shows the tags; `wecrm sync tags` reads new ones."),
    )


def departments_under(store: Store, name: str) -> tuple[int, ...]:
    """Ids of the departments that `name` means (an id or a name), and of all those below them.

    Raises:
        UsageError: there is none; says the nearest.
    """
    rows = store.connection.execute("SELECT id, parentid, name, name_en FROM department").fetchall()
    below: dict[int, list[int]] = {}
    for own, parent, *_names in rows:
        below.setdefault(parent, []).append(own)
    waiting = [row[0] for row in rows if name in (str(row[0]), row[2], row[3])]
    if not waiting:
        raise UsageError(
            _("There is no department {name}.", name=repr(visible(name))),
            "",
            did_you_mean(name, [row[2] for row in rows if row[2]], 3)
            or _("`wecrm sync members` reads the departments."),
        )
    found: set[int] = set()
    while waiting:
        own = waiting.pop()
        if own not in found:
            found.add(own)
            waiting += below.get(own, ())
    return tuple(sorted(found))


def userids_meant(store: Store, name: str) -> tuple[str, ...]:
    """Userids of the members that `name` means: a userid, else everybody of that name or alias, who left included.

    Raises:
        UsageError: there is none; says the nearest.
    """
    found = store.connection.execute(
        "SELECT userid, userid = :name FROM member WHERE :name IN (userid, name, alias) OR userid = :name "
        "ORDER BY userid",
        {"name": name},
    ).fetchall()
    own = tuple(userid for userid, exact in found if exact)
    if found:
        return own or tuple(userid for userid, _exact in found)
    rows = store.connection.execute("SELECT userid, name FROM member").fetchall()
    raise UsageError(
        _("The cache knows no member {name}.", name=repr(visible(name))),
        "",
        did_you_mean(name, [each for row in rows for each in row if each], 3)
        or _("`wecrm sync members` reads the members."),
    )
