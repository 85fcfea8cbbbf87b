"""Reading relations back from WeCom just before, or after, something is sent to them.

By the cheaper way: a member of whom many rows are asked is listed page by page (100 relations a
call), single rows are fetched by customer.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from wecrm.api import contacts as api
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError, Exit
from wecrm.models.contact import Relation
from wecrm.operations.work import Work
from wecrm.store import directory
from wecrm.store.database import Store

Key = tuple[str, str]
"""(userid, external_userid)."""

Found = Relation | ApiError | None
"""The relation, why it could not be read, or None: there is no such relation in sight."""

BLOCK = 48
"""Single look-ups handed on at once."""


def relations(work: Work, keys: Sequence[Key]) -> Iterator[dict[Key, Found]]:
    """Every key once, as answers arrive."""
    by_member: dict[str, list[Key]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        by_member[key[0]].append(key)
    counts = directory.relations_of(work.store, list(by_member))
    listed = [userid for userid, wanted in by_member.items() if cheaper_listed(len(wanted), counts[userid])]
    single = [key for userid, wanted in by_member.items() if userid not in set(listed) for key in wanted]
    for start in range(0, len(listed), api.BATCH_MEMBERS):
        userids = listed[start : start + api.BATCH_MEMBERS]
        left = {(userid.lower(), external): (userid, external) for u in userids for userid, external in by_member[u]}
        yield from pages(work, userids, left)
        single += left.values()
    for start in range(0, len(single), BLOCK):
        yield one_by_one(work, single[start : start + BLOCK])


def cheaper_listed(wanted: int, existing: int) -> bool:
    """Whether listing a member's `existing` relations costs no more calls than `wanted` look-ups."""
    return wanted * api.PAGE >= existing


def calls(store: Store, clusters: dict[str, int]) -> dict[str, int]:
    """Reading calls for so many rows per member, as `relations` would make them."""
    counts = directory.relations_of(store, list(clusters))
    listed = sum(counts[userid] for userid, n in clusters.items() if cheaper_listed(n, counts[userid]))
    single = sum(n for userid, n in clusters.items() if not cheaper_listed(n, counts[userid]))
    found = {api.BATCH_GET.path: -(-listed // api.PAGE), api.GET.path: single}
    return {path: n for path, n in found.items() if n}


def pages(work: Work, userids: Sequence[str], left: dict[Key, Key]) -> Iterator[dict[Key, Found]]:
    """Pages of a listing, reduced to wanted keys; what stays in `left` was not in it."""
    try:
        for page in api.batch_get(work.client, userids):
            found: dict[Key, Found] = {}
            for relation in page:
                if isinstance(relation, Relation):
                    key = left.pop((relation.follow.userid.lower(), relation.contact.external_userid), None)
                    if key is not None:
                        found[key] = relation
            if found:
                yield found
            if not left:
                return
    except ApiError as error:
        if find(error.errcode).reaction not in (Reaction.item, Reaction.gone, Reaction.input, Reaction.restart):
            raise
        # somebody of the list is refused, or the cursor ended: ask for what is left one by one


def one_by_one(work: Work, keys: Sequence[Key]) -> dict[Key, Found]:
    """Every key, by a call for each customer: the only answers with personal tags."""
    customers = list(dict.fromkeys(external for _userid, external in keys))
    answers = dict(zip(customers, work.client.pool().map(lambda c: _get(work, c), customers), strict=True))
    found: dict[Key, Found] = {}
    for userid, external in keys:
        answer = answers[external]
        found[userid, external] = answer if isinstance(answer, ApiError) else answer.get(userid.lower())
    return found


def _get(work: Work, external_userid: str) -> dict[str, Relation] | ApiError:
    try:
        relations = api.get(work.client, external_userid)
    except ApiError as error:
        if error.code in (Exit.config, Exit.refused, Exit.temporary):
            raise
        return error
    return {r.follow.userid.lower(): r for r in relations if isinstance(r, Relation)}
