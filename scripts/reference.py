"""The pages of docs/reference, built from the code, so that they cannot disagree with it.

The manual page and the table that completion answers from are made here too.

Run as `scripts/docs`; with `--check` nothing is written, and a page that is out of date is an error.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

import manpage
import msgspec
import tree
import typer
import yaml
from sqlite_utils import Database

from wecrm import errors
from wecrm.api.endpoints import ALL
from wecrm.api.errcodes import TABLE, Reaction
from wecrm.cli.command import WRITING
from wecrm.cli.registry import COMMANDS
from wecrm.cli.report import OTHERS
from wecrm.config import Config
from wecrm.models.report import Asked
from wecrm.models.table import Column
from wecrm.reports import REPORTS
from wecrm.reports.entries import OPTIONS, Report, Sources
from wecrm.sandbox.routes import FILES, GETTOKEN, ROUTES
from wecrm.store.archive.archive_views import VIEWS as ARCHIVE_VIEWS
from wecrm.store.archive.opening import open_archive
from wecrm.store.columns import View
from wecrm.store.database import Store
from wecrm.store.migrations import migrations
from wecrm.store.views import VIEWS

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
OFFICIAL = "https://developer.work.weixin.qq.com/document/path/"
MADE = "<!-- Made by scripts/docs from the code; edit the code, then run scripts/docs. -->"


# -- what all pages share


def page(title: str, *parts: str) -> str:
    """One page: its heading, where it comes from, its parts."""
    return "\n\n".join([f"# {title}", MADE, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; line breaks and bars in cells are made harmless."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: object) -> str:
    """One value as the text of a table cell."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    return re.sub(r"(`[^`]*`)|<", lambda found: found[1] or "&lt;", text)


def code(text: object) -> str:
    """`text` as code, or nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def block(text: str, language: str = "console") -> str:
    """A fenced block."""
    return f"```{language}\n{text}\n```"


def words(docstring: str | None) -> str:
    """A docstring as one paragraph."""
    return " ".join((docstring or "").split())


# -- commands


def commands() -> str:
    """Every command with its help, its arguments and its options."""
    return page(
        "Commands",
        "Global options stand before or after the subcommand. A flag beats the environment, the environment beats the "
        "configuration file. `wecrm COMMAND --help` says the same on a terminal.",
        "## Global options",
        parameters(typer.main.get_command(import_module("wecrm.cli.root").app)),
        *(part for name in COMMANDS for part in noun(name)),
    )


def noun(name: str) -> Iterator[str]:
    """The section of one first word: the word alone, or all its verbs."""
    module, summary = COMMANDS[name]
    command = typer.main.get_command(import_module(module).app)
    yield f"## wecrm {name}"
    yield summary
    if name == "report":
        yield from verb_parts(command, name)
        yield "Each report is a command of its own, with the options it takes: see [Reports](reports.md)."
        yield table(("Report", "Answers"), ((code(key), report.summary) for key, report in REPORTS.items()))
        yield from (part for verb in OTHERS for part in verbs(command, name, (verb,)))
    elif hasattr(command, "commands"):
        yield from verbs(command, name)
    else:
        yield from verb_parts(command, name, repeat=summary)


def verbs(command: Any, path: str, chosen: Sequence[str] = ()) -> Iterator[str]:
    """The sections of the verbs below a noun, all or the chosen; a verb that has verbs itself is followed by them."""
    for verb, each in command.commands.items():
        if chosen and verb not in chosen:
            continue
        yield f"### wecrm {path} {verb}"
        if hasattr(each, "commands"):
            yield each.help or ""
            yield from verbs(each, f"{path} {verb}")
        else:
            yield from verb_parts(each, f"{path} {verb}")


def verb_parts(command: Any, path: str, repeat: str = "") -> Iterator[str]:
    """Usage, what it does, examples, arguments and options of one command."""
    examples, texts = help_parts(command.help or "")
    yield code(" ".join([f"wecrm {path} [OPTIONS]", *map(place, arguments(command))]))
    yield from (text for text in texts if text != repeat)
    if path in WRITING:
        yield "It may write to WeCom; `--dry-run` shows what it would do and sends nothing."
    if examples:
        yield block(examples)
    yield parameters(command)


def arguments(command: Any) -> list[Any]:
    """The parameters of a command that are given by their place."""
    return [p for p in command.params if p.param_type_name == "argument"]


def place(argument: Any) -> str:
    """An argument as a usage line shows it: `PLAN`, or `[FILE]` when it may be left out."""
    return spelling(argument) if argument.required else f"[{spelling(argument)}]"


def help_parts(text: str) -> tuple[str, list[str]]:
    """(the examples, the paragraphs) of a command's help."""
    parts = [part for part in text.split("\n\n") if part.strip()]
    examples = ""
    found = []
    for part in parts:
        if part.startswith("\b\n"):
            examples = "\n".join(line.strip() for line in part.splitlines()[1:])
        elif part.strip() != "Examples:":
            found.append(words(part))
    return examples, found


def parameters(command: Any) -> str:
    """The arguments and options of a command as a table; "" when it has none."""
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    rows = [(code(spelling(p)), *meaning(p)) for p in shown]
    return table(("Argument or option", "Meaning", "Default"), rows) if rows else ""


def spelling(parameter: Any) -> str:
    """How a parameter is written: `-o, --output FILE`, or the name of an argument."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper()).strip("[]")
    names = ", ".join(sorted((*parameter.opts, *parameter.secondary_opts), key=len))
    if parameter.is_flag or parameter.count:
        return names
    return f"{names} {parameter.metavar or plain_type(parameter)}"


def plain_type(parameter: Any) -> str:
    """The kind of value that an option takes, in one word."""
    annotation = parameter.type_descriptor.annotation
    kinds = set(get_args(annotation) or (annotation,))
    for kind, word in ((Path, "FILE"), (int, "N"), (float, "NUMBER")):
        if kind in kinds:
            return word
    return "TEXT"


def meaning(parameter: Any) -> tuple[str, str]:
    """(what a parameter means, its default)."""
    default = parameter.default
    if callable(default) or default in (None, "", False, 0, (), []):
        default = ""
    return str(parameter.help or ""), "required" if parameter.required else code(default)


# -- configuration


def config() -> str:
    """Every setting with its type, its default and the words of config.example.yaml."""
    source = (ROOT / "config.example.yaml").read_text("utf-8")
    found = dict(settings(yaml.compose(source), source.splitlines(), ()))
    rows = []
    for path, comment in found.items():
        kind, default = typed(Config, path)
        if kind or comment:
            rows.append((code(".".join(path)), kind, default, comment))
    missing = sorted(".".join(path) for path in set(fields(Config, ())) - set(found))
    if missing:
        sys.exit(f"config.example.yaml does not show: {', '.join(missing)}")
    return page(
        "Configuration",
        "The file is YAML; `wecrm config path` prints where it is looked for and `wecrm config validate` checks it. "
        "Unknown settings are refused. A flag beats `WECRM_*` in the environment, which beats the file, which beats "
        "the built-in value. `NAME` stands for a profile's name; one profile is one corp. "
        "[First configuration](../howto/first-configuration.md) tells where the values come from.",
        "`WECRM_HOME` moves configuration, data and cache to one folder. `WECRM_PROFILE`, `WECRM_CONFIG` and "
        "`WECRM_LANG` stand for the options of the same names.",
        table(("Setting", "Type", "Default", "Meaning"), rows),
        "## A whole file",
        block(source.rstrip("\n"), "yaml"),
    )


def settings(node: Any, lines: list[str], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path of a setting, its comment) for every key, in the order of the file."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, "NAME" if path == ("profiles",) else key.value)
        _setting, _hash, comment = lines[key.start_mark.line].partition(" # ")
        yield here, comment.strip()
        yield from settings(value, lines, here)


def typed(kind: Any, path: Sequence[str]) -> tuple[str, str]:
    """(type, default) of the setting at `path` below the struct `kind`; ("", "") for a section."""
    for n, name in enumerate(path):
        if get_origin(kind) is dict:
            kind, default = get_args(kind)[1], msgspec.NODEFAULT
            continue
        field = next(f for f in msgspec.structs.fields(kind) if f.name == name)
        kind, default = field.type, field.default
        if n == len(path) - 1 and not is_section(kind):
            shown = "required" if default is msgspec.NODEFAULT else code(msgspec.json.encode(default).decode())
            return kind_name(kind), shown
    return "", ""


def fields(kind: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The path of every setting that the structs know; what is free below `secrets` and `keys` has none."""
    for field in msgspec.structs.fields(kind):
        here = (*path, field.name)
        if get_origin(field.type) is dict:
            if field.name not in ("secrets", "keys"):
                yield from fields(get_args(field.type)[1], (*here, "NAME"))
        elif is_section(field.type):
            yield from fields(field.type, here)
        else:
            yield here


def is_section(kind: Any) -> bool:
    """Whether a setting holds other settings."""
    return get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def kind_name(kind: Any) -> str:
    """A type in a person's words."""
    names: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if get_origin(kind) is tuple:
        return "list of " + names[get_args(kind)[0]] + "s"
    parts = [names.get(part, "") for part in get_args(kind) or (kind,) if part is not type(None)]
    return " or ".join(parts) + (", or null" if type(None) in get_args(kind) else "")


# -- WeCom


def endpoints() -> str:
    """Every API of WeCom that wecrm calls, and what proves that it is called rightly."""
    sys.path.append(str(ROOT))
    documented = import_module("tests.api.documented")
    routes, called = {*ROUTES, GETTOKEN}, {e.path for e in ALL}
    struck = (ROOT / "tests" / "api" / "test_endpoint_faults.py").exists()
    rows = []
    for e in ALL:
        client = e in documented.EXPECTED or e in documented.AFTER_A_REFUSAL
        proofs = (client, e.path in routes, documented.sample(e).exists(), struck and client)
        page_of = f"[{e.doc}]({OFFICIAL}{e.doc})"
        rows.append((code(e.name), e.method, page_of, e.effect, e.secret, *("yes" if p else "no" for p in proofs)))
    others = (code(path.removeprefix("/cgi-bin/")) for path in sorted((routes | FILES.keys()) - called))
    return page(
        "Endpoints",
        f"Every API of WeCom that wecrm can call: {len(ALL)}. Nothing else is ever called. The effect is `read` "
        "(nothing changes), `same` (may be repeated, the end is the same) or `once` (must be read back before it is "
        "repeated). "
        "`--dry-run` refuses every call whose effect is not `read`. The secret is the one whose token the call takes; "
        "a profile without `directory` secret uses its `contact` secret there.",
        "Client: a test sends the documented request and decodes the documented answer. Sandbox: `wecrm sandbox` "
        "answers it. Sample: its documented request and answers, with optional and older fields, stand in "
        "`tests/golden`; requests that commands build and answers of the sandbox are each held against them. Faults: "
        "its call is struck by every fault, once and always, and heals or ends in the error that says what is known.",
        table(
            ("API", "Method", "Official page", "Effect", "Secret", "Client", "Sandbox", "Sample", "Faults"),
            rows,
        ),
        f"For other clients the sandbox answers these too: {', '.join(others)}.",
    )


def errcodes() -> str:
    """Every errcode with what it means, why it comes and what helps."""
    reactions = [(code(r.value), attribute_doc(Reaction, r.name)) for r in Reaction]
    parts = []
    for number in sorted(TABLE):
        line = TABLE[number]
        facts = f"Reaction `{line.reaction.value}` · exit {int(line.exit)} ({line.exit.name}) · {line.zh}"
        why = [f"Cause: {line.cause}"] if line.cause else []
        fix = [f"To fix: {line.fix}"] if line.fix else []
        parts += [f"### {number}", "  \n".join([f"**{line.meaning}**", facts, *why, *fix])]
    return page(
        "Errcodes of WeCom",
        f"The {len(TABLE)} errcodes that wecrm knows; `wecrm explain CODE` prints the same without a network. The "
        "client decides by the errcode alone, never by the text beside it. A code that is not here is recorded against "
        "its row and told as it came.",
        "## Reactions",
        table(("Reaction", "What the client does"), reactions),
        "The exit code is what a command ends with when the reaction did not help.",
        "## Codes",
        *parts,
    )


def attribute_doc(owner: type, name: str) -> str:
    """The string below an attribute in the source of its class."""
    source = Path(str(sys.modules[owner.__module__].__file__)).read_text("utf-8")
    found = re.search(rf'^    {name} = [^\n]*\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL)
    return words(found[1]) if found else ""


def meanings() -> dict[errors.Exit, str]:
    """What the caller should do next, for each exit code."""
    known = {
        errors.Exit.ok: "Everything asked was done, or is waiting for WeCom and says until when.",
        errors.Exit.internal: "A bug of wecrm; a report file without customer data is named.",
        errors.Exit.changes: "`diff`, or `plan --detailed-exitcode`: something would change.",
    }
    for each in vars(errors).values():
        if isinstance(each, type) and each.__bases__ == (errors.WecrmError,) and "exit" in vars(each):
            known[each.exit] = words(each.__doc__)
    return known


def exit_codes() -> str:
    """Every exit code with what the caller should do next."""
    known = meanings()
    severity = ", ".join(str(int(e)) for e in errors.SEVERITY)
    return page(
        "Exit codes",
        "The exit code says what the caller should do next. The last line on stderr of a run that does not end with 0 "
        "repeats code, name and reason.",
        table(("Code", "Name", "Meaning"), ((int(e), code(e.name), known[e]) for e in errors.Exit)),
        f"When several apply, the most severe wins: {severity}.",
    )


# -- the database


def schema() -> str:
    """The documented views, then the tables below them."""
    return page(
        "Schema",
        "The cache and the journal are one SQLite file per corp; `wecrm db path` prints where. The views are what "
        "`--columns`, `--where`, `--sort` and `wecrm sql` are meant for, and they change only with a word in the "
        "[changelog](../changelog.md). The tables are shown for understanding; they may change with any version.",
        "Kinds: `id` is text that must never become a number, `time` is unix seconds in the database and ISO-8601 in "
        "output, `list` is a JSON array of texts in the database.",
        "## Views",
        *_views(VIEWS.values()),
        "## Views of the session archive",
        "What `--columns`, `--where` and `--sort` of `wecrm archive list` and `wecrm archive show` know. Names come "
        "from the cache.",
        *_views(ARCHIVE_VIEWS.values()),
        "## Tables",
        *tables(),
    )


def _views(views: Iterable[View]) -> Iterator[str]:
    for view in views:
        filled = f" Filled by `wecrm sync {view.purpose}`." if view.purpose else ""
        rows = [(code(c.key), c.kind, "yes" if c.key in view.shown else "", c.doc) for c in view.columns]
        yield from (f"### {view.name}", view.doc + filled, table(("Column", "Kind", "Shown unasked", "Meaning"), rows))


def tables() -> Iterator[str]:
    """The statement of every table, with its indexes and triggers, as the migrations make them."""
    db = Database(memory=True)
    migrations.apply(db)
    made = db.execute("SELECT name, tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    virtual = [name for name, _of, _kind, sql in made if sql.upper().startswith("CREATE VIRTUAL")]
    for name, _of, kind, sql in sorted(made):
        shadow = any(name.startswith(f"{whole}_") for whole in virtual)
        if kind != "table" or shadow or name.startswith(("sqlite_", "_sqlite")):
            continue
        more = sorted(text for _name, of, sort, text in made if of == name and sort in ("index", "trigger"))
        yield f"### Table {name}"
        yield block(";\n".join(tidy(text) for text in (sql, *more)) + ";", "sql")


def tidy(sql: str) -> str:
    """A statement with even indentation."""
    first, *rest = sql.splitlines()
    return "\n".join([first, *(f"    {line.strip()}" for line in rest)])


# -- reports


def reports() -> str:
    """Every report: what it counts, where from, what it does not say, what it takes, and its columns."""
    return page(
        "Reports",
        "A report reads the cache and the session archive, never WeCom. Days, weeks (from Monday) and months begin in "
        "the configured `timezone`. `wecrm report NAME --explain` says on a terminal what stands here; "
        "[your own reports](../howto/own-reports.md) get the same forms and help.",
        "- `--since` and `--until` name the first and the last moment: a day, a month, `7d ago`.",
        "- `--compare` puts beside each figure what it was in the period before (as many whole months, days or seconds "
        "as were asked for, ending where the period begins) and the change; who is missing in one of them counts as 0 "
        "where figures are added up, and has no figure else. Shares change by percentage points.",
        "- `--rows` gives the single rows behind the figures.",
        "- The totals row stands in tables, Markdown and workbooks; CSV, TSV and JSON get it with `--totals`. It adds "
        "up all rows, whatever `--limit` shows.",
        "- `--where` and `--sort` choose and order the rows by the columns shown, as of any list; with `--where` there "
        "is no totals row.",
        "- Several reports, `wecrm report followers,channels -o week.xlsx`, become sheets of one workbook; `-f json` "
        "gives an array with the `name` and the `rows` of each.",
        *(part for name, report in REPORTS.items() for part in report_parts(name, report)),
    )


def report_parts(name: str, report: Report) -> Iterator[str]:
    """The section of one report."""
    yield f"## {name}"
    yield report.summary
    told = report.definition
    facts = (("Counts", told.counts), ("Source", told.source), ("Caveats", told.caveats))
    yield "\n".join(f"- {what}: {text}" for what, text in facts if text)
    options = [f"--{each}" for each in OPTIONS if each in report.takes]
    options += [flag for flag, able in (("--compare", report.compares), ("--rows", report.rows)) if able]
    yield f"Options: {', '.join(map(code, options))}." if options else ""
    head = ("Column", "Title", "Kind", "Unit", "In totals")
    columns = columns_of(report)
    yield table(head, ((code(c.key), c.title, c.kind, c.unit, "yes" if c.sums else "") for c in columns))


def columns_of(report: Report) -> Sequence[Column]:
    """The columns that a report has when there is nothing to count."""
    day = 86400.0
    asked = Asked(day, 2 * day, 2 * day, UTC, "Mon-Fri 09:00-18:00")
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Store.open(Path(folder) / "empty.db")) as store,
        closing(open_archive(Path(folder) / "archive.db", "ww1")) as archive,
    ):
        return report.build(Sources(store, archive), asked).columns


# -- other forms of the same


def manual() -> str:
    """The manual page."""
    root = typer.main.get_command(import_module("wecrm.cli.root").app)
    known = meanings()
    codes = [(int(e), e.name, known[e]) for e in errors.Exit]
    return manpage.page(tree.leaves(), root, {name: told for name, (_m, told) in COMMANDS.items()}, codes, spelling)


# -- writing and checking

PAGES: Mapping[Path, Callable[[], str]] = {
    FOLDER / "commands.md": commands,
    FOLDER / "config.md": config,
    FOLDER / "endpoints.md": endpoints,
    FOLDER / "errors.md": errcodes,
    FOLDER / "exit-codes.md": exit_codes,
    FOLDER / "reports.md": reports,
    FOLDER / "schema.md": schema,
    FOLDER / "wecrm.1": manual,
    ROOT / "wecrm" / "cli" / "_tree.py": tree.page,
}


def stale() -> list[Path]:
    """Pages that are missing, differ from the code, or that nothing makes any more."""
    wrong = [path for path, make in PAGES.items() if read(path) != make()]
    return wrong + sorted(path for path in FOLDER.glob("*") if path not in PAGES)


def read(path: Path) -> str:
    """The text of a page, "" when there is none."""
    return path.read_text("utf-8") if path.exists() else ""


def main(argv: Sequence[str]) -> int:
    """Write the pages, or check them; the exit code."""
    if argv == ["--check"]:
        wrong = [str(path.relative_to(ROOT)) for path in stale()]
        if wrong:
            sys.stderr.write(f"Out of date: {', '.join(wrong)}. Run scripts/docs and commit the result.\n")
        return 1 if wrong else 0
    if argv:
        sys.stderr.write("Usage: scripts/docs [--check]\n")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, make in PAGES.items():
        text = make()
        if read(path) != text:
            fresh = path.with_name(f"{path.name}.new")
            fresh.write_text(text, "utf-8")
            os.replace(fresh, path)
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    for path in stale():
        path.unlink()
        sys.stdout.write(f"removed {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
