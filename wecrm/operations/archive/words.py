"""Telling the owners of sensitive-word rules that there are hits: how many, never a word of what was said."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from wecrm.api.notices import TEXT_MAX
from wecrm.i18n import _
from wecrm.models.plan import Change, NewId, Plan
from wecrm.models.text import visible
from wecrm.models.wordrules import LEVELS, Level, WordRule
from wecrm.operations import staff
from wecrm.store import jobs
from wecrm.store.archive import words
from wecrm.store.database import Store

KIND: Final = "words"

_SHOWN: Final = 10
"""Rules that one notice names at most."""

Told = tuple[str, str, int]
"""rule, level, id of the newest hit that a notice counts."""


def plan(
    archive: Store, rules: Sequence[WordRule], now: float, tz: tzinfo, *, level: Level = "info", rest: str = ""
) -> Plan:
    """A notice to every owner of a rule with hits that nobody was told of.

    Args:
        level: only hits of this level or a graver one.
        rest: userid of who is told of rules without an owner, and of rules that are not there any more.
    """
    owners = {rule.name: rule.owner for rule in rules}
    by_owner: dict[str, list[tuple[str, str, int, int]]] = defaultdict(list)
    left = 0
    for hit in words.untold(archive):
        if _grave(hit[1]) < _grave(level):
            continue
        owner = owners.get(hit[0]) or rest
        if owner:
            by_owner[owner].append(hit)
        else:
            left += hit[2]
    day = datetime.fromtimestamp(now, tz).strftime("%Y-%m-%d")
    changes = [_notice(n, owner, hits, day) for n, (owner, hits) in enumerate(sorted(by_owner.items()), 1)]
    notes = [_("{n:,} hits are of rules without an owner: `--to USERID` names who is told.", n=left)] if left else []
    return Plan(KIND, _("notices of sensitive words"), tuple(changes), notes=tuple(notes))


def note_told(archive: Store, cache: Store) -> None:
    """Keep which hits the notices told of that have been sent by now."""
    told = [
        (*each, int(row.sent_at or 0))
        for job in jobs.of_kind(cache, KIND)
        for row in jobs.rows(cache, job, ("ok", "verified"))
        for each in msgspec.json.decode(str(row.change.key["hits"]), type=list[Told])
    ]
    words.note_told(archive, told)


def _notice(n: int, owner: str, hits: Sequence[tuple[str, str, int, int]], day: str) -> Change:
    told = [(rule, level, newest) for rule, level, _count, newest in hits]
    key: dict[str, str | NewId] = {"userid": owner, "about": "archive words", "day": day, "text": _text(hits)}
    key["hits"] = msgspec.json.encode(told).decode()
    return Change(f"n{n}", 0, staff.Notice.op, key, {"sent": False}, {"sent": True}, staff.Notice.undo)


def _grave(level: str) -> int:
    return [*LEVELS].index(level) if level in LEVELS else 0


def _text(hits: Sequence[tuple[str, str, int, int]]) -> str:
    """How many hits there are and of which rules, the gravest first, as many as a message has room for."""
    gravest = sorted(hits, key=lambda hit: (-_grave(hit[1]), hit[0]))
    lines = [f"{level} · {visible(rule)} · {count:,}" for rule, level, count, _newest in gravest]
    head = _("{n:,} new hits of sensitive words in the archive:", n=sum(hit[2] for hit in hits))
    end = _("Look: wecrm archive words hits --new --reason …")
    for n in range(min(_SHOWN, len(lines)), 0, -1):
        text = "\n".join([head, *lines[:n], *(["…"] if n < len(lines) else []), end])
        if len(text.encode()) <= TEXT_MAX:
            return text
    return f"{head}\n{end}"
