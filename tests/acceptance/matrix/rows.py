"""The rows of the fault matrix: an example of every command that talks to WeCom, and of every one that must not.

Words in braces come from the scene (`scene.py`); `{home}` is the folder of the copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from wecrm.reports import REPORTS

CORP: Final = "wwsandbox00000001"


@dataclass(frozen=True)
class Row:
    """One command line, and how it ends when nothing goes wrong."""

    argv: tuple[str, ...]
    code: int = 0
    before: tuple[tuple[str, ...], ...] = ()
    """Command lines that run first, without a fault."""
    hasty: bool = False
    """Whether it gives up where others sit out a minute: a person looks on."""
    pictures: tuple[int, ...] = ()
    """Which fetches of pictures meet faults, by how many come before: they are no calls, and in no log of them."""


def row(words: str, *before: str, code: int = 0) -> Row:
    return Row(tuple(words.split()), code, tuple(tuple(each.split()) for each in before))


MOVED: Final = ("offboard advance {leaver}", "sandbox advance 25h")
LEFT: Final = ("sandbox member {leaver} --delete",)
REFUSED: Final = ("sandbox refuse --share 40%", *MOVED)
FULL: Final = (
    f"offboard start {{one}} --to {{heir}},{{other}} --due 2026-01-01 --tell --yes --confirm {CORP}",
    "sandbox member {one} --delete",
    "sandbox limits --customers 8",
    "offboard advance {one}",
    "sandbox limits --customers 5000",
    "sandbox advance 25h",
)
"""What is so before an advance: customers and groups were moved on the job; HR deleted the member; some customers
refused; both takers of somebody who has left were full."""


def drawing(words: str, *pictures: int) -> Row:
    """Codes drawn anew over files of an earlier run, which are smaller."""
    smaller = words if "--as-is" in words else f"{words} --size 20mm"
    return replace(row(f"{words} --force", smaller), pictures=pictures)


ROWS: Final[Mapping[str, Row]] = {
    "doctor": Row(("doctor",), hasty=True),
    "doctor --after-restore": row(
        "doctor --after-restore", "db backup {home}/b.db", "tags rename 潜在 潜 --yes", "db restore {home}/b.db --yes"
    ),
    **{
        f"sync {what}": row(f"sync {what}")
        for what in ("members", "tags", "contacts", "groups", "livecodes", "stats", "new")
    },
    "sync": row("sync"),
    "contacts remark": row("contacts remark {home}/remarks.csv --yes"),
    "tags apply": row("tags apply {home}/tags.csv --add VIP --yes"),
    "tags apply --create-tags": row("tags apply {home}/tags.csv --add 新/新 --create-tags --yes"),
    "tags apply --rules": row("tags apply --rules {home}/rules.yaml --yes"),
    "tags create": row("tags create 新组 一 二 --yes"),
    "tags rename": row("tags rename 潜在 潜 --yes"),
    "tags delete": row("tags delete 潜在 --yes --max-removals 100%"),
    "tags pull": row("tags pull {home}/pulled.yaml"),
    "tags diff": row("tags diff {home}/library.yaml", code=10),
    "tags push": row("tags push {home}/library.yaml --yes"),
    "tags merge": row("tags merge 潜在 --into VIP --yes --max-removals 100%"),
    "livecodes pull": row("livecodes pull {home}/pulled.yaml"),
    "livecodes diff": row("livecodes diff {home}/market.yaml", code=10),
    "livecodes push": row("livecodes push {home}/market.yaml --yes --max-removals 100%"),
    "livecodes create": row("livecodes create 海报 --members {one} --yes"),
    "livecodes create --kind group": row("livecodes create 群 --kind group --groups {chat} --yes"),
    "livecodes create --kind link": row("livecodes create 链 --kind link --members {one} --yes"),
    "livecodes update": row("livecodes update fair --channel other --yes"),
    "livecodes delete": row("livecodes delete fair --yes --max-removals 100%"),
    "livecodes rotate": row("livecodes rotate --leave {home}/leave.csv --yes"),
    "livecodes swap": row("livecodes swap {one} {other} --yes --max-removals 100%"),
    "livecodes stats": row("livecodes stats --fetch"),
    "livecodes qr": drawing("livecodes qr fair -o {home}/qr.png --caption none", 0),
    "livecodes qr --as-is": drawing("livecodes qr fair -o {home}/codes --as-is", 0),
    "livecodes qr, several": drawing("livecodes qr --all -o {home}/codes --caption none", 0, 1),
    "livecodes qr --sheet": drawing("livecodes qr --all --sheet {home}/qr.html", 0, 1),
    "transfers plan": row("transfers plan {home}/moves.csv -o {home}/out.plan"),
    "transfers apply": row("transfers apply {home}/moves.csv --yes"),
    "transfers apply --only-groups": row(
        "transfers apply --from {owner} --to {taker} --only-groups --yes --max-removals 100%"
    ),
    "transfers restore": row("transfers restore {handed} --yes"),
    "transfers handover": row("transfers handover {handed} -o {home}/handover --format html"),
    "transfers poll": row("transfers poll"),
    "offboard start": row("offboard start {one} --to {other} --due 2026-12-31 --yes --confirm wwsandbox00000001"),
    "offboard advance": row("offboard advance {leaver}"),
    "offboard advance, a day later": row("offboard advance {leaver}", *MOVED),
    "offboard advance, HR deleted the member": row("offboard advance {leaver}", *LEFT),
    "offboard advance, HR deleted the member, a day later": row("offboard advance {leaver}", *LEFT, *MOVED),
    "offboard advance, customers refused": row("offboard advance {leaver}", *REFUSED, "sandbox refuse --share 0%"),
    "offboard advance, customers refused, a day later": row("offboard advance {leaver}", *REFUSED, *MOVED, code=3),
    "offboard advance, the taker was full": row("offboard advance {one}", *FULL),
    "offboard advance, the taker was full, a day later": row(
        "offboard advance {one}", *FULL, "offboard advance {one}", "sandbox advance 25h"
    ),
    "offboard scan": row("offboard scan"),
    "archive pull": replace(row("archive pull"), hasty=True),
    "archive consent": replace(row("archive consent --groups --anew"), hasty=True),
    "archive seats": replace(row("archive seats"), hasty=True),
    "archive media fetch": row("archive media fetch"),
    "archive words notify": row("archive words notify --rules {home}/words.yaml --yes --confirm wwsandbox00000001"),
    "apply": row("apply {home}/vip.plan --yes"),
    "jobs resume": row("jobs resume {half}"),
    "jobs retry": row("jobs retry {bad}"),
}
"""By the words of the command; after a comma, or after an option, another case of the same command."""

OFFLINE: Final[Mapping[str, Row]] = {
    words.partition(" {")[0].partition(" -")[0].partition(" =")[0]: row(words.replace(" =", " "), code=code)
    for words, code in (
        ("status", 0),
        ("explain =45033", 0),
        ("config path", 0),
        ("config show", 0),
        ("config validate", 4),
        ("config init {home}/fresh.yaml", 0),
        ("db path", 0),
        ("db backup {home}/b.db", 0),
        ("db check", 0),
        ("members list", 0),
        ("members show {one}", 0),
        ("contacts list", 0),
        ("contacts search =客户", 0),
        ("contacts show {customer}", 0),
        ("contacts lost", 0),
        ("contacts duplicates", 0),
        ("contacts export {customer}", 0),
        ("groups list", 0),
        ("groups show {chat}", 0),
        ("tags list", 0),
        ("tags plan {home}/tags.csv --add VIP -o {home}/out.plan", 0),
        ("tags lint", 0),
        ("livecodes list", 0),
        ("livecodes show =fair", 0),
        ("livecodes audit", 0),
        ("livecodes welcomes", 0),
        ("transfers list", 0),
        ("offboard list", 0),
        ("offboard show {leaver}", 0),
        ("offboard cancel {leaver} --yes", 0),
        ("offboard report {leaver} -o {home}/case.html", 0),
        ("archive status", 0),
        ("archive list", 0),
        ("archive show =1 --reason test", 0),
        ("archive search =hello --reason test", 0),
        ("archive export -o {home}/exported --reason test", 0),
        ("archive verify", 0),
        ("archive accesses", 0),
        ("archive sample --reason test", 0),
        ("archive encrypt", 4),
        ("archive media list", 0),
        ("archive media retry =1", 0),
        ("archive media save =1 -o {home}/saved", 2),
        ("archive quarantine list", 0),
        ("archive quarantine retry", 3),
        ("archive quarantine export -o {home}/q.jsonl", 0),
        ("archive words check {home}/words.yaml", 0),
        ("archive words scan --rules {home}/words.yaml", 0),
        ("archive words hits --reason test", 0),
        ("plan show {home}/vip.plan", 0),
        ("undo {done} -o {home}/undo.plan", 0),
        ("jobs list", 0),
        ("jobs show {done}", 0),
        ("jobs export {done}", 0),
        ("jobs cancel {half}", 0),
        ("sql =SELECT/**/1", 0),
        ("report dashboard -o {home}/d.html", 0),
        ("report score", 0),
        *((f"report {name}", 0) for name in REPORTS),
        ("completion =bash", 0),
    )
}
"""Commands that must ask WeCom nothing; db restore stands before `doctor --after-restore`."""

ELSEWHERE: Final = ("db restore", "sandbox")
"""Commands that are in neither: the first is part of a row, `sandbox` is the other end of the wire."""
