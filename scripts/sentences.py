"""Every sentence that wecrm can say, and what the Chinese catalogue lacks of them.

Run as `python scripts/sentences.py`: the number of sentences per room and what is wrong with
`wecrm/locale/zh/`; exit 1 if anything is. With a room's name, the sentences of that room that have
no translation yet, as JSON to be filled in.
"""

import ast
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, as well as imported

from wecrm.api.errcodes import TABLE, find  # noqa: E402
from wecrm.api.topics import TOPICS  # noqa: E402
from wecrm.cli.explain import REACTIONS  # noqa: E402
from wecrm.cli.help import COMPLAINTS, PARSER  # noqa: E402
from wecrm.cli.registry import COMMANDS  # noqa: E402
from wecrm.cli.root import HELP  # noqa: E402
from wecrm.cli.sandbox import CALLS  # noqa: E402
from wecrm.models.contact import ADD_WAYS  # noqa: E402
from wecrm.models.messagetypes import TYPES  # noqa: E402
from wecrm.models.messagetypes.dealings import MEETING_ANSWERS  # noqa: E402
from wecrm.models.transfer import MEANINGS  # noqa: E402
from wecrm.reports import REPORTS  # noqa: E402
from wecrm.sandbox.settings import SWITCHES  # noqa: E402
from wecrm.store.archive.archive_views import VIEWS as ARCHIVE_VIEWS  # noqa: E402
from wecrm.store.views import VIEWS  # noqa: E402

PACKAGE = ROOT / "wecrm"
CATALOGUE = PACKAGE / "locale" / "zh"
UNKNOWN = -999_999_999
"""An errcode that nobody documents."""


def rooms() -> Mapping[str, Sequence[str]]:
    """Room → its sentences, each once, as the source has them."""
    found: dict[str, dict[str, None]] = {}
    for room, sentence in (*_written(), *_listed()):
        if sentence:
            found.setdefault(room, {})[sentence] = None
    return {room: tuple(found[room]) for room in sorted(found)}


def _written() -> Iterator[tuple[str, str]]:
    """What stands in the source as `_("…")`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for call in sorted(_calls(path), key=lambda call: (call.lineno, call.col_offset)):
            if isinstance(call.args[0], ast.Constant):
                yield room, call.args[0].value


def indirect() -> set[tuple[str, str]]:
    """(file, expression) of every `_(expression)`: what it looks up must come from a table of `_listed`."""
    return {
        (path.relative_to(PACKAGE).as_posix(), ast.unparse(call.args[0]))
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in _calls(path)
        if not isinstance(call.args[0], ast.Constant)
    }


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node


def _listed() -> Iterator[tuple[str, str]]:
    """What reaches `_` from tables of data."""
    yield from (("cli", part) for part in HELP.strip().split("\n\n") if not part.startswith("\b"))
    yield from (("cli", summary) for _module, summary in COMMANDS.values())
    yield from (("cli", sentence) for sentence in (*PARSER, *COMPLAINTS, *REACTIONS.values()))
    yield from (("cli", column.title) for column in CALLS)
    yield from (("models", text) for text in (*ADD_WAYS.values(), *MEANINGS.values()))
    yield from (
        ("models", text) for text in (*(kind.struct.label for kind in TYPES.values()), *MEETING_ANSWERS.values())
    )
    for report in REPORTS.values():
        told = report.definition
        yield from (
            ("reports", text) for text in (report.title, report.summary, told.counts, told.source, told.caveats)
        )
    yield from (("sandbox", meaning) for _default, _others, meaning in SWITCHES.values())
    for view in (*VIEWS.values(), *ARCHIVE_VIEWS.values()):
        yield from (("store", text) for column in view.columns for text in (column.title, column.doc))
    for code in (*TABLE.values(), find(UNKNOWN)):
        yield from (("errcodes", text) for text in (code.meaning, code.cause, code.fix))
    for topic in TOPICS.values():
        yield from (("topics", text) for text in topic)


def translated(room: str) -> Mapping[str, str]:
    """The catalogue of one room; empty when there is none."""
    path = CATALOGUE / f"{room}.json"
    found: Mapping[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def missing() -> Mapping[str, Sequence[str]]:
    """Room → sentences that no room's catalogue translates."""
    done = {sentence for path in CATALOGUE.glob("*.json") for sentence in translated(path.stem)}
    return {room: [sentence for sentence in known if sentence not in done] for room, known in rooms().items()}


def stale() -> Mapping[str, Sequence[str]]:
    """Room → translations of what its source does not say (any more)."""
    known = rooms()
    return {
        path.stem: [sentence for sentence in translated(path.stem) if sentence not in known.get(path.stem, ())]
        for path in sorted(CATALOGUE.glob("*.json"))
    }


def main(argv: Sequence[str]) -> int:
    """Tell what is there and what is not; the exit code."""
    lacking, left = missing(), stale()
    if argv:
        print(json.dumps(dict.fromkeys(lacking.get(argv[0], ()), ""), ensure_ascii=False, indent=2))
        return 0
    for room, known in rooms().items():
        print(f"{room}: {len(known)} sentences, {len(lacking[room])} missing, {len(left.get(room, ()))} stale")
    return 1 if any(map(len, (*lacking.values(), *left.values()))) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
