"""The table that completion answers from: `wecrm/cli/_tree.py`, built from the commands."""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import typer

from wecrm.api.errcodes import TABLE
from wecrm.api.topics import TOPICS
from wecrm.cli.jobs import STATUSES
from wecrm.cli.registry import COMMANDS
from wecrm.cli.sandbox import CALLS
from wecrm.i18n import LANGUAGES
from wecrm.operations.status import SHOWN
from wecrm.sandbox.faults import KINDS
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.settings import SWITCHES
from wecrm.store.views import VIEWS

HEADER = '''"""What completion knows of the command line. Made by scripts/docs from the commands; do not edit."""

# fmt: off
# ruff: noqa
'''

Values = dict[str, list[tuple[str, str]]]
"""Name of a closed list → its values, each with what it means."""

BY_FLAG = {
    "--profile": "profiles", "--lang": "one lang", "--csv-safe": "one csv-safe", "--followers": "one followers",
    "--status": "many status", "--add": "tag", "--remove": "tag", "--into": "tag", "--when": "one when",
    "--delete-by": "one delete-by", "--secret": "one secret",
}  # fmt: skip
"""What an option's value is, where neither type nor help says it; by the option's longest name."""

BY_PLACE = {
    "job": "job", "who": "member", "userid": "userid", "chat_id": "chat", "old": "tag", "group_name": "taggroup",
    "tags delete names": "tag", "tags merge names": "tag", "explain words": "one explain",
    "status what": "one purpose", "sandbox fault kind": "one fault", "sandbox switch name": "one switch",
}  # fmt: skip
"""The same for arguments, by name or by command and name."""


def plain(*values: str) -> list[tuple[str, str]]:
    """Values that need no explanation."""
    return [(value, "") for value in values]


def choices() -> Values:
    """Every closed list of values, with what each means."""
    found = {
        "lang": plain(*LANGUAGES),
        "csv-safe": plain("apostrophe", "none"),
        "followers": plain("all", "first", "latest"),
        "status": plain(*STATUSES),
        "when": plain("before", "after"),
        "delete-by": plain("member", "customer"),
        "secret": plain(*SECRETS),
        "fault": plain(*KINDS),
        "purpose": plain(*SHOWN),
        "switch": [(name, meaning) for name, (_default, _others, meaning) in SWITCHES.items()],
        "explain": [(name, topic.title) for name, topic in TOPICS.items()]
        + [(str(number), TABLE[number].meaning) for number in sorted(TABLE)],
        "columns calls": [(column.key, column.title) for column in CALLS],
        "where calls": [*((column.key, column.title) for column in CALLS), ("not", "")],
    }
    for view in VIEWS.values():
        found[f"columns {view.name}"] = [(column.key, column.doc) for column in view.columns]
        found[f"where {view.name}"] = [
            *found[f"columns {view.name}"],
            *([("tag", "tag has 'NAME'")] if view.tagged else []),
            *([("department", "department under 'NAME'")] if view.staffed else []),
            ("not", ""),
        ]
    return found


def leaves() -> Iterator[tuple[str, Any]]:
    """(words, command) of everything that can be run, and of the nouns above it."""
    for name, (module, _summary) in COMMANDS.items():
        yield from under(name, typer.main.get_command(import_module(module).app))


def under(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and all that stand below it."""
    yield path, command
    for verb, each in getattr(command, "commands", {}).items():
        yield from under(f"{path} {verb}", each)


SELECTING = ("contacts lost", "contacts remark", "tags plan", "tags apply", "transfers plan", "transfers apply")
"""Commands whose `--where` is about customers."""


def view_of(path: str) -> str:
    """The view whose columns a command's `--columns`, `--where` and `--sort` are about; "" when it is none."""
    noun, _blank, verb = path.partition(" ")
    if verb == "list" and noun in VIEWS:
        return noun
    others = {"livecodes qr": "livecodes", "livecodes welcomes": "welcomes", "sandbox calls": "calls"}
    return {"contacts search": "contacts", **others}.get(path, "")


def enumerated(parameter: Any, values: Values) -> str:
    """The kind of a value whose help is a list of words: `auto, always or never.`; "" for other help."""
    found = re.fullmatch(r"([a-z0-9-]+(?:, [a-z0-9-]+)*) or ([a-z0-9-]+)\.", parameter.help or "")
    if found is None:
        return ""
    words = (*found[1].split(", "), found[2])
    values["|".join(words)] = plain(*words)
    return f"one {'|'.join(words)}"


def value_kind(parameter: Any, path: str, help_text: str, values: Values) -> str:
    """What the value of an option is; "" for one without a value."""
    if parameter.is_flag or parameter.count:
        return ""
    name = max(parameter.opts, key=len)
    view = view_of(path)
    if name in ("--columns", "--sort") and view:
        return f"{'many' if name == '--columns' else 'order'} columns {view}"
    if name == "--where" and (view or path in SELECTING):
        return f"where {view or 'contacts'}"
    if name == "--part" and (parts := re.search(r"Parts: ([\w, ]+)\.", help_text)):
        values[f"part {path}"] = plain(*parts[1].split(", "))
        return f"one part {path}"
    return BY_FLAG.get(name) or enumerated(parameter, values) or by_type(parameter)


def place_kind(parameter: Any, path: str, values: Values) -> str:
    """What an argument is; `…` behind it when it may be repeated."""
    named = BY_PLACE.get(f"{path} {parameter.name}") or BY_PLACE.get(parameter.name)
    kind = named or enumerated(parameter, values) or by_type(parameter)
    return kind + ("…" if parameter.nargs == -1 else "")


def by_type(parameter: Any) -> str:
    """`file` for a path, `value` for what nobody can guess."""
    annotation = parameter.type_descriptor.annotation
    return "file" if Path in {annotation, *get_args(annotation)} else "value"


def page() -> str:
    """The text of the module."""
    values = choices()
    numbers: dict[tuple[tuple[str, ...], str, str, bool], int] = {}

    def listed(command: Any, path: str) -> tuple[int, ...]:
        found = []
        for each in command.params:
            if each.param_type_name == "option" and not getattr(each, "hidden", False) and each.name != "help":
                kind = value_kind(each, path, command.help or "", values)
                names = (*each.opts, *each.secondary_opts)
                found.append(
                    numbers.setdefault((names, kind, each.help or "", each.multiple or each.count), len(numbers))
                )
        return tuple(found)

    everywhere = listed(typer.main.get_command(import_module("wecrm.cli.root").app), "")
    everywhere += (numbers.setdefault((("--help",), "", "Show this message and exit.", False), len(numbers)),)
    commands = {}
    for path, command in leaves():
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        told = COMMANDS[path][1] if path in COMMANDS else command.short_help or command.help or ""
        group = hasattr(command, "commands")
        places = () if group else tuple(place_kind(each, path, values) for each in arguments)
        commands[path] = (told, places, () if group else listed(command, path))
    tables = (
        ("OPTIONS", "list[tuple[tuple[str, ...], str, str, bool]]", list(numbers)),
        ("GLOBALS", "tuple[int, ...]", everywhere),
        ("COMMANDS", "dict[str, tuple[str, tuple[str, ...], tuple[int, ...]]]", commands),
        ("SANDBOX_CORP", "str", CORP_ID),
        ("CHOICES", "dict[str, tuple[tuple[str, str], ...]]", {name: tuple(each) for name, each in values.items()}),
    )
    return HEADER + "".join(f"\n{name}: {kind} = {written(value)}\n" for name, kind, value in tables)


def written(value: object) -> str:
    """A table as Python, a line for each entry."""
    if isinstance(value, Mapping):
        return "{\n" + "".join(f"    {name!r}: {each!r},\n" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"    {each!r},\n" for each in value) + "]"
    return repr(value)
