"""Live codes: making, changing and deleting them, and who is on now.

One row is one code. The register's part of a code (its `entry`, see models/codebook.py) travels in
the same row as WeCom's part, so that both change together or not at all.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence

import msgspec

from wecrm.api import livecodes as api
from wecrm.errors import ApiError, Exit, TemporaryError
from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import KINDS, Kind, LiveCode
from wecrm.models.plan import Change, Fact, Facts, NewId, Outcome, State, Undo
from wecrm.operations.outcomes import text
from wecrm.operations.work import Work
from wecrm.store import livecodes as register
from wecrm.store.database import Store

MADE: Mapping[Kind, tuple[str, ...]] = {
    "contact": ("type", "scene", "remark", "state", "users", "departments", "style", "skip_verify", "is_exclusive"),
    "group": ("scene", "remark", "state", "chats", "auto_create_room", "room_base_name", "room_base_id"),
    "link": ("remark", "users", "departments", "skip_verify", "priority_type", "priority_users"),
}
"""What a code of each kind is made with."""

FIXED = ("type", "scene")
"""What can't be changed later."""

CLOCKS_APART_S = 3600
"""How far WeCom's clock may be behind ours when new codes are looked for."""


def facts_of(code: LiveCode, fields: Sequence[str]) -> Facts:
    """These fields of a code as facts; members and the like in an order that does not depend on WeCom."""
    return {field: _fact(getattr(code, field)) for field in fields}


def _fact(value: str | int | bool | tuple[str | int, ...]) -> Fact:
    if isinstance(value, tuple):
        return tuple(sorted((str(item) for item in value), key=lambda item: (item.lower(), item)))
    return value


def with_facts(code: LiveCode, facts: Facts) -> LiveCode:
    """`code` with these facts in the place of its own; facts that are not its own are left out."""
    fields: dict[str, object] = {name: fact for name, fact in facts.items() if name in LiveCode.__struct_fields__}
    if "departments" in facts:
        fields["departments"] = tuple(int(id_) for id_ in _texts(facts["departments"]))
    return msgspec.structs.replace(code, **fields)


def entry_of(fact: Fact) -> CodeEntry | None:
    """The register's part of a code, out of a fact."""
    return msgspec.json.decode(fact, type=CodeEntry) if isinstance(fact, str) and fact else None


def entry_fact(entry: CodeEntry | None) -> str:
    """The register's part of a code as a fact; "" when nobody described it."""
    return "" if entry is None else msgspec.json.encode(entry).decode()


def creation(change_id: str, stage: int, code: LiveCode, entry: CodeEntry | None, now: float) -> Change:
    """The change that makes one code; codes made since `now` that look like it are taken for it."""
    name = entry.name if entry else code.remark or code.state or code.kind
    key: dict[str, str | NewId] = {"kind": code.kind, "name": name, "planned": str(int(now))}
    after: Facts = {"exists": True, **facts_of(code, MADE[code.kind]), "entry": entry_fact(entry)}
    return Change(change_id, stage, Create.op, key, {"exists": False}, after, Create.undo)


def update(change_id: str, stage: int, known: register.KnownCode, code: LiveCode, entry: CodeEntry | None) -> Change:
    """The change that turns a known code into `code` and its description into `entry`."""
    fields = _changeable(code.kind)
    old, new = facts_of(known.code, fields), facts_of(code, fields)
    old |= {"name": known.name, "entry": entry_fact(known.entry)}
    new |= {"name": entry.name if entry else known.name, "entry": entry_fact(entry)}
    touched = [name for name in old if old[name] != new[name]]
    before, after = {name: old[name] for name in touched}, {name: new[name] for name in touched}
    return Change(change_id, stage, Update.op, _key(known), before, after)


def duty(change_id: str, known: register.KnownCode, users: Sequence[str]) -> Change:
    """The change that puts these members on a code; nobody is taken off its roster."""
    before = facts_of(known.code, ("users",))
    return Change(change_id, 0, Duty.op, _key(known), before, {"users": _fact(tuple(users))})


def deletion(change_id: str, stage: int, known: register.KnownCode) -> Change:
    """The change that deletes a code."""
    key = {**_key(known), "size": str(_size(known.code))}
    return Change(change_id, stage, Delete.op, key, {"exists": True}, {"exists": False}, Delete.undo)


def object_of(change: Change) -> tuple[Kind, str]:
    """Kind and id of the code that a change is about."""
    return _kind(text(change.key["kind"])), text(change.key["id"])


def _key(known: register.KnownCode) -> dict[str, str | NewId]:
    return {"kind": known.code.kind, "id": known.code.id, "name": known.shown}


class _CodeStep:
    """What all of them share: one row a call, one reading call a row."""

    op = ""
    batch = 1
    undo: Undo = "reversible"

    def cluster(self, change: Change) -> str:
        return text(change.key["kind"])

    def group(self, change: Change) -> Hashable:
        return change.id

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {api.GET[kind].path: n for kind, n in _kinds(clusters).items()}

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        kind, _colon, id_ = thing.partition(":")
        known = register.find(store, _kind(kind), id_)
        if known is None:
            return id_, 0
        return _("live code {name}", name=known.shown), _size(known.code)

    def title(self, change: Change) -> str:
        return text(change.key["name"])


class Create(_CodeStep):
    """Op `livecode.create`: a code by our name; the id WeCom gives is bound to the change."""

    op = "livecode.create"
    undo: Undo = "compensable"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        adding = {api.ADD[kind].path: n for kind, n in _kinds(clusters).items()}
        listing = {api.LIST[kind].path: 1 for kind in _kinds(clusters) if kind in api.LIST}
        return {**super().calls(store, clusters, sent), **adding, **listing}

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for kind in KINDS:
            rows = [change for change in changes if change.key["kind"] == kind]
            if kind in api.LIST and rows:
                strangers = list(_strangers(work, kind, rows))
                yield {change.id: _made(work, change, strangers) for change in rows}
            else:  # one by one: whatever interrupts the job, only one of them can have been made unseen
                yield from ({change.id: _made(work, change, [])} for change in rows)

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        kind = _kind(text(changes[0].key["kind"]))
        return [Outcome("ok", made_id=api.add(work.client, with_facts(LiveCode(kind), changes[0].after)))]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            if change.id in made:
                kind, id_ = _kind(text(change.key["kind"])), made[change.id]
                _register(work, with_facts(LiveCode(kind, id_), change.after), entry_of(change.after["entry"]), job)
                try:  # only then where its picture is: the id must not be lost to a slow answer
                    register.put(work.store, [api.get(work.client, kind, id_)], work.now())
                except (ApiError, TemporaryError):
                    continue  # the next sync reads it

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        known = register.find(store, _kind(text(change.key["kind"])), made_id)
        return (deletion(change.id, 0, known),) if known else ()


class Update(_CodeStep):
    """Op `livecode.update`: other settings or another description; what is not touched stays."""

    op = "livecode.update"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        reading = {path: 2 * n for path, n in super().calls(store, clusters, sent).items()}
        return {**reading, **{api.UPDATE[kind].path: n for kind, n in _kinds(clusters).items()}}

    def taken(self, change: Change) -> Sequence[str]:
        lost = 0
        for name in ("users", "departments", "chats"):
            if name in change.before:
                lost += len(_texts(change.before[name])) - len(_texts(change.after[name]))
        return [_thing(change)] * max(0, lost)

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for change, code in zip(changes, work.client.pool().map(lambda c: _look(work, c), changes), strict=True):
            yield {change.id: _state(work, change, code)}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        change = changes[0]
        touched = frozenset(change.after) & frozenset(LiveCode.__struct_fields__)
        if not touched:
            return [Outcome("ok", evidence="the register only")]
        kind, id_ = _kind(text(change.key["kind"])), text(change.key["id"])
        before, _raw = api.get(work.client, kind, id_)
        wanted = with_facts(before, change.after)
        # Whether WeCom leaves alone what is not sent to a contact way is told nowhere, so all of it goes.
        api.update(work.client, wanted, _changeable(kind) if kind == "contact" else touched)
        now, _raw = api.get(work.client, kind, id_)
        if facts_of(now, sorted(touched)) == facts_of(wanted, sorted(touched)):
            return [Outcome("ok", evidence="read back: done")]
        return [Outcome("unknown", evidence="accepted, and WeCom still shows other settings")]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            known = register.find(work.store, _kind(text(change.key["kind"])), text(change.key["id"]))
            assert known is not None
            entry = entry_of(change.after["entry"]) if "entry" in change.after else known.entry
            name = text(change.after.get("name", known.name))
            register.register(work.store, with_facts(known.code, change.after), name, entry, work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo)]


class Duty(Update):
    """Op `livecode.duty`: who of the roster is on now. Nobody loses anything by it."""

    op = "livecode.duty"

    def taken(self, change: Change) -> Sequence[str]:
        return ()


class Delete(_CodeStep):
    """Op `livecode.delete`: printed codes stop working; undo makes another code with the same settings."""

    op = "livecode.delete"
    undo: Undo = "compensable"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        deleting = {api.DELETE[kind].path: n for kind, n in _kinds(clusters).items()}
        return {**super().calls(store, clusters, sent), **deleting}

    def taken(self, change: Change) -> Sequence[str]:
        return [_thing(change)] * int(text(change.key["size"]))

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for change, code in zip(changes, work.client.pool().map(lambda c: _look(work, c), changes), strict=True):
            if isinstance(code, ApiError) and code.errcode not in api.UNKNOWN[_kind(text(change.key["kind"]))]:
                yield {change.id: State(gone=True, errcode=code.errcode, errmsg=code.errmsg)}
            else:
                if isinstance(code, ApiError):
                    self.note(work, "", (change,), {})
                yield {change.id: State({"exists": isinstance(code, LiveCode)})}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        api.delete(work.client, _kind(text(changes[0].key["kind"])), text(changes[0].key["id"]))
        return [Outcome("ok")]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            register.note_gone(work.store, _kind(text(change.key["kind"])), text(change.key["id"]), work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        known = register.find(store, _kind(text(change.key["kind"])), text(change.key["id"]))
        if known is None or known.gone_at is None:
            return ()
        return (creation(change.id, 0, known.code, known.entry, known.gone_at),)


def _changeable(kind: Kind) -> tuple[str, ...]:
    return tuple(name for name in MADE[kind] if name not in FIXED)


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind == name)


def _kinds(clusters: Mapping[str, int]) -> dict[Kind, int]:
    return {_kind(name): n for name, n in clusters.items()}


def _thing(change: Change) -> str:
    return "{}:{}".format(change.key["kind"], change.key["id"])


def _size(code: LiveCode) -> int:
    """How much there is to take away; the code itself, where nobody is on it."""
    return len(code.users) + len(code.departments) + len(code.chats) or 1


def _texts(fact: Fact) -> tuple[str, ...]:
    assert isinstance(fact, tuple), fact
    return tuple(text(item) for item in fact)


def _look(work: Work, change: Change) -> LiveCode | ApiError | None:
    """The code as WeCom has it now; None when the change touches nothing of WeCom's."""
    if change.after and not frozenset((*change.after, *change.before)) & {"exists", *LiveCode.__struct_fields__}:
        return None
    try:
        return api.get(work.client, _kind(text(change.key["kind"])), text(change.key["id"]))[0]
    except ApiError as error:
        if error.code in (Exit.config, Exit.refused, Exit.temporary):
            raise
        return error


def _state(work: Work, change: Change, code: LiveCode | ApiError | None) -> State:
    if isinstance(code, ApiError):
        return State(gone=True, errcode=code.errcode, errmsg=code.errmsg)
    known = register.find(work.store, _kind(text(change.key["kind"])), text(change.key["id"]))
    other = register.named(work.store, text(change.after.get("name", "")))
    if other is not None and other.code.id != change.key["id"]:
        return State(evidence="read back: another code has this name by now")
    own: Facts = {"name": known.name if known else "", "entry": entry_fact(known.entry if known else None)}
    wire = [name for name in change.after if name not in own]
    now = facts_of(code, wire) if code is not None else {}
    found: Facts = {name: now[name] if name in now else own[name] for name in change.after}
    ours = change.after.keys() & own.keys()
    if ours and all(found[name] == (change.before if name in ours else change.after)[name] for name in found):
        return State(change.before)  # interrupted between WeCom and the register: sending it again does no harm
    return State(found)


def _strangers(work: Work, kind: Kind, changes: Sequence[Change]) -> Iterator[LiveCode]:
    """Codes made since these changes were planned that nobody described: one may be what was sent."""
    since = min(int(text(change.key["planned"])) for change in changes) - CLOCKS_APART_S
    old = register.old_ids(work.store, kind, since)
    ids = [id_ for id_ in api.ids(work.client, kind, since) if id_ not in old]
    for code in work.client.pool().map(lambda id_: _stranger(work, kind, id_), ids):
        if code is not None:
            yield code


def _stranger(work: Work, kind: Kind, id_: str) -> LiveCode | None:
    """A code that was just listed; None when it was deleted since."""
    try:
        return api.get(work.client, kind, id_)[0]
    except ApiError as error:
        if error.errcode not in api.UNKNOWN[kind]:
            raise
        return None


def _made(work: Work, change: Change, strangers: list[LiveCode]) -> State:
    """Whether the code of a creating change is there: by its name in the register, or among the strangers."""
    kind, entry = _kind(text(change.key["kind"])), entry_of(change.after["entry"])
    known = register.named(work.store, entry.name) if entry else None
    if known is not None:
        return State(change.after if known.entry == entry else {"exists": True}, made_id=known.code.id)
    for code in strangers:
        if facts_of(code, MADE[kind]) == {field: change.after[field] for field in MADE[kind]}:
            strangers.remove(code)
            _register(work, code, entry)
            return State(change.after, made_id=code.id)
    return State({"exists": False}, unsure=kind not in api.LIST)


def _register(work: Work, code: LiveCode, entry: CodeEntry | None, job: str | None = None) -> None:
    register.register(work.store, code, entry.name if entry else "", entry, work.now(), job=job)
