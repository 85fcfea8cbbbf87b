"""Merging tags: everybody who carries one of some tags gets another one, then the former are deleted.

Stages: marks that only put the target on, then deletions. What takes a tag off its customers is its
deletion alone, so undo is that of marks and deletions.

A deletion trusts neither the plan nor the journal. It reads every relation at WeCom and leaves the
tag alone when one carries it without the target (tagged since, or unknown to the cache), or can't be
read. What is tagged between this pass and the deletion, seconds later, is not seen.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from wecrm.api import contacts as contacts_api
from wecrm.api import tags as api
from wecrm.errors import ApiError, TemporaryError, WecrmError
from wecrm.i18n import _
from wecrm.models.plan import Change, Facts, NewId, Outcome, Plan, State
from wecrm.models.tag import TagGroup
from wecrm.models.text import visible
from wecrm.operations import sync_contacts
from wecrm.operations.marks import Mark
from wecrm.operations.outcomes import text
from wecrm.operations.rows import Problems
from wecrm.operations.tagnames import TagNames
from wecrm.operations.tags import Delete, deletion
from wecrm.operations.work import Work
from wecrm.store import carriers, directory, jobs, locks
from wecrm.store import tags as store_tags
from wecrm.store.database import Store
from wecrm.store.tags import KnownTag

MARK, RETIRE = range(2)
NOT_OURS = (60011, 48002)
"""What an app is answered that may not delete a tag (which of them is not documented)."""

BLOCKED = "blocked: console"
SHOWN = 5

_BEFORE: Facts = {"exists": True, "left_behind": 0}
_AFTER: Facts = {"exists": False, "left_behind": 0}


class Retire(Delete):
    """Op `tag.retire`: deletes a tag once nobody carries it without the target of the merge."""

    op = "tag.retire"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {
            api.DELETE.path: sent,
            api.LIST.path: 1 + sent,
            contacts_api.FOLLOW_USERS.path: 1,
            contacts_api.BATCH_GET.path: -(-directory.relations_known(store) // contacts_api.PAGE),
        }

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        library = api.library(work.client)
        store_tags.put_library(work.store, library, work.now())
        there = _ids(library)
        left = [change for change in changes if text(change.key["id"]) in there]
        # those that are gone come first: the cache still knows who had them, after the reading it does not
        yield {change.id: State(_AFTER) for change in changes if change not in left}
        if left:
            _read_everybody(work)
            yield {change.id: _state(work.store, change, there) for change in left}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        (change,) = changes
        try:
            api.delete(work.client, [text(change.key["id"])])
        except ApiError as error:
            if error.errcode not in NOT_OURS:
                raise
            return [_blocked(change, error.errcode, error.errmsg)]
        try:
            stays = text(change.key["id"]) in _ids(api.library(work.client))
        except WecrmError:  # it may be deleted: whatever else this became, undo would forget it
            return [Outcome("unknown", evidence="accepted, but the library could not be read")]
        return [_blocked(change) if stays else Outcome("ok")]


def kept(change: Change) -> Change:
    """What undo has to find where a deletion was not made: the tag, still there.

    Else somebody deleted it since, and taking the target off as well would leave its customers with
    neither; a conflict here keeps the later stages of the undo closed.
    """
    key = {name: change.key[name] for name in ("group", "name")}
    return Change(change.id, 0, "tag.create", key, {"exists": True}, {"exists": True}, "compensable")


def plan(store: Store, names: Sequence[str], into: str) -> Plan:
    """A plan that moves everybody who carries one of the tags `names` to the tag `into`.

    Raises:
        UsageError: a name that is unknown or stands for several tags; a tag merged into itself.
    """
    problems = Problems()
    library = TagNames(store_tags.known(store))
    target = library.existing(into, problems)
    found = {name: library.existing(name, problems) for name in names}
    for name, tag in found.items():
        if tag is not None and tag == target:
            problems.add(visible(name), _("is the tag to merge into."))
    problems.raise_any()
    assert target is not None
    sources = tuple({tag.tag_id: tag for tag in found.values() if tag is not None}.values())
    keys = carriers.lacking(store, [tag.tag_id for tag in sources], target.tag_id)
    marks = [_mark(n, key, target) for n, key in enumerate(keys, 1)]
    deletions = [_retirement(n, tag, target) for n, tag in enumerate(sources, 1)]
    title = _("merge {names} into {target}", names=", ".join(map(_label, sources)), target=_label(target))
    return Plan("tags", title, (*marks, *deletions), notes=_notes(store, sources, target, len(marks)))


def _mark(n: int, key: tuple[str, str], target: KnownTag) -> Change:
    ids: dict[str, str | NewId] = {"userid": key[0], "external_userid": key[1]}
    off: Facts = {"present": (), "absent": (target.tag_id,)}
    on: Facts = {"present": (target.tag_id,), "absent": ()}
    row = {"userid": key[0], "external_userid": key[1], "add": _label(target)}
    return Change(f"m{n}", MARK, Mark.op, ids, off, on, Mark.undo, row)


def _retirement(n: int, tag: KnownTag, target: KnownTag) -> Change:
    plain = deletion(f"d{n}", RETIRE, tag)
    key = {**plain.key, "into": target.tag_id, "into_name": _label(target)}
    return msgspec.structs.replace(plain, op=Retire.op, key=key, before=_BEFORE, after=_AFTER)


def _notes(store: Store, sources: Sequence[KnownTag], target: KnownTag, marked: int) -> tuple[str, ...]:
    """What a person should know before applying: who gets the target, and what may not work."""
    ids = [tag.tag_id for tag in sources]
    notes = [
        _("{n:,} relations get {target}; the others with these tags carry it already.", n=marked, target=_label(target))
    ]
    group = next(group for group in store_tags.groups(store) if group.group_id == target.group_id)
    rivals = [tag.tag_id for tag in group.tags if tag != target and tag not in sources]
    if group.exclusive and (doubled := carriers.lacking_beside(store, ids, target.tag_id, rivals)):
        notes.append(
            _("{n:,} of them would then carry two tags of {group}, which is exclusive.", n=doubled, group=group.name)
        )
    refused = jobs.refused_tags(store)
    for tag in sources:
        if hidden := carriers.left_behind(store, tag.tag_id, target.tag_id)[1]:
            notes.append(
                _("{tag} will stay while {n:,} relations with it are out of sight.", tag=_label(tag), n=hidden)
            )
        if tag.tag_id in refused:
            notes.append(
                _("WeCom refused to let this app edit {name} before (60011): its maker must do it.", name=_label(tag))
            )
    return tuple(notes)


def _label(tag: KnownTag) -> str:
    return f"{tag.group_name}/{tag.name}"


def _ids(library: Sequence[TagGroup]) -> set[str]:
    return {tag.id for group in library for tag in group.tag}


def _read_everybody(work: Work) -> None:
    """One pass over every relation at WeCom, from the beginning, into the cache.

    The cache is also where undo finds who had the tag.

    Raises:
        TemporaryError: somebody could not be read.
        LockedError: another process fills the cache at the moment.
    """
    with locks.held(work.store.path, "sync"):
        done = sync_contacts.contacts(work, resume=False)
    if done.counts.failed:
        raise TemporaryError(
            _("No tag was deleted: not every relation could be read."),
            "\n".join(done.notes[:SHOWN]),
            _("Go on later with `wecrm jobs resume`; `wecrm sync contacts` tells who can't be read."),
        )


def _state(store: Store, change: Change, there: set[str]) -> State:
    """How many relations a tag that is there can't be taken from yet."""
    tag, target = text(change.key["id"]), text(change.key["into"])
    if target not in there:
        return State(
            {"exists": True, "left_behind": None},
            evidence="read back: the target is gone",
            hint=_("{target} was deleted since: merge into another tag.", target=text(change.key["into_name"])),
        )
    lacking, hidden = carriers.left_behind(store, tag, target)
    hints = []
    if lacking:
        hints.append(_("{n:,} relations carry it without the target: plan the merge again.", n=lacking))
    if hidden:
        hints.append(
            _(
                "{n:,} relations with it are out of sight: bring their members back into the visible range, or use "
                "`wecrm tags delete` if they may lose it.",
                n=hidden,
            )
        )
    return State(
        {"exists": True, "left_behind": lacking + hidden},
        evidence=f"read back: {lacking} carry it without the target, {hidden} are out of sight",
        hint=" ".join(hints),
    )


def _blocked(change: Change, errcode: int = 0, errmsg: str = "") -> Outcome:
    hint = _(
        "A person must delete it in the admin console: WeCom lets an app delete only its own tags. "
        "Its customers carry {target} already.",
        target=text(change.key["into_name"]),
    )
    return Outcome("failed", errcode, errmsg, hint, evidence=BLOCKED)
