"""The memory of a customer moves along: read before a transfer begins, put back at the taking-over member after it.

Read anew, since what a sync saw may be days old. Up to `DETAILED` customers by a call each, which alone tells
personal tags; more by pages of 100, with the personal tags that the cache happens to know. Whom WeCom does not
show any more (customers of a leaver) comes from the cache.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wecrm.api.contacts import BATCH_GET, BATCH_MEMBERS, GET, PAGE
from wecrm.errors import ApiError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.contact import ExternalContact, Relation
from wecrm.models.memory import HeldTag, Kept, Memory, Side
from wecrm.models.plan import Change, Plan, Status
from wecrm.operations import marks, readback
from wecrm.operations.exclusive import Alternatives
from wecrm.operations.outcomes import text
from wecrm.operations.remarks import Remark
from wecrm.operations.rows import Target
from wecrm.operations.succession import Lack, Library, lack
from wecrm.operations.work import Work
from wecrm.store import directory, jobs, memories
from wecrm.store.database import Store

OP = "transfer.customer"
"""The changes that have a memory."""

MOVED: tuple[Status, ...] = ("verified", "ok")
"""Rows whose customer is with the taking-over member by this job; `ok` was sent without an answer, then seen."""

DETAILED = 1000
"""Customers of a job up to whom each is read by a call of its own: 0.7 % of what WeCom allows in an hour."""

BLOCK = 48
"""Customers who are asked for side by side, and kept in one commit."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """One transfer whose memory is wanted."""

    kind: str
    handover: str
    takeover: str
    external_userid: str


_New = tuple[str, str, str, Memory]
_Answers = Mapping[readback.Key, readback.Found]


def snapshot(work: Work, job: str, changes: Iterable[Change], *, detailed: int = DETAILED) -> int:
    """Keep what the handing-over members know of the customers whom these changes move; how many were read.

    To be called before anything is sent. What is kept for this job already stays: after a start, the customer
    may be with the other member.

    Raises:
        ApiError, TemporaryError: WeCom can't be read; nothing may be sent then.
    """
    known = memories.keys(work.store, job)
    pairs = [_pair(change) for change in changes if change.op == OP]
    pairs = [pair for pair in pairs if (pair.handover.lower(), pair.external_userid) not in known]
    done = 0
    for block in _read(work, pairs, one_by_one=len(pairs) <= detailed):
        memories.put(work.store, job, block, work.now())
        done += len(block)
        work.run.progress(Progress(_("memories"), done, len(pairs)))
        work.run.check()
    return done


def calls(store: Store, pairs: Mapping[tuple[str, str, str], int], *, detailed: int = DETAILED) -> dict[str, int]:
    """Reading calls of `snapshot` for so many customers of each (kind, handover, takeover), by path."""
    count = sum(pairs.values())
    if count <= detailed:
        return {GET.path: count}
    takers = directory.relations_of(store, list({takeover for _kind, _handover, takeover in pairs}))
    formers: Counter[str] = Counter()
    for (kind, handover, _takeover), n in pairs.items():
        formers[handover] += n if kind != "resigned" else 0
    found = Counter({BATCH_GET.path: -(-sum(takers.values()) // PAGE)})
    found.update(readback.calls(store, formers))
    return dict(found)


def _pair(change: Change) -> _Pair:
    key = change.key
    return _Pair(text(key["kind"]), text(key["handover"]), text(key["takeover"]), text(key["external_userid"]))


def _read(work: Work, pairs: Sequence[_Pair], *, one_by_one: bool) -> Iterator[list[_New]]:
    """The memories of these transfers as answers arrive."""
    names = memories.library(work.store)
    if one_by_one:
        for block in _blocks(pairs):
            answers = readback.one_by_one(work, [key for pair in block for key in (_former(pair), _taker(pair))])
            yield [_new(work.store, pair, answers, answers, names) for pair in block]
        return
    own = _listed(work, {_taker(pair) for pair in pairs})
    shown = {_former(pair): pair for pair in pairs if pair.kind != "resigned"}
    for answers in readback.relations(work, list(shown)):
        yield [_new(work.store, shown[key], answers, own, names) for key in answers]
    for block in _blocks([pair for pair in pairs if pair.kind == "resigned"]):
        yield [_new(work.store, pair, {}, own, names) for pair in block]


def _former(pair: _Pair) -> readback.Key:
    return pair.handover, pair.external_userid


def _taker(pair: _Pair) -> readback.Key:
    return pair.takeover, pair.external_userid


def _blocks(pairs: Sequence[_Pair]) -> Iterator[Sequence[_Pair]]:
    for start in range(0, len(pairs), BLOCK):
        yield pairs[start : start + BLOCK]


def _listed(work: Work, keys: Iterable[readback.Key]) -> dict[readback.Key, readback.Found]:
    """Those of these relations that exist already, by listing the members: most do not exist."""
    takers: dict[str, list[readback.Key]] = {}
    for key in keys:
        takers.setdefault(key[0], []).append(key)
    found: dict[readback.Key, readback.Found] = {}
    names = sorted(takers)
    for start in range(0, len(names), BATCH_MEMBERS):
        userids = names[start : start + BATCH_MEMBERS]
        left = {(userid.lower(), external): (userid, external) for u in userids for userid, external in takers[u]}
        for page in readback.pages(work, userids, left):
            found.update(page)
            work.run.check()
    return found


def _new(store: Store, pair: _Pair, former: _Answers, own: _Answers, names: Mapping[str, HeldTag]) -> _New:
    """The memory of one transfer, from what was read, else from the cache."""
    about = memories.about(store, pair.handover, pair.external_userid)
    read, known = former.get(_former(pair)), own.get(_taker(pair))
    cached = memories.cached_side(store, *_former(pair), names)
    before = memories.cached_side(store, *_taker(pair), names, active=True)
    if _taker(pair) in own and not isinstance(known, ApiError):
        before = side(known, names, before) if known else None
    contact = read.contact if isinstance(read, Relation) else ExternalContact(pair.external_userid)
    memory = Memory(
        name=contact.name or about.name,
        contact_type=contact.type or about.contact_type,
        side=(side(read, names, cached) if isinstance(read, Relation) else cached) or Side(),
        own=before,
        first=about.first,
        chats=about.chats,
        fresh=isinstance(read, Relation),
    )
    return pair.handover, pair.takeover, pair.external_userid, memory


def side(relation: Relation, names: Mapping[str, HeldTag], cached: Side | None = None) -> Side:
    """A relation as it was read; personal tags from `cached` where the answer has none."""
    follow = relation.follow
    told = {t.tag_id: HeldTag(t.tag_id, t.group_name or "", t.tag_name or "") for t in follow.tags or () if t.tag_id}
    personal = tuple(memories.personal_tag(t.group_name, t.tag_name or "") for t in follow.tags or () if t.type == 2)
    return Side(
        remark=follow.remark or "",
        description=follow.description or "",
        company=follow.remark_corp_name or "",
        mobiles=tuple(sorted(mobile for mobile in follow.remark_mobiles or () if mobile)),
        tags=tuple(names.get(id_) or told.get(id_) or HeldTag(id_, "", id_) for id_ in follow.tag_ids),
        personal_tags=personal if relation.personal_known else cached.personal_tags if cached else None,
        channel=follow.state or "",
        add_way=follow.add_way,
        createtime=follow.createtime,
    )


# -- after the transfer


@dataclass(frozen=True, slots=True)
class Standing:
    """A memory beside what is at WeCom now: the taking-over member's side and what it lacks, None if not in sight."""

    kept: Kept
    now: Side | None
    lack: Lack | None


def arrived(store: Store, job: str) -> tuple[list[Kept], Counter[Status]]:
    """The memories of the customers whom the job has moved for certain, and its other customers by status."""
    done: set[tuple[str, str]] = set()
    others: Counter[Status] = Counter()
    for row in jobs.rows(store, job):
        if row.change.op == OP and row.status in MOVED:
            done.add((text(row.change.key["handover"]).lower(), text(row.change.key["external_userid"])))
        elif row.change.op == OP:
            others[row.status] += 1
    kept = [each for each in memories.of_job(store, job) if (each.handover.lower(), each.external_userid) in done]
    return kept, others


def standings(work: Work, kept: Sequence[Kept]) -> Iterator[Standing]:
    """Each memory beside what WeCom has now, in their order.

    Raises:
        ApiError, TemporaryError: WeCom can't be read.
    """
    names, library = memories.library(work.store), Library(work.store)
    found: dict[readback.Key, Side] = {}
    for answers in readback.relations(work, [(each.takeover, each.external_userid) for each in kept]):
        found.update({key: side(read, names) for key, read in answers.items() if isinstance(read, Relation)})
        work.run.check()
    for each in kept:
        now = found.get((each.takeover, each.external_userid))
        yield Standing(each, now, None if now is None else lack(each.memory, now, library))


def restoration(work: Work, kept: Sequence[Kept]) -> Plan:
    """The plan that puts back what the taking-over members' sides lack; empty where nothing does.

    Tags are only put on, fields only filled, mobiles united: undo takes exactly that away again.
    """
    alternatives = Alternatives(Library(work.store).groups, ())
    changes: list[Change] = []
    told: Counter[str] = Counter()
    for each in standings(work, kept):
        if each.now is None or each.lack is None:
            told["gone"] += 1
            continue
        told["differs"] += bool(each.lack.differs)
        told["left"] += any(missing.why for missing in each.lack.missing)
        told["settled"] += each.lack.is_settled
        changes += _changes(each.kept, each.now, each.lack, alternatives, len(changes))
    return Plan("memory", _("memory of transferred customers"), tuple(changes), notes=_notes(told))


def _changes(kept: Kept, now: Side, lack: Lack, alternatives: Alternatives, count: int) -> Iterator[Change]:
    key = {"userid": kept.takeover, "external_userid": kept.external_userid}
    given = {**key, "handover": kept.handover, "name": kept.memory.name}
    if lack.tags:
        wish = marks.Wish(tuple(lack.tags), alternatives.shut_out(lack.tags))
        target = Target(0, kept.takeover, kept.external_userid, "", {}, given)
        yield marks.change(count + 1, 0, target, wish, frozenset(tag.tag_id for tag in now.tags))
    if lack.fields:
        yield Change(f"w{count + 1}", 0, Remark.op, {**key}, lack.before, lack.fields, Remark.undo, given)


def _notes(told: Counter[str]) -> tuple[str, ...]:
    sentences = (
        (told["settled"], _("Customers of whom nothing has to be put back: {n:,}.", n=told["settled"])),
        (told["differs"], _("Customers of whom the taking-over member has other words: {n:,}.", n=told["differs"])),
        (told["left"], _("Customers of whom something can't be put back: {n:,}.", n=told["left"])),
        (told["gone"], _("Customers who can't be seen at the taking-over member: {n:,}.", n=told["gone"])),
    )
    return tuple(sentence for count, sentence in sentences if count)


def verified(work: Work, kept: Sequence[Kept]) -> Counter[str]:
    """Read once more and note for each memory whether all is back: `restored`, `incomplete` or `unseen`."""
    results: list[tuple[int, str, float | None]] = []
    for each in standings(work, kept):
        result = "unseen" if each.lack is None else "restored" if each.lack.is_settled else "incomplete"
        results.append((each.kept.id, result, work.now() if result == "restored" else None))
    memories.note_results(work.store, results)
    return Counter(result for _id, result, _at in results)
