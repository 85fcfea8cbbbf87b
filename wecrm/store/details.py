"""Everything the cache knows of one customer, one member or one group: what `show` prints."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Literal

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.contact import ADD_WAYS
from wecrm.models.table import Cell, Column, Query, Table
from wecrm.models.text import visible
from wecrm.store.database import Store
from wecrm.store.nearest import nearest
from wecrm.store.selection import as_of, table
from wecrm.store.views import view

Details = tuple[tuple[str, Table], ...]
"""(title, table) in their order; the first table has one row: the thing itself."""

_CUSTOMER = (
    *("external_userid", "name", "type", "gender", "position", "corp_name", "corp_full_name", "unionid"),
    *("first_touch_at", "first_userid", "first_channel", "first_add_way"),
)
_FOLLOWERS = (
    "userid",
    "member",
    "status",
    "remark",
    "description",
    "company",
    "mobiles",
    "tags",
    "personal_tags",
    "channel",
    "add_way",
    "added_at",
)
_HISTORY = ("at", "userid", "field", "old", "new", "tag_name", "job")
_CHATS = ("chat_id", "group_name", "join_time", "join_scene", "channel", "invitor")
_PEOPLE = ("userid", "type", "name", "group_nickname", "join_time", "join_scene", "channel", "invitor", "is_admin")


def contact(store: Store, external_userid: str, *, now: float, tz: tzinfo) -> Details:
    """A customer: identity, members who have it, customer groups, and what changed, newest first.

    Raises:
        UsageError: not in the cache; names up to three that are near.
    """
    must_exist(store, "contact", external_userid)
    one = Query(columns=_CUSTOMER, limit=1)
    by_id = ("v.external_userid = ?", (external_userid,))
    parts = (
        (_("Customer"), "customer", "contacts", one, by_id),
        (_("Members"), "followers", "contacts", Query(columns=_FOLLOWERS, sort="added_at"), by_id),
        (_("Groups"), "chats", "group_members", Query(columns=_CHATS), ("v.userid = ?", (external_userid,))),
        (_("History"), "history", "history", Query(columns=_HISTORY), by_id),
    )
    tables = [
        (title, replace(table(store, source, query, now=now, tz=tz, base_where=where), name=name))
        for title, name, source, query, where in parts
    ]
    return tuple((title, _with_words(each)) for title, each in tables)


_WAYS = ("add_way", "first_add_way")


def _with_words(table: Table) -> Table:
    """The same rows with ways of adding in words; a number that is not documented stays a number."""
    places = [n for n, column in enumerate(table.columns) if column.key in _WAYS]
    if not places:
        return table
    columns = [replace(column, kind="text") if column.key in _WAYS else column for column in table.columns]
    rows = [[in_words(cell) if n in places else cell for n, cell in enumerate(row)] for row in table.rows]
    return replace(table, columns=tuple(columns), rows=rows)


def in_words(cell: Cell) -> Cell:
    """A way of adding in words; a number that is not documented stays one."""
    return _(ADD_WAYS[cell]) if isinstance(cell, int) and cell in ADD_WAYS else cell


def member(store: Store, userid: str, *, now: float, tz: tzinfo) -> Details:
    """A member: departments, number of customers by status, and groups owned.

    Raises:
        UsageError: not in the cache; names up to three that are near.
    """
    must_exist(store, "member", userid)
    columns = tuple(column.key for column in view("members").columns)
    own = table(store, "members", Query(columns=columns), now=now, tz=tz, base_where=("v.userid = ?", (userid,)))
    within = "v.id IN (SELECT department FROM member_department WHERE userid = ?)"
    departments = table(store, "departments", Query(), now=now, tz=tz, base_where=(within, (userid,)))
    groups = table(store, "groups", Query(), now=now, tz=tz, base_where=("v.owner = ?", (userid,)))
    return (
        (_("Member"), replace(own, name="member")),
        (_("Departments"), departments),
        (_("Customers by status"), _by_status(store, userid)),
        (_("Groups owned"), groups),
    )


def group(store: Store, chat_id: str, *, now: float, tz: tzinfo) -> Details:
    """A customer group and the people in it.

    Raises:
        UsageError: not in the cache; names up to three that are near.
    """
    must_exist(store, "group", chat_id)
    columns = tuple(column.key for column in view("groups").columns)
    by_id = ("v.chat_id = ?", (chat_id,))
    own = table(store, "groups", Query(columns=columns), now=now, tz=tz, base_where=by_id)
    people = table(
        store, "group_members", Query(columns=_PEOPLE, sort="type,join_time"), now=now, tz=tz, base_where=by_id
    )
    return (_("Group"), replace(own, name="group")), (_("People"), replace(people, name="people"))


def _by_status(store: Store, userid: str) -> Table:
    rows = store.connection.execute(
        "SELECT status, count(*) FROM relation WHERE userid = ? GROUP BY status ORDER BY status", (userid,)
    ).fetchall()
    columns = (Column("status", _("Status")), Column("customers", _("Customers"), "int"))
    return Table("customers", columns, rows, as_of=as_of(store, view("contacts")))


_SOURCES = {
    "contact": ("contact", "external_userid", "contacts"),
    "member": ("member", "userid", "members"),
    "group": ("group_chat", "chat_id", "groups"),
}


def must_exist(store: Store, what: Literal["contact", "member", "group"], id_: str) -> None:
    """Refuse an id that the cache does not know, naming up to three that are near."""
    source, key, purpose = _SOURCES[what]
    if store.connection.execute(f"SELECT 1 FROM {source} WHERE {key} = ?", (id_,)).fetchone():
        return
    near = _near(store, source, key, id_)
    raise UsageError(
        _("The cache knows no {what} {id}.", what=what, id=repr(visible(id_))),
        _("Did you mean {names}?", names=", ".join(near)) if near else "",
        _("`wecrm sync {purpose}` reads what is new; `wecrm {purpose} list` shows all.", purpose=purpose),
    )


def _near(store: Store, source: str, key: str, text: str) -> tuple[str, ...]:
    """Up to three `id (name)` whose name is `text` or whose id looks like it."""
    rows: Sequence[tuple[str, str | None]] = store.connection.execute(
        f"SELECT {key}, name FROM {source} WHERE name = ? LIMIT 3", (text,)
    ).fetchall()
    if not rows:
        rows = _alike(store, source, key, text)
    return tuple(visible(f"{id_} ({name})" if name else id_) for id_, name in rows)


def _alike(store: Store, source: str, key: str, text: str) -> Sequence[tuple[str, str | None]]:
    """Ids that begin as `text` does, as long as possible, and of these the nearest."""
    for length in range(len(text), -1, -1):
        start = text[:length]
        rows = store.connection.execute(
            f"SELECT {key}, name FROM {source} WHERE {key} >= ? AND {key} < ? LIMIT 500",
            (start, f"{start}\U0010ffff"),
        ).fetchall()
        names = dict(rows)
        found = nearest(text, names, 3)
        if found:
            return [(id_, names[id_]) for id_ in found]
    return ()
