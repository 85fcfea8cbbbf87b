"""Live codes as code: the register as a file, what differs, and the plan that makes WeCom agree.

Changes and new codes stand side by side, so that one that is refused does not hold up the others;
deletions come last, once all else is well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models import coderules
from wecrm.models.codebook import CodeEntry, CodesFile
from wecrm.models.livecode import BUTTON, SINGLE, LiveCode
from wecrm.models.plan import Change, Plan
from wecrm.models.text import visible
from wecrm.models.welcome import WelcomeEntry
from wecrm.operations import codenames, duty, sync_livecodes, welcomebook
from wecrm.operations.codeentries import anew, as_described, as_it_is, right_users, spelled, wanted
from wecrm.operations.codematch import Match, matches, refresh
from wecrm.operations.livecodes import Create, creation, deletion, update
from wecrm.operations.rows import Problems
from wecrm.operations.work import Work
from wecrm.store import directory, jobs
from wecrm.store import livecodes as register
from wecrm.store.directory import KnownMember
from wecrm.store.livecodes import KnownCode

CHANGE, DELETE = range(2)
SHOWN = 10
"""Names in one note."""
_UNUSABLE = ("unknown", "gone", "out_of_view", "no_contact", "disabled", "not_activated")
"""What keeps a member from receiving customers for good, in the words of `duty`."""


def described(
    work: Work, order: Sequence[str] = (), *, everything: bool = False, ids: bool = False
) -> tuple[CodesFile, tuple[str, ...]]:
    """The described codes and welcome templates as WeCom has them now, read freshly; and what a person must know.

    Args:
        order: names of the file that this replaces: they come first, and in that order.
        everything: also entries for codes that nobody described, with their `id`.
        ids: the `id` of every code, so that the file alone can bring the register back.

    Raises:
        UsageError: the file has names that were never pushed, and would lose them.
    """
    pushed = {one.name for one in register.known(work.store, gone=True)} | welcomebook.pushed(work.store)
    never = [name for name in order if name not in pushed]
    if never:
        raise UsageError(
            _("The file has entries that were never pushed: {names}.", names=_list(never)),
            _("WeCom and the register do not know them: the file would lose them."),
            _("Push it first, or pull to another file."),
        )
    if everything:
        notes = list(sync_livecodes.livecodes(work).notes)
    else:
        refresh(work, [(one.code.kind, one.code.id) for one in register.known(work.store) if one.name])
        notes = []
    known = register.known(work.store)
    left = _left(_people(work, ()))
    place = {name: n for n, name in enumerate(order)}
    named = sorted((one for one in known if one.name), key=lambda one: place.get(one.name, len(place)))
    entries = [msgspec.structs.replace(as_described(one, left), id=one.code.id if ids else "") for one in named]
    bad: list[str] = []
    for one in known if everything else ():
        if one.name or one.code.is_temp:
            continue
        new = anew(one, left, {entry.name for entry in entries})
        if any(coderules.wrong(new)):
            bad.append(f"{new.name} ({new.id})")
        else:
            entries.append(new)
    if bad:
        notes.append(_("Left out, since they lead to nobody or can't be described: {names}.", names=_list(bad)))
    welcomes = welcomebook.described(work, everything=everything, ids=ids)
    welcomes.sort(key=lambda one: place.get(one.name, len(place)))
    return CodesFile(tuple(entries), tuple(welcomes) or None), tuple(notes)


def entry(work: Work, known: KnownCode) -> CodeEntry:
    """The entry of one known code, as the cache has it."""
    return as_described(known, _left(_people(work, ())))


def _people(work: Work, entries: Iterable[CodeEntry]) -> dict[str, KnownMember]:
    """Everybody whom these entries or those of the register name, by userid in lower case."""
    known = (one.entry for one in register.known(work.store) if one.entry)
    return directory.known(work.store, {userid for entry in (*entries, *known) for userid in entry.named})


def _left(people: Mapping[str, KnownMember]) -> frozenset[str]:
    return frozenset(userid for userid, member in people.items() if member.gone)


@dataclass(slots=True)
class _Made:
    """The changes of a push while they are found, and what a person must know."""

    work: Work
    facts: duty.Facts
    left: frozenset[str]
    problems: Problems
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)

    def next_id(self, letter: str) -> str:
        return f"{letter}{len(self.changes) + 1}"


def plan(work: Work, file: CodesFile, at: datetime, *, delete_missing: bool = False, part: bool = False) -> Plan:
    """The plan that makes WeCom and the register what the file says; no changes when they are.

    Args:
        at: now, in the zone whose days count: who is on a new code depends on it.
        delete_missing: delete described codes that are not in the file, instead of keeping them.
        part: the file is only about some codes; nothing is said of the others.

    Raises:
        UsageError: an entry names what does not exist, or asks for what can't be changed.
    """
    problems = Problems()
    people = _people(work, file.codes)
    left = _left(people)
    found = matches(work, [spelled(entry, people) for entry in file.codes], left, problems)
    codenames.check(work.store, found.all, problems)
    problems.raise_any()
    made = _Made(work, duty.gather(work.store, [match.entry for match in found.all], at, {}), left, problems)
    doubtful = in_doubt(work, [match.entry for match in found.all if match.known is None])
    for match in found.all:
        if match.known is not None:
            _change(made, match, match.known)
        elif match.entry.name not in doubtful:
            _create(made, match.entry)
    if file.welcomes is not None:
        _welcomes(made, file.welcomes, delete_missing)
    problems.raise_any()
    made.notes += [_told_lost(name, job) for name, job in doubtful.items()]
    _tell(made, found.gone, [match.known for match in found.all if match.adopted and match.known])
    if not part:
        _missing(made, [match.known for match in found.all if match.known], delete_missing)
    made.changes.sort(key=lambda change: change.stage)
    return Plan("livecodes", _("live codes of the file"), tuple(made.changes), notes=tuple(made.notes))


def in_doubt(work: Work, entries: Iterable[CodeEntry]) -> dict[str, str]:
    """Names of group codes that may have been made without an answer → the job; no plan makes them again."""
    lost = jobs.lost_creations(work.store, Create.op)
    return {
        entry.name: lost[entry.name]
        for entry in entries
        if entry.kind == "group" and not entry.id and entry.name in lost and not register.named(work.store, entry.name)
    }


def _change(made: _Made, match: Match, known: KnownCode) -> None:
    """The change that makes a known code what its entry says, if there is anything to change."""
    entry = msgspec.structs.replace(match.entry, was="", id="")
    if match.entry.bare:
        entry = as_it_is(entry, known, made.left)
        for what in coderules.wrong(entry):
            made.problems.add(visible(entry.name), what)
    fixed = _fixed(entry, known.code)
    if fixed:
        made.problems.add(visible(entry.name), fixed)
        return
    users = right_users(entry, known.code, made.left)
    code = wanted(entry, _on(made, entry, known.code.users) if users is None else users, known.code)
    change = update(made.next_id("u"), CHANGE, known, code, entry)
    if set(change.after) - {"entry"} or as_described(known, made.left) != entry:
        made.changes.append(change)


def _welcomes(made: _Made, entries: Sequence[WelcomeEntry], delete_missing: bool) -> None:
    """The changes of the welcome templates, and what a person may not expect of them."""
    found = welcomebook.plan(made.work, entries, made.problems, delete_missing=delete_missing, stage=DELETE)
    made.changes += found.changes
    if found.gone:
        made.notes.append(
            _(
                "Welcome templates deleted at WeCom meanwhile, so made again; groups must be given them anew: {names}.",
                names=_list(found.gone),
            )
        )
    if found.kept:
        names = _list(found.kept)
        made.notes.append(
            _("Welcome templates not in the file, and kept: {names}. --delete-missing deletes them.", names=names)
        )
    made.notes += [_told_lost(name, job) for name, job in found.lost.items()]


def _fixed(entry: CodeEntry, code: LiveCode) -> str:
    """Why this code can never be what the entry says; "" when it can."""
    scene, single = "button" if code.scene == BUTTON else "qr", code.type == SINGLE
    if entry.kind != code.kind:
        return _("a code stays of its kind, {kind}; make a new one under another name", kind=code.kind)
    if entry.kind != "link" and entry.scene != scene:
        return _("a code keeps its `scene`, {scene}; make a new one under another name", scene=scene)
    if entry.kind == "contact" and entry.single is not single:
        return _("whether a code is `single` can't be changed; make a new one under another name")
    if code.priority_type and not entry.priority:
        return _("WeCom can't take the `priority` of a link off again; make a new one under another name")
    return ""


def _create(made: _Made, entry: CodeEntry) -> None:
    entry = msgspec.structs.replace(entry, was="", id="")
    code = wanted(entry, _on(made, entry, ()))
    made.changes.append(creation(made.next_id("c"), CHANGE, code, entry, made.work.now()))


def _on(made: _Made, entry: CodeEntry, now: Sequence[str]) -> tuple[str, ...]:
    """The members to put on a code; nobody who could receive customers is a problem, some who can't a note."""
    if entry.kind == "group":
        return ()
    found = duty.decide(entry, now, made.facts)
    if found.source == "nobody" and not entry.departments:
        made.problems.add(visible(entry.name), _("not one of its members can receive customers"))
    made.unusable += [
        f"{visible(entry.name)}: {visible(one.userid)}: {one.why}" for one in found.standings if one.reason in _UNUSABLE
    ]
    return found.on if entry.rotates else entry.members


def _tell(made: _Made, gone: Sequence[str], adopted: Sequence[KnownCode]) -> None:
    """Say what a person may not expect."""
    if gone:
        made.notes.append(
            _("Deleted at WeCom meanwhile, so made again, with another picture or address: {names}.", names=_list(gone))
        )
    if adopted:
        made.notes.append(
            _(
                "Just like codes that nobody described, so these are taken over and not made again: {names}.",
                names=_list([f"{one.shown} ({one.code.id})" for one in adopted]),
            )
        )
    if made.unusable:
        made.notes.append(
            _(
                "Can't receive customers: {names}. WeCom may refuse a code on which they stand.",
                names=_list(made.unusable),
            )
        )


def _told_lost(name: str, job: str) -> str:
    return _(
        "{name} is not planned: job {job} may have made it, and WeCom has no list of these. "
        "`wecrm jobs retry {job}` (or `resume`) makes it; an `id` in its entry takes the made one over.",
        name=visible(name),
        job=job,
    )


def _missing(made: _Made, kept: Iterable[KnownCode], delete: bool) -> None:
    """Codes outside of the file: described ones stay unless they are to be deleted, all others stay."""
    ids = {(one.code.kind, one.code.id) for one in kept}
    others = [one for one in register.known(made.work.store) if (one.code.kind, one.code.id) not in ids]
    missing, strangers = [one for one in others if one.name], [one for one in others if not one.name]
    if delete:
        made.changes += [deletion(f"d{n}", DELETE, one) for n, one in enumerate(missing, 1)]
    elif missing:
        names = _list([one.name for one in missing])
        made.notes.append(_("Not in the file, and kept: {names}. --delete-missing deletes them.", names=names))
    if strangers:
        names = _list([one.shown for one in strangers])
        made.notes.append(
            _("Described nowhere, and kept: {names}. `wecrm livecodes pull FILE --all` writes them too.", names=names)
        )


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:SHOWN])
    return _("{names} and {n} more", names=shown, n=len(names) - SHOWN) if len(names) > SHOWN else shown
