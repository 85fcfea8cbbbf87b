"""Writing remarks: remark, description, company and mobiles of relations.

Read and written under different names on the wire: `remark_corp_name` is written as
`remark_company`; the list of mobiles is replaced as a whole (doc 92115).
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from wecrm.api import contacts as api
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.contact import Relation
from wecrm.models.plan import Change, Fact, Facts, Outcome, Plan, State, Undo
from wecrm.operations import readback
from wecrm.operations.outcomes import failed_state, text
from wecrm.operations.rows import Problems, Target
from wecrm.operations.work import Work
from wecrm.store import effects
from wecrm.store import relations as relations_store
from wecrm.store.database import Store

FIELDS = ("remark", "description", "company", "mobiles")
CLEAR = "<clear>"
"""What a cell says to empty a field; an empty cell leaves it as it is."""

_MAX = {"remark": api.REMARK_MAX, "description": api.DESCRIPTION_MAX, "company": api.COMPANY_MAX}
_WRITTEN = {"company": "remark_company", "mobiles": "remark_mobiles"}
_CACHED = {"company": "remark_corp_name"}
WECOM_USER = 2


class Remark:
    """Op `contact.remark`: the touched fields of one relation."""

    op = "contact.remark"
    batch = 1
    undo: Undo = "reversible"

    def cluster(self, change: Change) -> str:
        return text(change.key["userid"])

    def group(self, change: Change) -> Hashable:
        return change.id

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {api.REMARK.path: sent, **readback.calls(store, dict(clusters))}

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return thing, 0

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        wanted = {_key(change): change for change in changes}
        for found in readback.relations(work, list(wanted)):
            yield {wanted[key].id: _state(wanted[key], answer) for key, answer in found.items()}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        for change in changes:
            fields = {_WRITTEN.get(name, name): _wire(value) for name, value in change.after.items()}
            api.remark(work.client, *_key(change), fields)
        return [Outcome("ok") for _change in changes]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            texts = {_CACHED.get(name, name): text(v) for name, v in change.after.items() if name != "mobiles"}
            mobiles = change.after.get("mobiles")
            listed = None if mobiles is None else [text(mobile) for mobile in _tuple(mobiles)]
            effects.note_fields(work.store, job, _key(change), texts, listed, work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo, change.input)]

    def title(self, change: Change) -> str:
        return "{} · {}".format(*_key(change))


def plan(store: Store, targets: Iterable[Target], problems: Problems, *, input_digest: str = "") -> Plan:
    """A plan that writes the remark fields of each row; cells that are empty leave their field alone.

    Raises:
        UsageError: texts over the limit, a company for a WeCom user, rows that name a relation twice.
    """
    changes: list[Change] = []
    seen: dict[int, str] = {}
    for target in targets:
        if target.relation_id in seen:
            problems.add(target.where, _("names the same relation as {where}", where=seen[target.relation_id]))
            continue
        seen[target.relation_id] = target.where
        after = _wanted(store, target, problems)
        if after:
            now = _cached(store, target.relation_id)
            key = {"userid": target.userid, "external_userid": target.external_userid}
            before = {name: now[name] for name in after}
            changes.append(
                Change(f"w{len(changes) + 1}", 0, Remark.op, {**key}, before, after, "reversible", target.input)
            )
    problems.raise_any()
    if not changes:
        raise UsageError(
            _("No row changes a remark."), "", _("Fill the columns remark, description, company or mobiles.")
        )
    return Plan("remarks", _("remarks of the file"), tuple(changes), input_digest=input_digest)


def _wanted(store: Store, target: Target, problems: Problems) -> Facts:
    after: Facts = {}
    for name in FIELDS:
        cell = target.cells.get(name, "")
        if not cell:
            continue
        value = "" if cell == CLEAR else cell
        if name == "mobiles":
            after[name] = () if cell == CLEAR else tuple(sorted(target.split(name)))
            continue
        if len(value) > _MAX[name]:
            problems.add(target.where, _("{field} is longer than {n} characters", field=name, n=_MAX[name]))
        if name == "company" and relations_store.contact_type(store, target.external_userid) == WECOM_USER:
            problems.add(target.where, _("a WeCom user's company can't be written; leave the cell empty"))
        after[name] = value
    return after


def _cached(store: Store, relation_id: int) -> Facts:
    return {**relations_store.remark_fields(store, relation_id), "mobiles": relations_store.mobiles(store, relation_id)}


def _state(change: Change, found: readback.Found) -> State:
    if not isinstance(found, Relation):
        return failed_state(found)
    follow = found.follow
    now: Facts = {
        "remark": follow.remark or "",
        "description": follow.description or "",
        "company": follow.remark_corp_name or "",
        "mobiles": tuple(sorted(m for m in follow.remark_mobiles or () if m)),
    }
    return State({name: now[name] for name in change.after})


def _wire(value: Fact) -> str | list[str]:
    if isinstance(value, tuple):
        return [text(mobile) for mobile in value] or [""]
    return text(value)


def _tuple(fact: Fact) -> tuple[Fact, ...]:
    assert isinstance(fact, tuple)
    return fact


def _key(change: Change) -> readback.Key:
    return text(change.key["userid"]), text(change.key["external_userid"])
