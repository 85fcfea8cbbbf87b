"""Which code each entry of a file means, read freshly from WeCom.

An entry means the code of its `id`, else the described one of its name, else that of the name it `was`.
One that means none may be a code that exists and that nobody described: the answer to making it was
lost, or the register was. So before a code is made, those that WeCom lists and nobody knows are read,
and one that is just like the entry is taken over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from wecrm.api import livecodes as api
from wecrm.errors import ApiError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import Kind, LiveCode
from wecrm.models.text import visible
from wecrm.operations.codeentries import right_users, wanted
from wecrm.operations.livecodes import MADE, facts_of
from wecrm.operations.rows import Problems
from wecrm.operations.work import Work
from wecrm.store import livecodes as register
from wecrm.store.livecodes import KnownCode

BLOCK = 48
"""Codes asked for side by side before they are stored."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry with the code that it means, if there is one; `adopted`: found by its looks alone."""

    entry: CodeEntry
    known: KnownCode | None
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """All entries with their codes, and the names of codes that were deleted at WeCom meanwhile."""

    all: tuple[Match, ...]
    gone: tuple[str, ...]


def matches(work: Work, entries: Sequence[CodeEntry], left: Set[str], problems: Problems) -> Matches:
    """What each entry means; what contradicts itself becomes a problem. `left`: who left the corp."""
    found = _by_name(entries, register.known(work.store), problems)
    problems.raise_any()
    named = [(known.code.kind, known.code.id) for known in found if known]
    missing = refresh(work, [*named, *((entry.kind, entry.id) for entry in entries if entry.id)])
    for entry in entries:
        if (entry.kind, entry.id) in missing:
            problems.add(visible(entry.name), _("WeCom has no code of kind {kind} with this `id`", kind=entry.kind))
    gone = [known.name for known in found if known and (known.code.kind, known.code.id) in missing]
    found = _by_name(entries, register.known(work.store), problems)
    _read_strangers(work, {entry.kind for entry, known in zip(entries, found, strict=True) if known is None})
    return Matches(tuple(_adopted(entries, found, register.known(work.store), left)), tuple(gone))


def refresh(work: Work, codes: Iterable[tuple[Kind, str]]) -> list[tuple[Kind, str]]:
    """Read these codes (kind, id) into the cache; those that WeCom does not know any more.

    Raises:
        ApiError, TemporaryError: one could not be read: nothing may be decided on a part.
    """
    asked, gone = list(dict.fromkeys(codes)), []
    for start in range(0, len(asked), BLOCK):
        work.run.check()
        block = asked[start : start + BLOCK]
        found = list(work.client.pool().map(lambda code: _read(work, *code), block))
        register.put(work.store, [one for one in found if one is not None], work.now())
        gone += [code for code, one in zip(block, found, strict=True) if one is None]
        work.run.progress(Progress(_("live codes"), start + len(block), len(asked), 0))
    for kind, id_ in gone:
        register.note_gone(work.store, kind, id_, work.now())
    return gone


def _read(work: Work, kind: Kind, id_: str) -> tuple[LiveCode, bytes] | None:
    try:
        return api.get(work.client, kind, id_)
    except ApiError as error:
        if error.errcode not in api.UNKNOWN[kind]:
            raise
        return None


def _by_name(entries: Sequence[CodeEntry], known: Sequence[KnownCode], problems: Problems) -> list[KnownCode | None]:
    """The code that each entry names; one that two entries claim is a problem."""
    names = {one.name: one for one in known if one.name}
    ids = {(one.code.kind, one.code.id): one for one in known}
    claims: dict[tuple[Kind, str], str] = {}
    found: list[KnownCode | None] = []
    for entry in entries:
        named = names.get(entry.name) or names.get(entry.was)
        chosen = ids.get((entry.kind, entry.id)) if entry.id else named
        if named and named is not chosen:
            problems.add(visible(entry.name), _("`id` is another code than the one of this name"))
        if chosen is not None:
            other = claims.setdefault((chosen.code.kind, chosen.code.id), entry.name)
            if other != entry.name:
                problems.add(
                    visible(entry.name), _("means the same code as {other}; rename in two steps", other=visible(other))
                )
        found.append(chosen)
    return found


def _read_strangers(work: Work, kinds: Set[Kind]) -> None:
    """Read the codes of these kinds that WeCom lists and that the cache has never seen."""
    seen = {(one.code.kind, one.code.id) for one in register.known(work.store, gone=True)}
    for kind in sorted(kinds & api.LIST.keys()):
        refresh(work, [(kind, id_) for id_ in api.ids(work.client, kind) if (kind, id_) not in seen])


def _adopted(
    entries: Sequence[CodeEntry], found: Sequence[KnownCode | None], known: Sequence[KnownCode], left: Set[str]
) -> Iterable[Match]:
    """Entries with their codes; one without takes a code that nobody described and that is just like it."""
    taken = {(one.code.kind, one.code.id) for one in found if one}
    free: dict[tuple[Kind, str], list[KnownCode]] = defaultdict(list)
    for one in known:
        if not one.name and not one.code.is_temp and (one.code.kind, one.code.id) not in taken:
            free[one.code.kind, one.code.remark].append(one)
    for entry, own in zip(entries, found, strict=True):
        like = [
            one for one in free[entry.kind, entry.remark or entry.name] if own is None and _alike(entry, one.code, left)
        ]
        if like:
            free[entry.kind, like[0].code.remark].remove(like[0])
        yield Match(entry, own or (like[0] if like else None), bool(like))


def _alike(entry: CodeEntry, code: LiveCode, left: Set[str]) -> bool:
    users = right_users(entry, code, left)
    fields = MADE[entry.kind]
    return users is not None and facts_of(wanted(entry, users), fields) == facts_of(code, fields)
