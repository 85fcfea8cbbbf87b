"""One run of the rotation: read what deciding needs, with few calls, and plan who is on now.

The register's entry is the approval for what a run changes: it only ever moves a code's members within
its own description, one update for a code and change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from wecrm.api import answers
from wecrm.api import contacts as contacts_api
from wecrm.api import livecodes as api
from wecrm.api import members as members_api
from wecrm.errors import ApiError, Exit, UsageError
from wecrm.files.leave import Leave
from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.models.member import Member
from wecrm.models.plan import Job, JobRow, Outcome, Plan
from wecrm.operations import duty, livecodes, plans, runner, steps, sync_livecodes, sync_new
from wecrm.operations.duty import Duty, Facts
from wecrm.operations.outcomes import text
from wecrm.operations.work import Work
from wecrm.store import directory, jobs, relations, syncs
from wecrm.store import livecodes as register
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode
from wecrm.store.nearest import did_you_mean
from wecrm.store.syncs import Counts, SyncRun

KIND = "rotation"
"""The kind of its jobs, and the purpose of its sync runs."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A code that rotates, and who should be on now."""

    known: KnownCode
    entry: CodeEntry
    duty: Duty

    @property
    def changes(self) -> bool:
        """Whether others should be on than the register says. Never, when that would be nobody."""
        on = {userid.lower() for userid in self.duty.on}
        return bool(on) and on != {userid.lower() for userid in self.known.code.users}


@dataclass(slots=True)
class Rotation:
    """What one run found out and decided; `notes` are sentences about what could not be read."""

    run: SyncRun
    turns: Sequence[Turn] = ()
    counts: Counts = field(default_factory=Counts)
    notes: list[str] = field(default_factory=list)

    def of(self, source: duty.Source) -> list[Turn]:
        """The codes whose members come from there; who has departments besides is never without anybody."""
        found = [turn for turn in self.turns if turn.duty.source == source]
        return [turn for turn in found if source != "nobody" or not turn.entry.departments]


def chosen(store: Store, names: Sequence[str] = ()) -> tuple[tuple[KnownCode, CodeEntry], ...]:
    """The codes that rotate, all of them or those of these names.

    Raises:
        UsageError: no code has that name, or nothing about it rotates.
    """
    known = {one.name: one for one in register.known(store) if one.entry is not None}
    for name in names:
        if name not in known:
            raise UsageError(
                _("No described live code is called {name}.", name=name),
                did_you_mean(name, known),
                _("`wecrm livecodes list --where described` shows them."),
            )
        if not rotates(known[name].entry):
            raise UsageError(
                _("Nothing about the live code {name} rotates.", name=name),
                _("Its description has no cap, no shift, no fallback and no last day."),
                _("Describe one of them in the file and push it: `wecrm livecodes push FILE`."),
            )
    wanted = [known[name] for name in dict.fromkeys(names)] if names else known.values()
    return tuple((one, one.entry) for one in wanted if one.entry is not None and rotates(one.entry))


def rotates(entry: CodeEntry | None) -> bool:
    """Whether the rotation has to do with a code of this description."""
    return entry is not None and entry.rotates and bool(duty.everybody(entry))


def look(work: Work, codes: Sequence[tuple[KnownCode, CodeEntry]], leaves: Iterable[Leave], tz: tzinfo) -> Rotation:
    """Read who can be used and who has how many customers today, and decide who is on.

    One call for the follow-user list, one for each department of somebody who may be on, one list for
    each capped member who is on, one `get` for each new customer.

    Raises:
        UsageError: the calendar names somebody who may be one of several members.
        ApiError: WeCom refuses the whole corp.
        TemporaryError: WeCom is out of reach; nothing is decided.
    """
    found = Rotation(syncs.start(work.store, KIND, work.now()))
    try:
        entries = [entry for _known, entry in codes]
        userids = {userid for entry in entries for userid in duty.everybody(entry)}
        away, strangers = on_leave(work.store, leaves, _at(work, tz).date(), userids)
        if strangers:
            names = ", ".join(strangers[:10])
            found.notes.append(_("The cache knows nobody of these leaves: {names}.", names=names))
        if codes:
            _members(work, userids, found.notes)
            capped = _capped(codes, _gathered(work, entries, tz, away))
            for _userid in sync_new.read(work, found.run, capped, found.counts, found.notes):
                pass  # what it stores is what counts
        facts = _gathered(work, entries, tz, away)
        found.turns = [Turn(one, entry, duty.decide(entry, one.code.users, facts)) for one, entry in codes]
    except BaseException:
        syncs.finish(work.store, found.run, "failed", found.counts, work.now())
        raise
    return found


def finish(work: Work, found: Rotation, state: str) -> None:
    """End the run: `done`, `holes` (something was not read, or not changed), `stopped` (only looked)."""
    syncs.finish(work.store, found.run, state, found.counts, work.now(), "\n".join(found.notes))


def _at(work: Work, tz: tzinfo) -> datetime:
    return datetime.fromtimestamp(work.now(), tz)


def _gathered(work: Work, entries: Collection[CodeEntry], tz: tzinfo, away: Mapping[str, date]) -> Facts:
    return duty.gather(work.store, entries, _at(work, tz), away)


def on_leave(
    store: Store, leaves: Iterable[Leave], today: date, userids: Collection[str]
) -> tuple[dict[str, date], list[str]]:
    """Who is on leave today, in lower case, and the last day of it; the rows of today that name nobody.

    Raises:
        UsageError: a name of several members, of whom one is among `userids`.
    """
    away: dict[str, date] = {}
    strangers: list[str] = []
    wanted = {userid.lower() for userid in userids}
    for leave in leaves:
        if not leave.first <= today <= leave.last:
            continue
        named = [userid.lower() for userid in relations.userids_named(store, leave.who)]
        own = [leave.who.lower()] if leave.who.lower() in named else named
        if len(own) > 1 and not wanted.isdisjoint(own):
            raise UsageError(
                _("{cell}: {n} members are called {name}.", cell=leave.where, n=len(own), name=leave.who),
                _("They are {userids}.", userids=", ".join(own)),
                _("Write the userid instead of the name."),
            )
        if not own:
            strangers.append(f"{leave.where} {leave.who}")
        away |= {userid: max(leave.last, away.get(userid, leave.last)) for userid in own}
    return away, strangers


def _capped(codes: Iterable[tuple[KnownCode, CodeEntry]], facts: Facts) -> list[str]:
    """Members whose customers of today decide whether they stay on; over the cap stays so until midnight."""
    decided = [duty.decide(entry, known.code.users, facts) for known, entry in codes]
    found = [one.userid for each in decided if each.source == "roster" for one in each.standings if one.on and one.cap]
    return list(dict.fromkeys(found))


def _members(work: Work, userids: Iterable[str], notes: list[str]) -> None:
    """Bring who has customer contact up to date, and the status of these members."""
    directory.put_followers(work.store, contacts_api.follow_users(work.client), work.now())
    departments = directory.departments_of(work.store, userids)
    for found in list(work.client.pool().map(lambda id_: _people(work, id_), departments)):
        if isinstance(found, ApiError):
            notes.append(_("Who is disabled is known from the last `wecrm sync members` only: {why}", why=found.what))
            return
        directory.put_statuses(work.store, found, work.now())


def _people(work: Work, department: int) -> Sequence[Member] | ApiError:
    try:
        return members_api.members_of(work.client, department, "contact")
    except ApiError as error:
        if error.code in (Exit.config, Exit.temporary):
            raise
        return error


def plan(turns: Iterable[Turn]) -> Plan:
    """One change for each code on which others should be."""
    changing = [turn for turn in turns if turn.changes]
    names = ", ".join(turn.known.shown for turn in changing[:3]) + (", …" if len(changing) > 3 else "")
    changes = [livecodes.duty(f"d{n}", turn.known, turn.duty.on) for n, turn in enumerate(changing, 1)]
    return Plan(KIND, _("who is on: {names}", names=names), tuple(changes))


def settle(work: Work) -> None:
    """End what a run left that was killed: look what became of it; what it did not send is decided anew.

    Raises:
        SafetyError: the database was restored and not compared with WeCom since.
    """
    plans.may_write(work.store)
    step = steps.find(livecodes.Duty.op)
    for job in jobs.unfinished(work.store):
        if job.kind != KIND or job.undo_of:
            continue
        rows = {row.change.id: row for row in jobs.rows(work.store, job.id, runner.OPEN)}
        for states in step.read(work, [row.change for row in rows.values()]):
            for id_, state in states.items():
                row = rows[id_]
                outcome = runner.outcome_of_reading(row, state)
                if outcome is not None and outcome.status in ("ok", "same"):
                    step.note(work, job.id, [row.change], {})
                outcome = outcome or Outcome("skipped", evidence="a later rotation decides")
                jobs.record(work.store, job.id, [(row.n, row.change, outcome)])
        jobs.set_state(work.store, job.id, "cancelled", work.now())


def read_again(work: Work, job: Job) -> None:
    """Store the codes that the job could not change as WeCom has them: the next run decides from that."""
    for row in jobs.rows(work.store, job.id, ("failed", "conflict", "unknown")):
        kind, id_ = livecodes.object_of(row.change)
        sync_livecodes.refresh(work, kind, [id_], Counts(), [])


def troubles(store: Store, job: Job) -> list[tuple[str, ApiError | None]]:
    """The codes that the job did not change, by name, with WeCom's refusal if there was one."""
    bad = jobs.rows(store, job.id, (*runner.BAD, "unknown"))
    return [(text(row.change.key["name"]), _refusal(row)) for row in bad]


def _refusal(row: JobRow) -> ApiError | None:
    if not row.errcode:
        return None
    kind, _id = livecodes.object_of(row.change)
    return answers.error(api.UPDATE[kind], answers.Envelope(row.errcode, row.errmsg))
