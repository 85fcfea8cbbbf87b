"""docs/explain/faults.md, written from the kept results."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.acceptance.matrix.results import DATA, Codes, Results
from tests.acceptance.matrix.rows import OFFLINE
from wecrm.sandbox.faults import HOST, KINDS, LIBRARY

PAGE: Final = DATA.with_name("faults.md")
MADE: Final = "<!-- Made by scripts/faults.py from a run of every cell; run it again after a change. -->"

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Checking and reading": ("doctor", "sync"),
    "Customers and tags": ("contacts", "tags"),
    "Live codes": ("livecodes",),
    "Transfers and offboarding": ("transfers", "offboard"),
    "Session archive": ("archive",),
    "Plans and jobs": ("apply", "jobs"),
}
POSITIONS: Final = {
    "sign-in": "sign-in",
    "read": "a read",
    "write": "a write",
    "page": "second page",
    "last": "last page",
    "picture": "a picture",
}
FAULTS: Final = {
    "-1": "WeCom is busy (errcode -1).",
    "45009": "Too many calls: the API is blocked for a minute, then for an hour.",
    "45033": "Too many calls at the same time.",
    "42001": "The access token has expired, before its time.",
    "40014": "The access token is not valid.",
    "http502": "A gateway on the way answers 502.",
    "cut": "The answer ends in the middle.",
    "garbage": "The answer is not JSON.",
    "wrong_type": "The answer is JSON, with another type where a list or an object is promised.",
    "slow": "No answer within 60 seconds.",
    "close": "The connection is closed without an answer.",
    "kill": "The process of wecrm is killed at that moment (`kill -9`); a shell shows 137.",
}
LIBRARY_FAULTS: Final = {
    "10001": "The library says: network, or no token.",
    "10002": "The library says: an answer that it can't read.",
    "10003": "The library says: system call failed.",
    "10005": "The library says: no such media file.",
    "10009": "The library says: untrusted IP.",
    "10010": "The library says: the media file is not kept any more.",
    "crash": "The library ends its process.",
}
HOST_FAULTS: Final = {
    "http404": "The picture is not there.",
    "redirect": "The address leads to another one, which has a picture too.",
    "large": "The picture has 4 MB and more.",
}
MORE: Final = (
    ("What the archive's library may say, once and always:", LIBRARY, LIBRARY_FAULTS),
    ("What the host of the QR codes' pictures may answer besides, once and always:", HOST, HOST_FAULTS),
)
"""Faults of a few commands alone."""

CODES: Final = (
    (0, "Everything was done: the call was repeated, or read back and found done.", "Nothing."),
    (
        3,
        "The rest was done; what was not read keeps what was known, rows that failed are listed.",
        "Run it again, or `wecrm jobs retry JOB`.",
    ),
    (4, "WeCom refuses the token or the IP, also after a new token.", "Look at `wecrm doctor`, then run it again."),
    (
        5,
        "WeCom or the network was out of reach; what was done is in the journal.",
        "Run it again later; `wecrm jobs resume JOB` where a job was begun.",
    ),
    (9, "The archive proved a gap, or could prove nothing.", "Read what it says; the next pull goes on."),
    (10, "`diff` found a difference, as it was asked to.", "Nothing."),
    (137, "Killed from outside; nothing could be said.", "Run it again, or `wecrm jobs resume --all`."),
)

INTRODUCTION: Final = """\
Every command that talks to WeCom was made to meet every fault that the [sandbox](../reference/commands.md) can play,
at every kind of call that it makes. The tables say how it ended.

In each cell the first number is the exit code when the fault strikes **once**, the second when it strikes that call
**always**. Several codes with a comma come from different APIs of the command, or from a fault before and after a
write took effect. `–`: the command has no such call. A listing of two pages has only a last one.

What is left out: of each API the first call, the second page and the last page meet faults, not every single call.
What a call goes through alike (45033, 42001, http502, cut, garbage) is played at one API of each kind of call, the
rest at all of them. There is one call in flight at a time, so that a fault strikes where it is meant to.

After each of these {count:,} runs was checked:

- The exit code is one that [exit codes](../reference/exit-codes.md) promises for the fault, its last line says it, and
  a sentence says what to do. No secret is told.
- The database is whole (`integrity_check`, `foreign_key_check`); no relation is marked lost or out of sight that WeCom
  has; no temporary file is left; a picture is the old one or the new one.
- For each row of a job that is `ok`, `submitted` or `verified` a call with just that change was carried out. Tags are
  on customers as the rows say; a transfer was begun at WeCom, and has got there where it is called `verified`.
- Then the fault is taken away and the command is run again, or its job resumed or retried, as the message says. WeCom,
  cache, archive and files are then as after a run that never met a fault: nothing is missing, nothing is done twice.
  Where transfers began later than without the fault, it is looked two days later that each customer and each group
  went where it was to go, once.

Three writes can't be looked up when their answer was lost: a message, a group's code, a welcome template. Where the
command then ends with 3, the row tells a person to look, and what comes after that is not compared.

`tests/acceptance/test_fault_matrix.py` runs a sample of the cells, and all of them with `scripts/test --long`. A
command that talks to WeCom and is not in these tables fails it. The codes of every single API are kept in
[faults.json](faults.json)."""


def page(results: Results) -> str:
    """The whole page."""
    pairs = [pair for places in results.values() for codes in places.values() for pair in codes.values()]
    parts = ["# Faults survived", MADE, INTRODUCTION.format(count=2 * len(pairs)), "## Faults", _list(FAULTS)]
    head = ["| Code | What is so then | What to do |", "| --- | --- | --- |"]
    seen = {
        code for places in results.values() for codes in places.values() for pair in codes.values() for code in pair
    }
    head += [f"| {code} | {what} | {todo} |" for code, what, todo in CODES if code in seen]
    parts += ["## Exit codes", "\n".join(head)]
    for title, nouns in SECTIONS.items():
        rows = {name: places for name, places in results.items() if name.split()[0] in nouns}
        parts += [f"## {title}", _table(rows, KINDS)]
        for told, kinds, meanings in MORE:
            if any(_has(codes, kinds) for places in rows.values() for codes in places.values()):
                parts += [told, _list(meanings), _table(rows, kinds)]
    offline = ", ".join(f"`{name}`" for name in OFFLINE)
    parts += ["## Commands without a fault", f"These commands ask WeCom nothing, which is tested too: {offline}."]
    return "\n\n".join(parts) + "\n"


def _list(meanings: Mapping[str, str]) -> str:
    return "\n".join(f"- `{kind}`: {meaning}" for kind, meaning in meanings.items())


def _has(codes: Codes, kinds: tuple[str, ...]) -> bool:
    return any(fault.split()[0] in kinds for fault in codes)


def _table(rows: Mapping[str, Mapping[str, Codes]], kinds: tuple[str, ...]) -> str:
    lines = ["| Command | At | " + " | ".join(kinds) + " |", "| --- " * (len(kinds) + 2) + "|"]
    for name, places in rows.items():
        lines += _lines(name, places, kinds)
    return "\n".join(lines)


def _lines(name: str, places: Mapping[str, Codes], kinds: tuple[str, ...]) -> Iterator[str]:
    for position, shown in POSITIONS.items():
        here = [codes for place, codes in places.items() if place.split()[0] == position and _has(codes, kinds)]
        if here:
            yield "| " + " | ".join([f"`{name}`", shown, *(_cell(here, kind) for kind in kinds)]) + " |"


def _cell(here: list[Codes], kind: str) -> str:
    found = [each for codes in here for fault, each in codes.items() if fault.split()[0] == kind]
    if not found:
        return "–"
    once, always = (",".join(map(str, sorted({each[n] for each in found}))) for n in (0, 1))
    return f"{once} / {always}"


def write(path: Path, text: str) -> None:
    """Write a file whole."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
