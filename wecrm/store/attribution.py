"""Whom a live code brought, as a condition over the view `contacts` under the name `v`.

A contact way is known by the channel on the relation, a link by the list of its customers (and by the
channel in its address, for those whom no list names), a join way by the channel on the people of a
customer group. A channel that several codes share is each one's.
"""

import json
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from wecrm.models.livecode import KINDS
from wecrm.store import livecodes as register
from wecrm.store.code_details import channel_of
from wecrm.store.code_details import named as one_named
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode

LINK_WAY = 16
"""`add_way` of customers whom an acquisition link brought."""

_OF_WAYS = f"v.channel IN (SELECT value FROM json_each(?)) AND coalesce(v.add_way, 0) <> {LINK_WAY}"
_OF_GROUPS = (
    "v.external_userid IN (SELECT gm.userid FROM group_member gm "
    "WHERE gm.state IN (SELECT value FROM json_each(?)) AND gm.type = 2)"
)
_OF_LINKS = f"""v.relation_id IN (
    SELECT r.id FROM link_customer lc JOIN relation r ON r.userid = lc.userid
        AND r.external_userid = lc.external_userid
        WHERE lc.link_id IN (SELECT value FROM json_each(?)) AND r.add_way = {LINK_WAY}
    UNION ALL SELECT r.id FROM relation r
        WHERE r.state IN (SELECT value FROM json_each(?)) AND r.add_way = {LINK_WAY} AND NOT EXISTS (
            SELECT 1 FROM link_customer lc WHERE lc.external_userid = r.external_userid AND lc.userid = r.userid))"""


def named(store: Store, pattern: str) -> tuple[KnownCode, ...]:
    """The existing code of that name, id, channel or remark; with `*` or `?`, those whose names fit, maybe none.

    Raises:
        UsageError: there is no such code, or there are several.
    """
    one = register.named(store, pattern)
    if one is None and ("*" in pattern or "?" in pattern):
        glob = pattern.replace("[", "[[]")
        return tuple(one for one in register.known(store) if one.name and fnmatchcase(one.name, glob))
    return (one or one_named(store, pattern),)


def tagging(store: Store) -> Iterator[KnownCode]:
    """Existing codes with tags for their customers."""
    return (one for one in register.known(store) if one.entry is not None and one.entry.tags)


def traceable(known: KnownCode) -> bool:
    """Whether it can be told whom the code brought: only a link's customers are known without a channel."""
    return known.code.kind == "link" or bool(channel_of(known))


def brought_by(codes: Collection[KnownCode]) -> Compiled:
    """Relations that one of these codes brought; of a join way, all relations of the people who joined by it."""
    channels = {
        kind: json.dumps([channel for one in codes if one.code.kind == kind and (channel := channel_of(one))])
        for kind in KINDS
    }
    links = json.dumps([one.code.id for one in codes if one.code.kind == "link"])
    params = (channels["contact"], channels["group"], links, channels["link"])
    return Compiled(f"{_OF_WAYS} OR {_OF_GROUPS} OR {_OF_LINKS}", params, frozenset({"channel"}))
