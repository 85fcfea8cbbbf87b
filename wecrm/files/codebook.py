"""The live codes' YAML file: read with every rule checked, written in canonical form."""

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec

from wecrm.errors import UsageError
from wecrm.files import yamls
from wecrm.i18n import _
from wecrm.models import coderules, welcomerules
from wecrm.models.codebook import CodeEntry, CodesFile, Shift
from wecrm.models.text import visible
from wecrm.models.welcome import LinkEntry, MiniProgramEntry, WelcomeEntry

SHOWN = 10
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile("unknown field `(.+)`")
_WITHIN: dict[str, type[msgspec.Struct]] = {"shifts": Shift, "link": LinkEntry, "miniprogram": MiniProgramEntry}
"""What stands within entries, by its field."""

E = TypeVar("E", CodeEntry, WelcomeEntry)


def read(path: Path) -> CodesFile:
    """The live codes and welcome templates that the file describes.

    Raises:
        UsageError: not YAML, an unknown key, a value of the wrong kind, or a code that can't be made;
            every complaint begins with the name of its entry.
    """
    lists = _raw(path)
    complaints: list[str] = []
    codes = _entries(lists["codes"], CodeEntry, coderules.wrong, complaints)
    welcomes = None
    if "welcomes" in lists:
        welcomes = _entries(lists["welcomes"], WelcomeEntry, welcomerules.wrong, complaints)
    if complaints:
        more = [_("… and {n} more.", n=len(complaints) - SHOWN)] if len(complaints) > SHOWN else []
        raise UsageError(
            _("{path} describes live codes that can't be made.", path=path),
            "\n".join([*complaints[:SHOWN], *more]),
            _("Correct these entries; nothing was planned."),
        )
    return CodesFile(codes, welcomes)


def _entries(
    listed: list[object], kind: type[E], wrong: Callable[[E], Iterable[str]], complaints: list[str]
) -> tuple[E, ...]:
    """The entries of one list, and a complaint for whatever is wrong with them."""
    entries: list[E] = []
    for n, raw in enumerate(listed, 1):
        try:
            entry = msgspec.convert(_with_text(raw), kind)
        except msgspec.ValidationError as error:
            complaints.append(f"{_label(raw, n)}: {_shape(str(error), kind)}")
            continue
        entries.append(entry)
        complaints += [f"{_label(raw, n)}: {what}" for what in wrong(entry)]
    complaints += coderules.repeated(entries)
    return tuple(entries)


def names(path: Path) -> tuple[str, ...]:
    """The names in a file that may have entries which can't be followed; () where there is no file yet.

    Raises:
        UsageError: it is no file of live codes.
    """
    if not path.exists() or not path.stat().st_size:
        return ()
    listed = [raw for entries in _raw(path).values() for raw in entries]
    return tuple(str(raw["name"]) for raw in listed if isinstance(raw, dict) and "name" in raw)


def _raw(path: Path) -> dict[str, list[object]]:
    """The lists of a file as YAML has them."""
    value, _text = yamls.read(path)
    right = isinstance(value, dict) and "codes" in value and value.keys() <= set(CodesFile.__struct_fields__)
    if not right or not all(isinstance(listed, list) for listed in value.values()):
        raise UsageError(
            _("{path} is not a file of live codes.", path=path),
            _("It has the key `codes`, and maybe `welcomes`, each with a list of entries."),
            _("`wecrm livecodes pull FILE` writes one to begin with."),
        )
    found: dict[str, list[object]] = value
    return found


def write(path: Path, file: CodesFile) -> None:
    """Write the canonical form; a file with comments or a layout of its own is not overwritten."""
    lists = {"codes": [_plain(entry) for entry in file.codes]}
    if file.welcomes is not None:
        lists["welcomes"] = [_plain(entry) for entry in file.welcomes]
    yamls.write(path, lists)


def _plain(entry: CodeEntry | WelcomeEntry) -> dict[str, object]:
    """An entry as YAML has it: what stands at its default left out, its last day as a date."""
    plain: dict[str, object] = msgspec.json.decode(msgspec.json.encode(entry))
    if isinstance(entry, CodeEntry) and entry.until:
        plain["until"] = date.fromisoformat(entry.until)
    return plain


def _with_text(raw: object) -> object:
    """An entry as it was read, its last day as text: YAML takes 2026-12-31 for a date."""
    if isinstance(raw, dict) and type(raw.get("until")) is date:
        return {**raw, "until": raw["until"].isoformat()}
    return raw


def _label(raw: object, n: int) -> str:
    """What a complaint calls an entry: its name, or its place in the file."""
    name = raw.get("name") if isinstance(raw, dict) else None
    return visible(name[:60]) if isinstance(name, str) and name else _("entry {n}", n=n)


def _shape(message: str, kind: type[msgspec.Struct]) -> str:
    """What msgspec finds wrong with an entry, in words with the field it is about."""
    place = _PLACE.search(message)
    where = f"{place[1]}: " if place else ""
    detail = _PLACE.sub("", message)
    if unknown := _UNKNOWN.search(detail):
        known = msgspec.structs.fields(_WITHIN.get(where.split("[")[0].rstrip(": "), kind))
        near = difflib.get_close_matches(unknown[1], [field.name for field in known], n=1)
        asked = f" {_('Did you mean {name}?', name=near[0])}" if near else ""
        return f"{where}{_('There is no field {name} here.', name=visible(unknown[1]))}{asked}"
    if re.search("Expected `str`, got `(int|float|bool|date|datetime)`", detail):
        return f"{where}{_('Put texts that look like numbers, dates, or yes and no in quotes.')}"
    return f"{where}{visible(detail)}"
