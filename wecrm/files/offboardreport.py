"""Reports on offboarding cases: as HTML for people and paper, as JSON for programs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, BinaryIO

import msgspec

from wecrm.files import tables
from wecrm.files.offboardpage import PAGE
from wecrm.i18n import _, language
from wecrm.models.offboarding import StepName
from wecrm.models.offboardreport import OUTCOMES, WHATS, Item, Report, StepLine, Taker, What
from wecrm.models.text import visible

FORMATS = ("html", "json")
_SHOWN_MAX = 300
"""Characters of one fact on the page; the JSON has it whole."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One outcome of a bar that is 1000 wide."""

    outcome: str
    label: str
    n: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class _Bar:
    title: str
    parts: tuple[_Part, ...]


def write(report: Report, stream: BinaryIO, fmt: str, tz: tzinfo) -> None:
    """Write the report in that format, times as the clocks of `tz` show them; JSON is an array of one report."""
    if fmt == "json":
        stream.write(msgspec.json.format(msgspec.json.encode([_dated(msgspec.to_builtins(report), tz)]), indent=2))
        stream.write(b"\n")
        return
    from jinja2 import Environment

    page = Environment(autoescape=True)
    page.filters["visible"] = visible
    page.filters["number"] = "{:,}".format
    for piece in page.from_string(PAGE).generate(_values(report, tz)):
        stream.write(piece.encode("utf-8", "replace"))


def _dated(value: Any, tz: tzinfo, key: str = "") -> Any:
    """The same with the times of fields like `left_at` as ISO-8601 with offset."""
    if isinstance(value, dict):
        return {name: _dated(each, tz, name) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_dated(each, tz) for each in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and key.endswith(("_at", "_until")):
        at = tables.moment(value, tz)
        return at.isoformat(timespec="seconds") if at else value
    return value


def _values(report: Report, tz: tzinfo) -> dict[str, Any]:
    """What the page asks for."""
    unmoved = [item for item in report.items if item.outcome != "verified"]
    return {
        "language": language(),
        "title": _("Offboarding of {name}", name=_named(report.name, report.userid)),
        "subtitle": _subtitle(report, tz),
        "labels": _labels(),
        "report": report,
        "before": _before(report),
        "bars": [_bar(report, what) for what in WHATS if report.after[what]],
        "remarks": tuple(_remarks(report)),
        "memory": tuple(report.memory.items()),
        "taker_heads": (_("Customers"), _("Groups"), _("refused"), _("full"), _("failed")),
        "taker_cells": _cells,
        "outcomes": _outcomes(),
        "reasons": _reasons(unmoved),
        "approval": _approval(report, tz),
        "does": _does(),
        "step_class": lambda step: {"done": "verified", "blocked": "lost"}.get(step.state, step.state),
        "span": lambda step: _span(step, tz),
        "said": lambda step: _said(step, tz),
        "unmoved": unmoved,
        "why": _why,
    }


def _named(name: str, userid: str) -> str:
    return f"{name} ({userid})" if name and name != userid else userid


def _subtitle(report: Report, tz: tzinfo) -> str:
    return _(
        "Case {case}: {state}. Last day {due}, left {left}. Begun {began}, closed {closed}. As of {at}.",
        case=report.case,
        state=report.state,
        due=report.due,
        left=_time(report.left_at, tz) or "—",
        began=_time(report.created_at, tz),
        closed=_time(report.closed_at, tz) or "—",
        at=_time(report.made_at, tz),
    )


def _labels() -> dict[str, str]:
    return {
        "needed": _("Somebody is needed:"),
        "before": _("What there was"),
        "after": _("What became of it"),
        "memory": _("Remarks and tags put back at the takers:"),
        "taker": _("Taker"),
        "open": _("Not with a taker"),
        "outcome": _("Outcome"),
        "reason": _("Reason"),
        "number": _("How many"),
        "nothing": _("Everything is with a taker."),
        "approval": _("Approval"),
        "steps": _("Steps"),
        "job": _("Job"),
        "jobs": _("Jobs"),
        "state": _("State"),
        "rows": _("Rows"),
        "digest": _("Fingerprint"),
        "each": _("Each that is not with a taker"),
        "name": _("Name"),
    }


def _before(report: Report) -> tuple[tuple[str, int], ...]:
    had = report.before
    return (
        (_("Customers"), had.customers),
        (_("Groups"), had.groups),
        (_("Live codes"), had.codes),
        (_("Acquisition links"), had.links),
        (_("Tags in use"), had.tags),
    )


def _bar(report: Report, what: What) -> _Bar:
    """The outcomes of customers or of groups side by side, as wide as they are many."""
    title = {"customer": _("Customers"), "group": _("Groups")}[what]
    counts = report.after[what]
    total = sum(counts.values())
    words, parts, x = _outcomes(), [], 0.0
    for outcome in OUTCOMES:
        if n := counts.get(outcome, 0):
            width = 1000 * n / total
            parts.append(_Part(outcome, words[outcome], n, round(x, 2), round(width, 2)))
            x += width
    return _Bar(f"{title}: {total:,}", tuple(parts))


def _remarks(report: Report) -> Iterator[str]:
    """Why there are more or fewer customers and groups now than there were."""
    had: Mapping[What, int] = {"customer": report.before.customers, "group": report.before.groups}
    names: Mapping[What, str] = {"customer": _("Customers"), "group": _("Groups")}
    for what in WHATS:
        now = sum(report.after[what].values())
        if now > had[what]:
            yield _("{name}: {n:,} came after the first count.", name=names[what], n=now - had[what])
        elif now < had[what] and report.state == "closed":
            yield _(
                "{name}: {n:,} went by themselves before they were handed over.", name=names[what], n=had[what] - now
            )


def _outcomes() -> dict[str, str]:
    """What became of something, for a person."""
    return {
        "verified": _("with a taker, read back"),
        "refused": _("refused, not lost"),
        "lost": _("refused after the leaver left, lost"),
        "full": _("the taker was full"),
        "failed": _("not accepted by WeCom"),
        "left": _("left over"),
        "waiting": _("under way"),
    }


def _cells(one: Taker) -> tuple[int, ...]:
    return one.customers, one.groups, one.refused, one.full, one.failed


def _reasons(unmoved: list[Item]) -> list[tuple[str, str, int]]:
    """(outcome, reason, how many), the most frequent first."""
    counts = Counter((item.outcome, _why(item)) for item in unmoved)
    return [(outcome, reason, n) for (outcome, reason), n in counts.most_common()]


def _why(item: Item) -> str:
    """The reason with WeCom's errcode, where there is one."""
    return f"{item.errcode} {item.reason}".strip() if item.errcode else item.reason


def _approval(report: Report, tz: tzinfo) -> tuple[tuple[str, str], ...]:
    wanted = report.envelope
    return (
        (_("Approved by"), report.approved_by),
        (_("Approved at"), _time(report.approved_at, tz)),
        (_("Fingerprint"), report.digest),
        (_("Takers"), ", ".join(wanted.takers)),
        (_("Strategy"), wanted.strategy),
        (_("Customers at most"), f"{wanted.most_customers:,}"),
        (_("Groups at most"), f"{wanted.most_groups:,}"),
        (_("Customers of a taker at most"), f"{wanted.cap:,}" if wanted.cap else ""),
        (_("Last day"), wanted.due),
        (_("The member then"), wanted.removal),
        (_("Message to customers"), wanted.message),
        (_("Takers are told"), _("yes") if wanted.tell else ""),
    )


def _does() -> Mapping[StepName, str]:
    """What each step does, for a person."""
    return {
        "precheck": _("Check the leaver and the takers"),
        "snapshot": _("Write down what there is"),
        "codes": _("Take the leaver off live codes and links"),
        "groups": _("Hand over the groups"),
        "customers": _("Hand over the customers while the leaver still works here"),
        "customers-again": _("Another taker for customers whose taker was full"),
        "memory": _("Put remarks and tags back"),
        "member": _("Disable or delete the member, or wait until HR did"),
        "rest": _("Hand over who is left, after leaving"),
        "rest-again": _("Another taker for those whose taker was full then"),
        "rest-memory": _("Put remarks and tags back, after leaving"),
        "archive": _("Complete the archive up to the last day"),
        "notices": _("Tell the takers what they got"),
        "evidence": _("Compare with WeCom and close"),
    }


def _span(step: StepLine, tz: tzinfo) -> str:
    began, ended = _time(step.started_at, tz), _time(step.finished_at, tz)
    until = _time(step.wait_until, tz)
    if ended or not until:
        return " – ".join(part for part in (began, ended) if part)
    return _("{began} – waits until {until}", began=began, until=until)


def _said(step: StepLine, tz: tzinfo) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What was asked, answered and read back, as lines of text; digests stand with the jobs."""
    for label, facts in (
        (_("Asked"), step.asked),
        (_("Answered"), step.answered),
        (_("Read back"), step.read_back),
    ):
        lines = ((key, _fact(_dated(value, tz, key))) for key, value in facts.items() if key != "digest")
        yield label, [(key, text) for key, text in lines if text]


def _fact(value: Any) -> str:
    """One value on one line: of what lies deeper only the number; what is too long is cut."""
    if isinstance(value, list):
        text = ", ".join(map(_leaf, value))
    elif isinstance(value, dict):
        text = ", ".join(f"{key} {_leaf(each)}" for key, each in value.items())
    else:
        text = _leaf(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"


def _leaf(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return f"{len(value):,}"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _time(seconds: float | None, tz: tzinfo) -> str:
    at = None if seconds is None else tables.moment(seconds, tz)
    return at.strftime("%Y-%m-%d %H:%M") if at else ""
