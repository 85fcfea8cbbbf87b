"""From what a person asks for to the envelope of a case, and how envelopes and cases are told."""

import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import TypeVar

import msgspec

from wecrm.api.transfers import GROUPS_A_DAY, MESSAGE_MAX
from wecrm.api.transfers import unassigned as unassigned_rows
from wecrm.files.sheets import FieldKind, Sheet
from wecrm.i18n import _
from wecrm.models.offboarding import OVER, REMOVALS, Case, Envelope
from wecrm.models.sharing import STRATEGIES
from wecrm.models.text import visible
from wecrm.operations import offboarding, offboardwares
from wecrm.operations.givers import Names
from wecrm.operations.rows import Problems
from wecrm.operations.work import Work
from wecrm.store import handovers, offboardings

FIELDS: Mapping[str, FieldKind] = {
    "userid": "id",
    "member": "text",
    "takeover": "text",
    "due": "text",
    "strategy": "text",
    "then": "text",
    "message": "text",
}
NEEDED = (("userid", "takeover"), ("member", "takeover"))

Word = TypeVar("Word", bound=str)
UNRULED = tuple(name for name in STRATEGIES if name != "rules")


@dataclass(frozen=True, slots=True)
class Given:
    """What one leaver's case is asked to be, as people write it; `at`: what errors call the place."""

    user: str
    to: str
    due: str
    strategy: str = ""
    then: str = "wait"
    message: str = ""
    cap: int | None = None
    seed: int = 0
    tell: bool = False
    at: str = ""


def rows(sheet: Sheet, default: Given) -> Iterator[Given]:
    """What each row of a file of leavers asks for; empty cells mean what the options say."""
    for row in sheet.rows:
        own = row.cells
        yield replace(
            default,
            user=own.get("userid") or own.get("member", ""),
            to=own.get("takeover", ""),
            due=own.get("due") or default.due,
            strategy=own.get("strategy") or default.strategy,
            then=own.get("then") or default.then,
            message=own.get("message") or default.message,
            at=_("row {n}", n=row.number),
        )


def asked(work: Work, given: Sequence[Given] | Iterator[Given]) -> list[Envelope]:
    """The envelopes that are meant, nothing counted yet.

    Raises:
        UsageError: what can't be read or names nobody, all of it at once, each with its place.
    """
    problems, names = Problems(), Names(work.store)
    found = [_envelope(work, one, names, problems) for one in given]
    seen: dict[str, str] = {}
    for envelope in found:
        if envelope.userid and envelope.userid.lower() in seen:
            problems.add(envelope.userid, _("is named twice"))
        seen[envelope.userid.lower()] = envelope.userid
    for envelope in found:
        if offboarding.started(work.store, envelope):
            continue  # the list may come again; a taker who leaves since then is that case's business
        for taker in envelope.takers:
            if taker.lower() in seen or any(
                case.state not in OVER for case in offboardings.of_member(work.store, taker)
            ):
                problems.add(envelope.userid, _("{taker} leaves, too, and can't take over", taker=taker))
    problems.raise_any()
    return found


def _envelope(work: Work, given: Given, names: Names, problems: Problems) -> Envelope:
    at = given.at or "start"
    if not given.user:
        problems.add(at, _("say who leaves"))
    else:
        _accept_stranger(work, given.user, names)
    userid = names.userid(given.user, f"{at} USER", problems) if given.user else ""
    takers = [taker for name in _split(given.to) if (taker := names.userid(name, f"{at} --to", problems))]
    if not _split(given.to):
        problems.add(f"{at} --to", _("say who takes over"))
    if userid and userid in takers:
        problems.add(f"{at} --to", _("{userid} can't take over from themselves", userid=userid))
    if len(given.message) > MESSAGE_MAX:
        problems.add(f"{at} --message", _("is longer than {n} characters", n=MESSAGE_MAX))
    strategy = _one_of(given.strategy or ("one" if len(takers) == 1 else "load"), UNRULED, f"{at} --strategy", problems)
    if strategy == "one" and len(takers) > 1:
        problems.add(f"{at} --strategy", _("`one` is for one taker, not for {n}", n=len(takers)))
    if strategy == "cap" and given.cap is None:
        problems.add(f"{at} --strategy", _("`cap` fills takers up to --cap: say how many"))
    return Envelope(
        userid,
        tuple(dict.fromkeys(takers)),
        strategy,
        _day(given.due, f"{at} --due", problems),
        _one_of(given.then, REMOVALS, f"{at} --then", problems),
        given.message,
        given.seed,
        given.cap,
        given.tell,
    )


def _accept_stranger(work: Work, name: str, names: Names) -> None:
    """Somebody who left before the cache saw them is known by who waits for them alone."""
    if handovers.named(work.store, name):
        return
    if any(row.handover_userid.lower() == name.lower() for row in unassigned_rows(work.client)):
        names.accept(name)


def _one_of(value: str, words: Sequence[Word], at: str, problems: Problems) -> Word:
    found = next((word for word in words if word == value), None)
    if found is None:
        problems.add(at, _("is {words}, not {value}", words=", ".join(words), value=repr(visible(value))))
    return found or words[0]


def _day(value: str, at: str, problems: Problems) -> str:
    try:
        return date.fromisoformat(value.strip().replace("/", "-")).isoformat()
    except ValueError:
        problems.add(at, _("is the last day as YYYY-MM-DD, not {value}", value=repr(visible(value))))
        return ""


def _split(text: str) -> list[str]:
    for mark in "，、;；":
        text = text.replace(mark, ",")
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def measure(work: Work, asked: Envelope) -> Envelope:
    """The envelope with what WeCom shows of the leaver now.

    Raises:
        ApiError, TemporaryError: WeCom can't be read.
    """
    standing = offboardwares.standing(work, asked.userid)
    found = (offboardwares.customers if standing.follows else offboardwares.waiting)(work, asked.userid)
    groups = offboardwares.groups(work, asked.userid)
    codes = offboardwares.codes(work, asked.userid)
    return offboarding.measured(asked, len(found), len(groups), len(codes))


def told(envelope: Envelope) -> Iterator[str]:
    """All that a case may do, for who approves it."""
    yield _(
        "{userid} leaves; last day {due}: {customers:,} customers, {groups:,} groups, {codes:,} live codes and links",
        userid=envelope.userid,
        due=envelope.due,
        customers=envelope.customers,
        groups=envelope.groups,
        codes=envelope.codes,
    )
    yield _(
        "To: {takers} · strategy {strategy} · at most {customers:,} customers and {groups:,} groups",
        takers=", ".join(envelope.takers),
        strategy=envelope.strategy,
        customers=envelope.most_customers,
        groups=envelope.most_groups,
    )
    yield {
        "wait": _("Then: HR deletes the member; whoever is left is given to the takers, which can't be undone."),
        "disable": _("Then: the member is disabled after the last day; whoever refused stays with them."),
        "delete": _("Then: the member is DELETED after the last day; whoever is left is given away for good."),
    }[envelope.removal]
    days = max(1, -(-envelope.groups // GROUPS_A_DAY))
    yield _(
        "Days at least: {days} ({limit} groups a day, customers may refuse for one day) · digest {digest}",
        days=days,
        limit=GROUPS_A_DAY,
        digest=offboarding.digest(envelope),
    )
    if envelope.tell:
        yield _("In the end each taker gets a message of the app with the numbers.")
    if envelope.message:
        yield _("Customers are told: {message}", message=visible(envelope.message))


def stands(case: Case, tz: tzinfo) -> Iterator[str]:
    """How a case stands, and who must do what."""
    yield _("{userid}: {state} (case {case})", userid=case.userid, case=case.id, state=case.state)
    times = [step.wait_until for step in case.steps if step.state == "waiting" and step.wait_until]
    if times:
        at = datetime.fromtimestamp(min(times), tz).strftime("%Y-%m-%d %H:%M")
        yield _("{userid} goes on at {at}", userid=case.userid, at=at)
    yield from _memory(case)
    gone = msgspec.json.decode(case.step("evidence").read_back).get("takers_gone", {})
    if gone:
        told = ", ".join(f"{taker}: {reason}" for taker, reason in sorted(gone.items()))
        yield _("Takers who can't look after anybody now: {told}. `wecrm offboard scan` finds who waits.", told=told)
    if n := untold(case):
        job = case.step("notices").job
        yield _("{n} takers may not have been told; `wecrm jobs show {job}` names them: tell them.", n=n, job=job)
    for step in case.steps:
        if step.state == "blocked":
            yield f"! {case.userid} · {step.name}: {step.blocked_by}"


def _memory(case: Case) -> Iterator[str]:
    """Whether tags and remarks are back, where they are not."""
    for found in _read_back(case):
        if found.keys() - {"restored"}:
            told = ", ".join(f"{n:,} {result}" for result, n in found.items())
            yield _("Tags and remarks of {userid}'s customers: {told}.", userid=case.userid, told=told)


def _read_back(case: Case) -> Iterator[dict[str, int]]:
    """How many customers have their tags and remarks back, by result, of each of the two steps."""
    return (msgspec.json.decode(case.step(name).read_back, type=dict[str, int]) for name in ("memory", "rest-memory"))


def short(case: Case) -> int:
    """Customers and groups of a closed case who are not with a taker, or came there without tags and remarks."""
    said = msgspec.json.decode(case.step("evidence").answered)
    counts = [*said.get("customers", {}).items(), *said.get("groups", {}).items()]
    counts += [item for found in _read_back(case) for item in found.items()]
    return sum(n for fate, n in counts if fate not in ("verified", "restored"))


def untold(case: Case) -> int:
    """How many messages to takers were refused, or sent without an answer; WeCom can't be asked for them."""
    rows = msgspec.json.decode(case.step("notices").answered).get("rows", {})
    return sum(n for status, n in rows.items() if status not in ("ok", "same"))


def approver(environ: Mapping[str, str]) -> str:
    """The user of this computer who runs the command."""
    named = environ.get("SUDO_USER") or environ.get("LOGNAME") or environ.get("USER")
    if named:
        return named
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
