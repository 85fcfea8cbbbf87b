"""Looking for what keeps a profile from working: one finding per check, each says what to do.

Here is what WeCom and the cache tell; `doctor_places.py` looks at files and folders. Every secret
is asked for its token once, every family of APIs with one small reading call.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

from wecrm.api import acquisitions, contacts, groups, members, tags
from wecrm.api.client import Client
from wecrm.api.endpoint import GETTOKEN, Secret
from wecrm.errors import ApiError, Exit, TemporaryError, WecrmError, most_severe
from wecrm.i18n import _
from wecrm.models.clock import Clock
from wecrm.models.member import Department, Member
from wecrm.operations.sync import PURPOSES
from wecrm.store import directory, figures
from wecrm.store.database import Store

PATIENCE_S = 20.0
"""How long one check may wait for WeCom, on the run's clock."""

SKEW_S = 120
"""A clock that is further off than this is told."""

STALE_S = 26 * 3600
"""A purpose whose last sync is older than this is told."""

UNTRUSTED_IP = 60020

State = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `exit` counts only where the state is `fail`."""

    check: str
    state: State
    detail: str = ""
    fix: str = ""
    exit: Exit = Exit.ok


def failed(check: str, error: WecrmError) -> Finding:
    """The finding that an error is."""
    parts = [error.what, *error.why.split("\n")]
    if isinstance(error, ApiError) and error.hint:
        parts.append(_("Hint for WeCom's support: {hint}.", hint=error.hint))
    return Finding(check, "fail", " ".join(part for part in parts if part), error.fix, error.code)


def end(findings: list[Finding]) -> Exit:
    """The exit code that all the findings come to."""
    return most_severe([finding.exit for finding in findings if finding.state == "fail"])


class Patience:
    """The `stop` of a run whose single checks may not take long; a signal still ends all of it."""

    def __init__(self, clock: Clock, signalled: Callable[[], WecrmError | None]) -> None:
        self._clock = clock
        self._signalled = signalled
        self._until = clock.now() + PATIENCE_S

    def again(self) -> None:
        """Another check begins; a signal that came meanwhile is raised."""
        reason = self._signalled()
        if reason is not None:
            raise reason
        self._until = self._clock.now() + PATIENCE_S

    def __call__(self) -> WecrmError | None:
        """The error to stop with, or None."""
        if self._clock.now() < self._until:
            return self._signalled()
        return self._signalled() or TemporaryError(
            _("It took longer than {n} s.", n=int(PATIENCE_S)),
            _("WeCom is out of reach, or an earlier 45009 still keeps this API waiting."),
            _("Try again in some minutes; `wecrm explain limits` says how long blocks last."),
        )


def wecom(client: Client, patience: Patience, store: Store | None) -> Iterator[Finding]:
    """What WeCom says to every secret of the client, then what follows from it.

    Args:
        store: the cache to compare the visible range with, where there is one.
    """
    asking = Asking(client, patience)
    away = False
    for kind in client.settings.secrets:
        if away:
            yield Finding(f"token.{kind}", "skip", _("Not asked: WeCom could not be reached."))
            continue
        error = asking.refusal(lambda kind=kind: client.check_token(kind))  # type: ignore[misc]
        if error is None:
            yield Finding(f"token.{kind}", "ok", _("There is an access token."))
            yield from asking.families(kind)
            continue
        away = error.code is Exit.temporary
        yield failed(f"ip.{kind}" if _untrusted(error) else f"token.{kind}", error)
    if "contact" in client.settings.secrets:
        yield visible_range(asking.followers, len(asking.people) or None, store)
    yield clock(client.dated, client.run.clock.now())


def _untrusted(error: WecrmError) -> bool:
    return isinstance(error, ApiError) and error.errcode == UNTRUSTED_IP


class _Departments(msgspec.Struct, frozen=True):
    department: tuple[Department, ...] = ()


class _Listed(msgspec.Struct, frozen=True):
    """A listing of any kind: nobody looks at the rows, but an answer that has no list is no answer."""

    group_chat_list: tuple[msgspec.Raw, ...] = ()
    link_id_list: tuple[msgspec.Raw, ...] = ()
    userlist: tuple[msgspec.Raw, ...] = ()


@dataclass(slots=True)
class Asking:
    """The calls that try each family of APIs, and what they brought to light."""

    client: Client
    patience: Patience
    followers: tuple[str, ...] | None = None
    people: tuple[Member, ...] = ()
    first: dict[Secret, int] = field(default_factory=dict)

    def refusal(self, ask: Callable[[], object]) -> WecrmError | None:
        """What `ask` raises, unless it is the run's own end."""
        self.patience.again()
        try:
            ask()
        except WecrmError as error:
            if error.code in (Exit.interrupt, Exit.terminate, Exit.deadline):
                raise
            return error
        return None

    def families(self, kind: str) -> Iterator[Finding]:
        """One finding per family that this secret is for, and whether its app trusts this IP."""
        probes = self._probes().get(kind, {})
        answered = False
        for name, probe in probes.items():
            check = f"api.{kind}.{name}"
            told: list[str] = []
            error = self.refusal(lambda probe=probe, told=told: told.append(probe()))  # type: ignore[misc]
            if error is not None and _untrusted(error):
                yield failed(f"ip.{kind}", error)
                return
            if isinstance(error, ApiError) and error.path == GETTOKEN.path:
                yield failed(f"token.{kind}", error)
                return
            yield self._answer(check, error, told)
            if error is not None and error.code is Exit.temporary:
                return
            answered = True
        if answered:
            yield Finding(f"ip.{kind}", "ok", _("The app answers calls from this machine."))

    def _answer(self, check: str, error: WecrmError | None, told: list[str]) -> Finding:
        if error is None:
            return Finding(check, "ok", told[0])
        if isinstance(error, ApiError) and error.errcode == members.NOT_FROM_THIS_IP:
            return replace(failed(check, error), state="warn")
        if isinstance(error, ApiError) and error.errcode in (groups.SCOPE_TOO_LARGE, members.TOO_LARGE):
            return Finding(check, "ok", _("Answers; there is more than one call may list."))
        found = failed(check, error)
        return found if found.exit in (Exit.config, Exit.temporary) else replace(found, exit=Exit.refused)

    def _probes(self) -> Mapping[str, Mapping[str, Callable[[], str]]]:
        return {
            "contact": {
                "follow-users": self._follow_users,
                "contacts": self._contacts,
                "tags": self._tags,
                "groups": self._groups,
                "departments": lambda: self._departments("contact"),
                "members": lambda: self._members("contact"),
            },
            "directory": {
                "departments": lambda: self._departments("directory"),
                "members": lambda: self._members("directory"),
                "member-ids": self._member_ids,
            },
            "links": {"acquisition-links": self._links},
        }

    def _follow_users(self) -> str:
        self.followers = contacts.follow_users(self.client)
        return _("{n} members with customer contact.", n=len(self.followers))

    def _contacts(self) -> str:
        if not self.followers:
            return _("Not tried: no member to ask for.")
        found = contacts.external_userids(self.client, self.followers[0])
        return _("{n} customers of the first member.", n=len(found))

    def _tags(self) -> str:
        library = tags.library(self.client)
        return _("{n} tags in {m} groups.", n=sum(len(group.tag) for group in library), m=len(library))

    def _groups(self) -> str:
        self.client.call(groups.LIST, _Listed, body={"status_filter": 0, "limit": 1})
        return _("Answers.")

    def _links(self) -> str:
        self.client.call(acquisitions.LIST, _Listed, body={"limit": 1})
        return _("Answers.")

    def _departments(self, secret: Secret) -> str:
        found = self.client.call(replace(members.DEPARTMENTS, secret=secret), _Departments).department
        if found:
            self.first[secret] = found[0].id
        return _("{n} departments.", n=len(found))

    def _members(self, secret: Secret) -> str:
        if secret not in self.first:
            return _("Not tried: no department to ask for.")
        endpoint = replace(members.MEMBERS, secret=secret)
        self.client.call(endpoint, _Listed, params={"department_id": self.first[secret]})
        return _("Answers.")

    def _member_ids(self) -> str:
        self.people = tuple(members.member_ids(self.client))
        return _("{n} members.", n=len(self.people))


def visible_range(followers: tuple[str, ...] | None, people: int | None, store: Store | None) -> Finding:
    """Whether the contact app sees the members it should see."""
    if followers is None:
        return Finding("range", "skip", _("Not known: the follow-user list could not be read."))
    fix = _("Admin console → 应用管理 → the app → 可见范围; 客户联系 → 使用范围; see `wecrm explain visible-range`.")
    if not followers:
        return Finding("range", "fail", _("No member with customer contact is in the app's range."), fix, Exit.refused)
    here = {userid.lower() for userid in followers}
    cached = directory.relations_by_member(store) if store is not None else {}
    hidden = sorted(userid for userid in cached if userid not in here)
    if hidden:
        detail = _(
            "{n} members with {m} cached customers are no longer in range, among them {first}.",
            n=len(hidden),
            m=sum(cached[userid] for userid in hidden),
            first=hidden[0],
        )
        return Finding("range", "warn", detail, fix)
    if people:
        return Finding("range", "ok", _("{n} of {m} members have customer contact.", n=len(here), m=people))
    return Finding("range", "ok", _("{n} members have customer contact.", n=len(here)))


def clock(dated: str, now: float) -> Finding:
    """How far this machine's clock is from WeCom's, by the `Date` header of its newest answer."""
    try:
        there = parsedate_to_datetime(dated).timestamp()
    except (ValueError, TypeError, IndexError):
        return Finding("clock", "skip", _("WeCom's answers told no time."))
    off = int(now - there)
    if abs(off) > SKEW_S:
        detail = _("This machine's clock is {n} s off WeCom's.", n=f"{off:+,}")
        return Finding("clock", "warn", detail, _("Set the clock, best with NTP: tokens and days go by it."))
    return Finding("clock", "ok", _("This machine's clock agrees with WeCom's."))


def syncs(store: Store, now: float) -> Iterator[Finding]:
    """When each purpose was last fetched to its end."""
    for purpose in PURPOSES:
        at = figures.as_of(store, purpose)
        fix = _("`wecrm sync {purpose}`", purpose=purpose)
        if at is None:
            yield Finding(f"sync.{purpose}", "warn", _("Never fetched."), fix)
            continue
        hours = max(0.0, now - at) / 3600
        detail = _("Last fetched {n} hours ago.", n=f"{hours:.1f}")
        stale = hours * 3600 > STALE_S
        yield Finding(f"sync.{purpose}", "warn" if stale else "ok", detail, fix if stale else "")
