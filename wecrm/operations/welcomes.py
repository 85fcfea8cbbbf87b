"""Group welcome templates (入群欢迎语): making, changing and deleting them. One row is one template.

WeCom has no list of them: one whose making got no answer can't be looked up, and is not made again unasked.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

import msgspec

from wecrm.api import welcomes as api
from wecrm.errors import ApiError, Exit, TemporaryError
from wecrm.i18n import _
from wecrm.models.plan import Change, Fact, Facts, NewId, Outcome, State, Undo
from wecrm.models.welcome import WelcomeEntry, WelcomeTemplate, shows, template
from wecrm.operations.outcomes import text
from wecrm.operations.work import Work
from wecrm.store import welcomes as register
from wecrm.store.database import Store
from wecrm.store.welcomes import KnownWelcome

OF_ONE = frozenset((api.FOREIGN, 40201, 40204))
"""Refusals that are about one template (another app's, words that WeCom blocks): the others go on."""


def entry_of(fact: Fact) -> WelcomeEntry | None:
    """The entry that a fact holds, if it holds one."""
    return msgspec.json.decode(fact, type=WelcomeEntry) if isinstance(fact, str) and fact else None


def creation(change_id: str, entry: WelcomeEntry) -> Change:
    """The change that makes a template of that entry."""
    after: Facts = {"exists": True, "entry": _fact(entry)}
    return Change(change_id, 0, Create.op, {"name": entry.name}, {"exists": False}, after, Create.undo)


def edit(change_id: str, known: KnownWelcome, entry: WelcomeEntry) -> Change:
    """The change that turns a known template into that entry."""
    return Change(
        change_id, 0, Edit.op, _key(known, entry.name), {"entry": _fact(known.entry)}, {"entry": _fact(entry)}
    )


def deletion(change_id: str, stage: int, known: KnownWelcome) -> Change:
    """The change that deletes a template."""
    key = _key(known, known.entry.name or known.id)
    return Change(change_id, stage, Delete.op, key, {"exists": True}, {"exists": False}, Delete.undo)


def look(work: Work, template_id: str) -> WelcomeTemplate | ApiError:
    """What WeCom shows of a template, or why it does not; for use in threads.

    Raises:
        ApiError, TemporaryError: nothing can be read at the moment, this one or another.
    """
    try:
        return api.get(work.client, template_id)
    except ApiError as error:
        if of_all(error):
            raise
        return error


def of_all(error: ApiError) -> bool:
    """Whether an error is about the app or the corp, so that asking for another template is no use."""
    return error.code in (Exit.config, Exit.refused, Exit.temporary) and error.errcode not in OF_ONE


def _fact(entry: WelcomeEntry) -> str:
    return msgspec.json.encode(entry).decode()


def _key(known: KnownWelcome, name: str) -> dict[str, str | NewId]:
    return {"id": known.id, "name": name}


def _wanted(change: Change) -> WelcomeEntry:
    return msgspec.json.decode(text(change.after["entry"]), type=WelcomeEntry)


class _WelcomeStep:
    """What all of them share: one row a call, one reading call a row."""

    op = ""
    batch = 1
    undo: Undo = "reversible"
    endpoint = api.EDIT

    def cluster(self, change: Change) -> str:
        return self.op

    def group(self, change: Change) -> Hashable:
        return change.id

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {self.endpoint.path: sent, api.GET.path: sum(clusters.values())}

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return _("group welcome templates"), len(register.known(store))

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        found = work.client.pool().map(lambda change: look(work, text(change.key["id"])), changes)
        for change, shown in zip(changes, found, strict=True):
            if isinstance(shown, ApiError) and shown.errcode in api.UNKNOWN:
                register.note_gone(work.store, text(change.key["id"]), work.now())
            yield {change.id: self.state(work, change, shown)}

    def state(self, work: Work, change: Change, shown: WelcomeTemplate | ApiError) -> State:
        raise NotImplementedError

    def title(self, change: Change) -> str:
        return text(change.key["name"])


class Create(_WelcomeStep):
    """Op `welcome.create`: a template by our name; the id WeCom gives is bound to the change."""

    op = "welcome.create"
    undo: Undo = "compensable"
    endpoint = api.ADD

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for change in changes:  # one by one: whatever interrupts the job, only one of them can have been made unseen
            wanted = _wanted(change)
            known = register.named(work.store, wanted.name)
            if known is None:
                yield {change.id: State({"exists": False}, unsure=True)}
            else:
                yield {change.id: State(change.after if known.entry == wanted else {"exists": True}, made_id=known.id)}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        wanted = _wanted(changes[0])
        return [_sent(lambda: api.add(work.client, template(wanted), notify=wanted.notify))]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            if change.id in made:
                _keep(work, made[change.id], _wanted(change), job)

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        known = register.find(store, made_id)
        return (deletion(change.id, 0, known),) if known else ()


class Edit(_WelcomeStep):
    """Op `welcome.edit`: other parts, another name, or both; groups that use the template keep it."""

    op = "welcome.edit"

    def state(self, work: Work, change: Change, shown: WelcomeTemplate | ApiError) -> State:
        if isinstance(shown, ApiError):
            return State(gone=True, errcode=shown.errcode, errmsg=shown.errmsg)
        wanted, id_ = _wanted(change), text(change.key["id"])
        known, other = register.find(work.store, id_), register.named(work.store, wanted.name)
        if other is not None and other.id != id_:
            return State(evidence="read back: another template has this name by now")
        assert known is not None
        now = known.seen_as(shown)
        ours = known.entry == entry_of(change.before["entry"])
        if ours and now != known.entry and shows(wanted, shown):
            return State(change.before)  # interrupted between WeCom and the register: sending it again does no harm
        return State({"entry": _fact(now)})

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        before, wanted = entry_of(changes[0].before["entry"]), template(_wanted(changes[0]))
        if before is not None and template(before) == wanted:
            return [Outcome("ok", evidence="the register only")]
        return [_sent(lambda: api.edit(work.client, text(changes[0].key["id"]), wanted))]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            _keep(work, text(change.key["id"]), _wanted(change))

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo)]


class Delete(_WelcomeStep):
    """Op `welcome.delete`: groups lose it. Undo makes another one, which they have to be given anew."""

    op = "welcome.delete"
    undo: Undo = "compensable"
    endpoint = api.DELETE

    def taken(self, change: Change) -> Sequence[str]:
        return [self.op]

    def state(self, work: Work, change: Change, shown: WelcomeTemplate | ApiError) -> State:
        if isinstance(shown, ApiError) and shown.errcode not in api.UNKNOWN:
            return State(gone=True, errcode=shown.errcode, errmsg=shown.errmsg)
        return State({"exists": not isinstance(shown, ApiError)})

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        return [_sent(lambda: api.delete(work.client, text(changes[0].key["id"])))]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            register.note_gone(work.store, text(change.key["id"]), work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        known = register.find(store, text(change.key["id"]))
        return (creation(change.id, known.entry),) if known and known.gone_at is not None else ()


def _sent(call: Callable[[], str | None]) -> Outcome:
    """The outcome of a call; its answer, if it has one, is the id that was made."""
    try:
        return Outcome("ok", made_id=call() or "")
    except ApiError as error:
        if error.errcode not in OF_ONE:
            raise
        return Outcome("failed", error.errcode, error.errmsg, error.hint)


def _keep(work: Work, template_id: str, entry: WelcomeEntry, job: str | None = None) -> None:
    """Register a template as just written, and only then what WeCom shows: the id must not get lost."""
    register.register(work.store, template_id, entry, work.now(), written=True, job=job)
    try:
        register.saw(work.store, template_id, api.get(work.client, template_id), work.now())
    except (ApiError, TemporaryError):
        return  # the next sync reads it
