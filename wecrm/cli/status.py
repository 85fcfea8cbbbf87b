"""`wecrm status`: how fresh the cache of each corp is, what waits, what could be lost; for monitors."""

from dataclasses import replace
from typing import Annotated

import typer

from wecrm.cli import pages, rows, several
from wecrm.cli.command import command, session, single
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session, SystemClock
from wecrm.errors import Exit, UsageError, WecrmError, most_severe
from wecrm.i18n import _
from wecrm.models.status import CorpStatus

app = single()

PROMETHEUS = "prometheus"
ENDING = ".prom"

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", "-f", help=_("table, csv, tsv, json, ndjson, markdown, html or prometheus."), metavar="FORMAT"
    ),
]


@command(
    app,
    "status",
    _("Show when each purpose was last fetched, what waits, and what could be lost."),
    (
        "wecrm status",
        "wecrm --profile @all status --max-age 26h",
        "wecrm status contacts tags --max-age 26h",
        "wecrm --profile @all status -o wecrm.prom",
    ),
    _(
        "Reads the local databases only: no call to WeCom, no lock, nothing is made or changed. Exit code: 5 when "
        "--max-age is given and something is older or was never fetched, 9 when a database is damaged or the archive "
        "of a corp that has one is silent or has a gap."
    ),
    many="rows",
    foreseen=False,  # it has a form of its own
)
def status(
    ctx: typer.Context,
    what: Annotated[list[str] | None, typer.Argument(help=_("Only these: members, tags, contacts, …"))] = None,
    max_age: Annotated[
        str, typer.Option(help=_("Exit 5 when the last success is older, as 26h."), metavar="TIME")
    ] = "",
    format: FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    s = session(ctx)
    expected = _expected(what)
    age_s = duration("--max-age", max_age) if max_age else None
    found: list[tuple[CorpStatus, float]] = []
    try:
        return several.each(s, lambda one: _look(one, found, expected, age_s))
    finally:
        if found:
            _show(s, found, what, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))


def _expected(what: list[str] | None) -> tuple[str, ...]:
    """The purposes that `--max-age` judges: those that were named, or those every corp should have."""
    from wecrm.operations.status import SHOWN
    from wecrm.operations.sync import PURPOSES
    from wecrm.store.nearest import did_you_mean

    for word in what or ():
        if word not in SHOWN:
            fix = did_you_mean(word, SHOWN) or _("Known: {names}.", names=", ".join(SHOWN))
            raise UsageError(_("Nothing is known of {word}.", word=word), "", fix)
    return tuple(what or PURPOSES)


def _look(one: Session, found: list[tuple[CorpStatus, float]], expected: tuple[str, ...], age_s: float | None) -> int:
    """Read one corp's database; 5 when something of it is too old."""
    from wecrm.cli.archive import opening
    from wecrm.operations.archive.standing import judged
    from wecrm.operations.status import overdue
    from wecrm.operations.sync import PURPOSES
    from wecrm.store.status import read

    name, corp_id, now = one.profile_name, one.profile.corp_id, _now(one)
    try:
        corp = replace(read(one.database, name, corp_id), archive=opening.standing(one))
    except WecrmError as error:
        found.append((CorpStatus(name, corp_id, error.what), now))
        raise
    found.append((corp, now))
    late = [] if age_s is None else overdue(corp, expected, age_s, now)
    wrong = judged(corp.archive, age_s, now) if corp.archive and expected == PURPOSES else []
    if wrong:
        reason = f"{name}: " + " ".join(why for _code, why in wrong)
        return exit_code(most_severe([code for code, _why in wrong]), reason, f"wecrm --profile {name} archive status")
    if not late:
        return 0
    reason = _("{name}: older than --max-age, or never fetched: {purposes}.", name=name, purposes=", ".join(late))
    return exit_code(Exit.temporary, reason, f"wecrm --profile {name} sync {' '.join(late)}")


def _now(one: Session) -> float:
    """The time there; a sandbox that does not exist yet is not made for it."""
    made = not one.in_sandbox or one.world_path.exists()
    return one.clock.now() if made else SystemClock().now()


def _show(s: Session, found: list[tuple[CorpStatus, float]], what: list[str] | None, wanted: rows.Rows) -> None:
    from wecrm.operations.status import SHOWN, table

    if wanted.format == PROMETHEUS or (wanted.format is None and wanted.output and wanted.output.suffix == ENDING):
        _expose(s, [corp for corp, _now in found], what, wanted)
        return
    made = table(found, tuple(what or SHOWN))
    person = pages.for_person(s, wanted) and not wanted.columns
    rows.show(s, pages.filled(made) if person else made, wanted)


def _expose(s: Session, corps: list[CorpStatus], what: list[str] | None, wanted: rows.Rows) -> None:
    """Write the metrics to stdout, or to a file that is replaced as a whole and that others may read."""
    from wecrm.files.atomic import replacing
    from wecrm.files.prometheus import text
    from wecrm.operations.status import SHOWN

    content = text(corps, tuple(what or SHOWN), _expected(what))
    if wanted.output is None or str(wanted.output) == "-":
        s.stdout.write(content)
        return
    with replacing(wanted.output, private=False) as stream:
        stream.write(content.encode())
