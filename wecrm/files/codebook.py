"""The live codes' YAML file: read with every rule checked, written in canonical form."""

import difflib
import re
from datetime import date
from pathlib import Path

import msgspec

from wecrm.errors import UsageError
from wecrm.files import yamls
from wecrm.i18n import _
from wecrm.models import coderules
from wecrm.models.codebook import CodeEntry, CodesFile, Shift
from wecrm.models.text import visible

SHOWN = 10
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile("unknown field `(.+)`")


def read(path: Path) -> CodesFile:
    """The live codes that the file describes.

    Raises:
        UsageError: not YAML, an unknown key, a value of the wrong kind, or a code that can't be made;
            every complaint begins with the name of its entry.
    """
    entries: list[CodeEntry] = []
    complaints: list[str] = []
    for n, raw in enumerate(_raw(path), 1):
        try:
            entry = msgspec.convert(_with_text(raw), CodeEntry)
        except msgspec.ValidationError as error:
            complaints.append(f"{_label(raw, n)}: {_shape(str(error))}")
            continue
        entries.append(entry)
        complaints += [f"{_label(raw, n)}: {what}" for what in coderules.wrong(entry)]
    complaints += coderules.repeated(entries)
    if complaints:
        more = [_("… and {n} more.", n=len(complaints) - SHOWN)] if len(complaints) > SHOWN else []
        raise UsageError(
            _("{path} describes live codes that can't be made.", path=path),
            "\n".join([*complaints[:SHOWN], *more]),
            _("Correct these entries; nothing was planned."),
        )
    return CodesFile(tuple(entries))


def names(path: Path) -> tuple[str, ...]:
    """The names in a file that may have entries which can't be followed; () where there is no file yet.

    Raises:
        UsageError: it is no file of live codes.
    """
    if not path.exists() or not path.stat().st_size:
        return ()
    return tuple(str(raw["name"]) for raw in _raw(path) if isinstance(raw, dict) and "name" in raw)


def _raw(path: Path) -> list[object]:
    """The entries of a file as YAML has them."""
    value, _text = yamls.read(path)
    if not isinstance(value, dict) or not isinstance(value.get("codes"), list) or len(value) > 1:
        raise UsageError(
            _("{path} is not a file of live codes.", path=path),
            _("It has one key, `codes`, with a list of entries."),
            _("`wecrm livecodes pull FILE` writes one to begin with."),
        )
    found: list[object] = value["codes"]
    return found


def write(path: Path, file: CodesFile) -> None:
    """Write the canonical form; a file with comments or a layout of its own is not overwritten."""
    yamls.write(path, {"codes": [_plain(entry) for entry in file.codes]})


def _plain(entry: CodeEntry) -> dict[str, object]:
    """An entry as YAML has it: what stands at its default left out, its last day as a date."""
    plain: dict[str, object] = msgspec.json.decode(msgspec.json.encode(entry))
    if entry.until:
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


def _shape(message: str) -> str:
    """What msgspec finds wrong with an entry, in words with the field it is about."""
    place = _PLACE.search(message)
    where = f"{place[1]}: " if place else ""
    detail = _PLACE.sub("", message)
    if unknown := _UNKNOWN.search(detail):
        known = (Shift if where.startswith("shifts") else CodeEntry).__struct_encode_fields__
        near = difflib.get_close_matches(unknown[1], known, n=1)
        asked = f" {_('Did you mean {name}?', name=near[0])}" if near else ""
        return f"{where}{_('There is no field {name} here.', name=visible(unknown[1]))}{asked}"
    if re.search("Expected `str`, got `(int|float|bool|date|datetime)`", detail):
        return f"{where}{_('Put texts that look like numbers, dates, or yes and no in quotes.')}"
    return f"{where}{visible(detail)}"
