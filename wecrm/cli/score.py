"""`wecrm report score`: customers by a weighted sum, how it comes about, and what it was worth in the past."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session, single
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.models.scores import Score
    from wecrm.models.table import Table

app = single()


@command(
    app,
    "score",
    _("Sort customers by a score: a weighted sum that a file describes and history can be asked about."),
    (
        "wecrm report score",
        "wecrm report score churn --limit 50 -o churn.xlsx",
        "wecrm report score churn --explain wmXXXX",
        "wecrm report score churn --backtest --at 2026-09-01 --days 30",
        "wecrm report score --print-rules > our-scores.yaml",
        "wecrm report score purchase --goal 客户阶段/已成交 --backtest",
    ),
    _(
        "The scores churn and purchase come with wecrm, in a file that --print-rules shows; put your own weights into "
        "a copy. A score says nothing until --backtest has shown how often the highest tenth was right."
    ),
)
def score(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help=_("Which score."), metavar="NAME")] = "churn",
    goal: Annotated[
        str, typer.Option(help=_("The tag that means success, where the score leaves it open."), metavar="TAG")
    ] = "",
    rules: Annotated[Path | None, typer.Option(help=_("The file with the scores."), metavar="FILE")] = None,
    explain: Annotated[
        str, typer.Option(help=_("Each factor of this customer's score, by external_userid."), metavar="CUSTOMER")
    ] = "",
    backtest: Annotated[
        bool, typer.Option("--backtest", help=_("Hits by tenths of the score, in the days after --at."))
    ] = False,
    at: Annotated[str, typer.Option(help=_("As it was then: a day, a time, 30d ago."), metavar="TIME")] = "",
    days: Annotated[int, typer.Option(help=_("How many days --backtest looks ahead."), min=1, max=3650)] = 30,
    print_rules: Annotated[
        bool, typer.Option("--print-rules", help=_("Print the file with the scores, to begin one of your own."))
    ] = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.files import scores as files
    from wecrm.reports import scores as reports

    s, path = session(ctx), rules or files.SHIPPED
    if print_rules:
        s.stdout.write(path.read_text("utf-8"))
        return
    if explain and backtest:
        raise UsageError(_("--explain is about one customer, --backtest about all of them."))
    wanted, moment = _score(name, path), _moment(s, at, days, backtest)
    tags = _goal(s, wanted, goal)
    if backtest:
        table: Table = reports.tried(s.store, wanted, moment, days, tags)
    elif explain:
        table = reports.explained(s.store, wanted, moment, explain)
    else:
        table = reports.listed(s.store, wanted, moment, tags)
    rows.show(s, table, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))


def _score(name: str, path: Path) -> "Score":
    """The score of that name in the file.

    Raises:
        UsageError: there is none.
    """
    from wecrm.files import scores as files
    from wecrm.store.nearest import did_you_mean

    known = {each.name: each for each in files.read(path)}
    if name not in known:
        fix = did_you_mean(name, known) or _("It has: {names}.", names=", ".join(known))
        raise UsageError(_("There is no score {name}.", name=name), "", fix)
    return known[name]


def _moment(s: Session, at: str, days: int, backtest: bool) -> float:
    """Unix seconds of `--at`; else now, or as long ago as a back-test has to be."""
    from wecrm.store import figures, literals

    if at:
        return float(literals.span(at, s.clock.now(), s.tz).start)
    if not backtest:
        return s.clock.now()
    return (figures.as_of(s.store, "contacts") or s.clock.now()) - days * 86400


def _goal(s: Session, wanted: "Score", named: str) -> tuple[str, ...]:
    """Ids of the tag that is the outcome, `named` where the score leaves it open; none where it is a loss.

    Raises:
        UsageError: nobody named the tag, or both did, or there is none of that name.
    """
    from wecrm.models.scores import LOST
    from wecrm.store.lookups import tag_ids

    if named and wanted.outcome:
        raise UsageError(
            _("The score {name} is about this outcome: {outcome}.", name=wanted.name, outcome=wanted.outcome),
            _("--goal is for scores that leave it open."),
            _("Leave out --goal, or change `outcome` in a file of your own."),
        )
    if not named and not wanted.outcome:
        raise UsageError(
            _("The score {name} needs a goal.", name=wanted.name),
            _("It is about customers who get a tag, and which tag that is only you know."),
            _("Name it with --goal GROUP/NAME; `wecrm tags list` shows the tags."),
        )
    return () if wanted.outcome == LOST else tag_ids(s.store, named or wanted.outcome)
