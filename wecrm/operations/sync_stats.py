"""`sync stats`: what WeCom counts by itself, days that are missing or provisional.

Chats of members cost a call per member and 30 days, groups one per 100 owners and day, acquisition links as
`linkdays.py` says, mass messages as `groupsends.py` says. Every block is stored before the next one is asked for,
so a run that was stopped is gone on with by the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from wecrm.api import contacts as contacts_api
from wecrm.api import statistics as api
from wecrm.errors import ApiError, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.statistics import Behavior, GroupFigures, OwnerFigures
from wecrm.operations import groupsends, linkdays, statdays
from wecrm.operations.answering import MAY_NOT, WRONG_DAYS, Failure, answered
from wecrm.operations.sync import Synced, recorded
from wecrm.operations.work import Work
from wecrm.store import livecodes as register
from wecrm.store import statistics as store
from wecrm.store.syncs import Counts

BLOCK = 48
"""Calls made side by side before their answers are stored."""

NOTED = 10


def stats(work: Work) -> Synced:
    """Chats of members, groups of owners, days of links and mass messages; what may not be read is left out."""

    def fill(counts: Counts) -> tuple[str, ...]:
        notes: list[str] = []
        people = contacts_api.follow_users(work.client)
        parts: tuple[tuple[str, Callable[[], None]], ...] = (
            (_("chats of members"), lambda: _chats(work, people, counts, notes)),
            (_("groups"), lambda: _Groups(work, counts, notes).fetch(people)),
            (_("acquisition links"), lambda: _links(work, counts, notes)),
            (_("mass messages"), lambda: groupsends.fetch(work, counts, notes)),
        )
        for name, fetch in parts:
            try:
                fetch()
            except ApiError as error:
                if error.errcode == MAY_NOT:
                    notes.append(_("Statistics left out, this secret may not read them (48002): {part}.", part=name))
                elif error.errcode == WRONG_DAYS:
                    counts.failed += 1
                    notes.append(
                        _(
                            "Statistics not read, WeCom does not have these days (40058): {part}. `wecrm doctor` tells "
                            "whether this machine's clock is wrong.",
                            part=name,
                        )
                    )
                else:
                    raise
        return tuple(notes[:NOTED])

    return recorded(work, "stats", fill)


def calls_a_day(members: int, owners: int) -> int:
    """Calls that a daily run makes for chats and groups: two days of each member and owner."""
    return members + 2 * -(-owners // api.OWNERS)


# -- one-to-one chats


def _chats(work: Work, people: Sequence[str], counts: Counts, notes: list[str]) -> None:
    wanted = [(userid, statdays.wanted(store.behavior_read(work.store, userid), work.now())) for userid in people]
    jobs = [(userid, part) for userid, days in wanted for part in statdays.stretches(days)]
    for first in range(0, len(jobs), BLOCK):
        work.run.check()
        block = jobs[first : first + BLOCK]
        for (userid, part), found in zip(
            block, work.client.pool().map(lambda job: _ask(work, *job), block), strict=True
        ):
            if isinstance(found, Failure):
                counts.failed += 1
                notes.append(_("Chats of {member} were not read: {why}", member=userid, why=found.what))
            else:
                counts.seen += _keep(work, userid, part, found)
        work.run.progress(Progress(_("chats of members"), first + len(block), len(jobs), counts.failed))


def _ask(work: Work, userid: str, part: Sequence[date]) -> tuple[Behavior, ...] | ApiError | TemporaryError:
    return answered(lambda: api.behavior(work.client, userid, statdays.start(part[0]), statdays.start(part[-1])))


def _keep(work: Work, userid: str, part: Sequence[date], found: Sequence[Behavior]) -> int:
    """Store a member's days, but for zeros that may not be figures yet; how many are stored."""
    told = {statdays.day_at(row.stat_time): row for row in found}
    days = {
        day.isoformat(): told.get(day)
        for day in part
        if _says_something(told.get(day)) or not statdays.may_be_missing(day, work.now())
    }
    store.put_behavior(work.store, userid, days, work.now())
    return len(days)


def _says_something(row: Behavior | None) -> bool:
    return row is not None and row != Behavior(row.stat_time)


# -- groups


@dataclass(slots=True)
class _Groups:
    """Days of the groups of owners; who may not be asked for is left out of further calls."""

    work: Work
    counts: Counts
    notes: list[str]
    refused: set[str] = field(default_factory=set)

    def fetch(self, people: Sequence[str]) -> None:
        """Every missing or provisional day of those of the members who own groups."""
        work = self.work
        known = {owner.lower() for owner in store.owners(work.store)}
        asked = [userid for userid in people if userid.lower() in known]
        by_day: dict[date, list[str]] = {}
        for owner in asked:
            for day in statdays.wanted(store.groups_read(work.store, owner), work.now()):
                by_day.setdefault(day, []).append(owner)
        jobs = [
            (day, owners[n : n + api.OWNERS])
            for day, owners in sorted(by_day.items())
            for n in range(0, len(owners), api.OWNERS)
        ]
        for first in range(0, len(jobs), BLOCK):
            work.run.check()
            block = [(day, [o for o in owners if o not in self.refused]) for day, owners in jobs[first : first + BLOCK]]
            for (day, owners), found in zip(block, work.client.pool().map(self._ask, block), strict=True):
                self._take(day, owners, found)
            work.run.progress(Progress(_("groups"), first + len(block), len(jobs), self.counts.failed))

    def _ask(self, job: tuple[date, list[str]]) -> tuple[OwnerFigures, ...] | ApiError | TemporaryError:
        day, owners = job
        return answered(lambda: api.groups(self.work.client, owners, statdays.start(day))) if owners else ()

    def _take(self, day: date, owners: list[str], found: tuple[OwnerFigures, ...] | ApiError | TemporaryError) -> None:
        """Store what was answered; a refused call is made again by halves, until it is clear whom it is about."""
        if not isinstance(found, Failure):
            self._keep(day, owners, found)
        elif isinstance(found, ApiError) and len(owners) > 1:
            half = len(owners) // 2
            for part in (owners[:half], owners[half:]):
                self._take(day, part, self._ask((day, part)))
        else:
            self.counts.failed += 1
            if isinstance(found, ApiError):
                self.refused.update(owners)
            shown = owners[0] if len(owners) == 1 else day.isoformat()
            self.notes.append(_("Groups of {owner} were not counted: {why}", owner=shown, why=found.what))

    def _keep(self, day: date, owners: Sequence[str], found: Sequence[OwnerFigures]) -> None:
        told = {each.owner.lower(): each.data for each in found}
        early = statdays.may_be_missing(day, self.work.now())
        kept = {owner: told.get(owner.lower()) for owner in owners}
        kept = {owner: data for owner, data in kept.items() if not early or data not in (None, GroupFigures())}
        store.put_groups(self.work.store, day.isoformat(), kept, self.work.now())
        self.counts.seen += len(kept)


# -- links


def _links(work: Work, counts: Counts, notes: list[str]) -> None:
    known = [one.code.id for one in register.known(work.store) if one.code.kind == "link"]
    counts.failed += linkdays.fetch(work, known, linkdays.MOST_DAYS, notes)
