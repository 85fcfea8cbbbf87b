"""Group welcome templates of the live codes' file: what differs from WeCom, and the changes that make it agree.

An entry means the template of its `id`, else the one of its name, else that of the name it `was`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from wecrm.api import welcomes as api
from wecrm.errors import ApiError, TemporaryError
from wecrm.i18n import _
from wecrm.models.coderules import NAME_MAX
from wecrm.models.plan import Change
from wecrm.models.text import visible
from wecrm.models.welcome import WelcomeEntry, WelcomeTemplate
from wecrm.models.welcomerules import TEMPLATES_MAX, too_long_to_make
from wecrm.operations import welcomes
from wecrm.operations.rows import Problems
from wecrm.operations.work import Work
from wecrm.store import jobs
from wecrm.store import welcomes as register
from wecrm.store.database import Store
from wecrm.store.syncs import Counts
from wecrm.store.welcomes import KnownWelcome


@dataclass(slots=True)
class Wanted:
    """What a push would do about templates, and whom a person must know of.

    `gone`: names of templates that were deleted at WeCom and are made again; `kept`: names that are not in the
    file; `lost`: names that may have been made without an answer → the job.
    """

    changes: list[Change] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)


def described(work: Work, *, everything: bool = False, ids: bool = False) -> list[WelcomeEntry]:
    """The named templates as WeCom shows them now, by name; with `everything` the others too, named by their id."""
    read(work, [one.id for one in register.known(work.store)])
    found: list[WelcomeEntry] = []
    for one in register.known(work.store):
        if one.entry.name or everything:
            name, id_ = one.entry.name or one.id[:NAME_MAX], one.id if ids or not one.entry.name else ""
            found.append(msgspec.structs.replace(one.entry, name=name, id=id_))
    return found


def pushed(store: Store) -> set[str]:
    """Names of all templates that there ever were."""
    return {one.entry.name for one in register.known(store, gone=True)}


def plan(
    work: Work, entries: Sequence[WelcomeEntry], problems: Problems, *, delete_missing: bool, stage: int
) -> Wanted:
    """The changes that make WeCom and the register what the entries say; `stage` is the one of deletions."""
    before = {one.entry.name: one.id for one in register.known(work.store) if one.entry.name}
    gone = read(work, [*before.values(), *(entry.id for entry in entries if entry.id)])
    for entry in entries:
        if entry.id in gone:
            problems.add(visible(entry.name), _("WeCom has no welcome template with this `id`"))
    found = _matches(entries, register.known(work.store), problems)
    wanted = Wanted(lost=in_doubt(work, entries))
    for entry, known in zip(entries, found, strict=True):
        plain, number = msgspec.structs.replace(entry, was="", id=""), len(wanted.changes) + 1
        if known is not None:
            if known.entry != plain:
                wanted.changes.append(welcomes.edit(f"we{number}", known, plain))
        elif entry.name not in wanted.lost:
            for why in too_long_to_make(plain):
                problems.add(visible(entry.name), why)
            wanted.changes.append(welcomes.creation(f"wc{number}", plain))
            wanted.gone += [name for name in (entry.name, entry.was) if before.get(name) in gone]
    _missing(work, found, wanted, stage if delete_missing else None)
    _count(work, wanted.changes, problems)
    return wanted


def in_doubt(work: Work, entries: Iterable[WelcomeEntry]) -> dict[str, str]:
    """Names of templates that may have been made without an answer → the job; no plan makes them again."""
    lost = jobs.lost_creations(work.store, welcomes.Create.op)
    names = [entry.name for entry in entries if not entry.id and entry.name in lost]
    return {name: lost[name] for name in names if register.named(work.store, name) is None}


def read(work: Work, ids: Iterable[str]) -> frozenset[str]:
    """Read these templates into the register; the ids that WeCom does not know any more.

    Raises:
        ApiError, TemporaryError: one could not be read: nothing may be decided on a part.
    """
    asked, gone = list(dict.fromkeys(ids)), set()
    for id_, shown in zip(asked, work.client.pool().map(lambda id_: welcomes.look(work, id_), asked), strict=True):
        if isinstance(shown, WelcomeTemplate):
            register.saw(work.store, id_, shown, work.now())
        elif shown.errcode in api.UNKNOWN:
            register.note_gone(work.store, id_, work.now())
            gone.add(id_)
        else:
            raise shown
    return frozenset(gone)


def refresh(work: Work, counts: Counts, notes: list[str]) -> None:
    """Read every known template, as a sync does: one that can't be read is a hole and holds up no other."""
    for one in register.known(work.store):
        work.run.check()
        try:
            lost = len(read(work, [one.id]))
        except (ApiError, TemporaryError) as error:
            if isinstance(error, ApiError) and welcomes.of_all(error):
                raise
            counts.failed += 1
            notes.append(
                _("Welcome template {name} was not read: {why}", name=one.entry.name or one.id, why=error.what)
            )
        else:
            counts.lost += lost
            counts.seen += 1 - lost


def _matches(
    entries: Sequence[WelcomeEntry], known: Sequence[KnownWelcome], problems: Problems
) -> list[KnownWelcome | None]:
    """The template that each entry means; one that two entries claim is a problem."""
    names = {one.entry.name: one for one in known if one.entry.name}
    ids = {one.id: one for one in known}
    claims: dict[str, str] = {}
    found: list[KnownWelcome | None] = []
    for entry in entries:
        named = names.get(entry.name) or names.get(entry.was)
        chosen = ids.get(entry.id) if entry.id else named
        if named and named is not chosen:
            problems.add(visible(entry.name), _("`id` is another template than the one of this name"))
        if chosen is not None and claims.setdefault(chosen.id, entry.name) != entry.name:
            other = visible(claims[chosen.id])
            problems.add(visible(entry.name), _("means the same template as {other}; rename in two steps", other=other))
        found.append(chosen)
    return found


def _missing(work: Work, found: Iterable[KnownWelcome | None], wanted: Wanted, stage: int | None) -> None:
    """Named templates outside of the file: deleted in that stage, or kept."""
    kept = {one.id for one in found if one}
    missing = [one for one in register.known(work.store) if one.entry.name and one.id not in kept]
    if stage is None:
        wanted.kept = [one.entry.name for one in missing]
    else:
        wanted.changes += [welcomes.deletion(f"wd{n}", stage, one) for n, one in enumerate(missing, 1)]


def _count(work: Work, changes: Sequence[Change], problems: Problems) -> None:
    """Refuse more templates than a corp may have; those that other apps made are not known here."""
    ours = len(register.known(work.store))
    new = sum(change.op == welcomes.Create.op for change in changes)
    if new and ours + new > TEMPLATES_MAX:
        what = _("{n} welcome templates would be there; a corp may have {most}", n=ours + new, most=TEMPLATES_MAX)
        problems.add("welcomes", what)
