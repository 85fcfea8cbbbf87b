"""Reading the rows a bulk command works on: a file, or a selection by `--where`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.files.sheets import FieldKind, Sheet
    from wecrm.operations.rows import Followers, Problems, Target

FileArgument = Annotated[Path | None, typer.Argument(help=_("XLSX, CSV or TSV file, or - for stdin."), metavar="FILE")]
FollowersOption = Annotated[
    str,
    typer.Option("--followers", help=_("Which members' relations are meant: all, first or latest."), metavar="WHICH"),
]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", help=_("For columns with other names."), metavar="FIELD=COLUMN")
]
SheetOption = Annotated[
    str, typer.Option("--sheet", help=_("Which sheet of a workbook; else its first."), metavar="NAME")
]

CUSTOMER = (("external_userid",), ("unionid",), ("mobile",))


@dataclass(frozen=True, slots=True)
class Input:
    """Targets of a bulk command, the digest of where they came from, and that file's format."""

    targets: "Iterable[Target]"
    digest: str
    format: str = "csv"


def read(
    s: Session,
    file: Path | None,
    where: str,
    followers: str,
    mapping: Sequence[str],
    problems: "Problems",
    page: str = "",
) -> Input:
    """The relations that FILE names, or that `--where` selects; never both, never neither."""
    if (file is None) == (not where):
        raise UsageError(
            _("Say which customers: a FILE, or --where CONDITION."),
            "",
            _('For everybody: --where "userid is not null"'),
        )
    if followers not in ("", "all", "first", "latest"):
        raise UsageError(_("--followers is all, first or latest, not {value}.", value=followers))
    if file is None:
        return _selected(s, where)
    from wecrm.files.sheets import FIELDS
    from wecrm.operations.rows import from_sheet

    found = sheet(s, file, FIELDS, CUSTOMER, mapping, page)
    return Input(from_sheet(s.store, found.rows, cast("Followers", followers), problems), found.digest, found.format)


def sheet(
    s: Session,
    file: Path,
    fields: "Mapping[str, FieldKind]",
    required: Sequence[Sequence[str]],
    mapping: Sequence[str],
    page: str,
) -> "Sheet":
    """The sheet that FILE (or `-`) is, read and checked; what was recognised is told."""
    from wecrm.files import sheets

    if str(file) == "-" and s.stdin is None:
        raise UsageError(_("There is no standard input to read."))
    source = s.stdin.buffer if str(file) == "-" and s.stdin is not None else file
    found = sheets.read(source, name=str(file), fields=fields, mapping=mapped(mapping), required=required, sheet=page)
    s.say(
        _(
            "{file}: {n:,} rows, {encoding}, columns {fields}",
            file=found.name,
            n=len(found.rows),
            encoding=found.encoding,
            fields=", ".join(found.fields),
        )
    )
    return found


def _selected(s: Session, where: str) -> Input:
    import hashlib

    from wecrm.operations.rows import from_selection
    from wecrm.store import selection

    found = list(selection.relations(s.store, where, now=s.clock.now(), tz=s.tz))
    if not found:
        raise UsageError(
            _("No relation meets {where}.", where=where), "", _("Try it with `wecrm contacts list --where …`.")
        )
    return Input(from_selection(found), hashlib.sha256(where.encode()).hexdigest())


def mapped(pairs: Sequence[str]) -> dict[str, str]:
    """`--map` as field → heading."""
    found = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise UsageError(_("--map takes field=column, not {value}.", value=pair))
        found[name.strip()] = column.strip()
    return found
