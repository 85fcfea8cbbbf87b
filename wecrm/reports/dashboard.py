"""The dashboard: the figures of a period on one page, from the same reports that stand alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from wecrm.i18n import _
from wecrm.models import periods
from wecrm.models.document import (
    Block,
    Chart,
    ChartKind,
    Document,
    Excerpt,
    Figure,
    Figures,
    Heading,
    Number,
    Series,
    Text,
)
from wecrm.models.report import Asked, By, Definition
from wecrm.models.table import Cell, Table
from wecrm.reports import REPORTS
from wecrm.reports.dashboardparts import PARTS, Part, Shape
from wecrm.reports.entries import Report, Sources
from wecrm.reports.totals import totalled

TAKES = ("department", "member", "channel")
"""What can be asked beside the period; a part whose report does not take it is left out."""

DAYS = 7
"""Days of the period when none is asked: the last whole ones."""

_BY_DAY_MAX, _BY_WEEK_MAX = 62, 400  # days that a chart shows one by one, or by week
_CHART_MAX = 12  # labels of a chart of bars
_CHARTS_MAX = 6  # charts of one part
_DAY_S = 86400
_EMPTY = (None, "", ())
_FIRST = ("total", "new", "fresh", "lost", "net")


@dataclass(frozen=True, slots=True)
class _Made:
    """One part that has something to show."""

    report: Report
    table: Table
    blocks: tuple[Block, ...]


def build(sources: Sources, asked: Asked, name: str, rows: int) -> Document:
    """The page of that profile's name: key figures beside those of the period before, then part after part, with
    at most so many `rows` of each table, and what is counted at the end.

    The period is the last seven whole days where none is asked.
    """
    asked = _dated(asked)
    left_out = [part for part in PARTS if not _answers(REPORTS[part.report], sources, asked)]
    made = [_made(part, sources, asked, rows) for part in PARTS if part not in left_out]
    shown = [each for each in made if isinstance(each, _Made)]
    empty = [_(report.title) for report in made if isinstance(report, Report)]
    blocks: list[Block] = [*_customers(sources, asked)]
    for each in shown:
        blocks += each.blocks
    blocks += _closing(shown, empty, [_(report.title) for report in (REPORTS[part.report] for part in left_out)])
    ages = [each.table.as_of for each in shown if each.table.as_of is not None]
    title = _("Customers of {name}", name=name)
    return Document(title, tuple(_facts(asked, min(ages, default=None))), tuple(blocks))


def _dated(asked: Asked) -> Asked:
    """The same with a beginning and an end; the end lies at most a moment after now."""
    if asked.since is None and asked.until is None:
        today = datetime.fromtimestamp(asked.now, asked.tz).date()
        until = periods.moment(today, asked.tz)
    else:
        until = min(asked.now + 1 if asked.until is None else asked.until, asked.now + 1)
    if asked.since is not None:
        return replace(asked, until=until)
    last = datetime.fromtimestamp(until - 1, asked.tz)
    first = datetime.fromordinal(last.toordinal() - DAYS + 1).date()
    return replace(asked, since=periods.moment(first, asked.tz), until=until)


def _by(asked: Asked) -> By:
    assert asked.since is not None
    assert asked.until is not None
    days = (asked.until - asked.since) / _DAY_S
    return "day" if days <= _BY_DAY_MAX else "week" if days <= _BY_WEEK_MAX else "month"


def _answers(report: Report, sources: Sources, asked: Asked) -> bool:
    """Whether the report takes what was asked beside the period, and has what it needs."""
    given = {"department": asked.departments, "member": asked.members, "channel": asked.channels, "tag": asked.tags}
    able = all(option in report.takes for option, values in given.items() if values)
    return able and (report.archive != "needed" or sources.archive is not None)


def _customers(sources: Sources, asked: Asked) -> Iterator[Block]:
    """The numbers to look at first, and their way through the period."""
    assert asked.since is not None
    assert asked.until is not None
    report, by = REPORTS["customers"], _by(asked)
    table = report.build(sources, replace(asked, by=by))
    parts = [_named(table, row) for row in table.rows]
    now = _whole(table, parts)
    since, until = periods.before(asked.since, asked.until, asked.tz)
    earlier = report.build(sources, replace(asked, by="", since=since, until=until))
    before = _whole(earlier, [_named(earlier, row) for row in earlier.rows])
    titles = {column.key: column.title for column in table.columns}
    ways = {key: tuple(_number(part[key]) for part in parts) for key in titles if key != "period"}
    yield Figures(
        tuple(Figure(titles[key], now.get(key), before.get(key), ways[key] if len(parts) > 1 else ()) for key in _FIRST)
    )
    if len(parts) > 1:
        labels = tuple(_short(str(part["period"]), by) for part in parts)
        yield Chart(
            "lines", _("New and lost"), labels, tuple(Series(titles[key], ways[key]) for key in ("new", "lost"))
        )
        yield Chart("lines", _("Customers in all"), labels, (Series(titles["total"], ways["total"]),))


def _whole(table: Table, parts: Sequence[dict[str, Cell]]) -> dict[str, Number]:
    """The figures of all rows in one: what is added up, and how it stood at the end; nothing for no rows."""
    if not parts:
        return {}
    sums = {column.key for column in table.columns if column.sums}
    return {
        key: sum(_number(part[key]) or 0 for part in parts) if key in sums else _number(cell)
        for key, cell in parts[-1].items()
    }


def _named(table: Table, row: Sequence[Cell]) -> dict[str, Cell]:
    return {column.key: cell for column, cell in zip(table.columns, row, strict=True)}


def _short(period: str, by: By) -> str:
    """A day without its year, which stands on top of the page."""
    return period if by == "month" else period[5:]


def _made(part: Part, sources: Sources, asked: Asked, rows: int) -> "_Made | Report":
    """The part's charts and table; its report alone where that has no rows."""
    report = REPORTS[part.report]
    table = report.build(sources, asked)
    table = totalled(replace(table, rows=list(table.rows)))
    every = [_named(table, row) for row in table.rows]
    if not any(_number(row[key]) for row in every for key in part.some):
        return report
    blocks: list[Block] = [Heading(_(report.title)), Text(_(report.summary), soft=True)]
    if not {"since", "until"} & report.takes:
        blocks.append(Text(_("As it is now, whatever the period."), soft=True))
    if part.shape:
        blocks += _charts(part.shape, report, table, every)
    if rows and part.columns:
        blocks.append(Excerpt(_narrowed(table, part.columns, rows), len(every)))
    return _Made(report, table, tuple(blocks))


def _charts(shape: Shape, report: Report, table: Table, every: Sequence[dict[str, Cell]]) -> Iterator[Chart]:
    """One chart, or one for each of the first values of the column that `shape.each` names."""
    titles = {column.key: column.title for column in table.columns}
    groups = dict.fromkeys(row[shape.each] if shape.each else None for row in every)
    for group in islice(groups, _CHARTS_MAX):
        rows = [row for row in every if not shape.each or row[shape.each] == group]
        if shape.kind != "lines":
            rows = [row for row in rows if any(_number(row[key]) for key in shape.values)][:_CHART_MAX]
        labels = tuple(_labels(rows, shape.labels))
        series = tuple(Series(titles[key], tuple(_number(row[key]) for row in rows)) for key in shape.values)
        if rows:
            yield Chart(shape.kind, _chart_title(shape.kind, report, series, group), labels, series)


def _chart_title(kind: ChartKind, report: Report, series: Sequence[Series], group: Cell) -> str:
    if group is not None:
        return str(group)
    return series[0].name if kind == "bars" and len(series) == 1 else _(report.title)


def _labels(rows: Sequence[dict[str, Cell]], keys: Sequence[str]) -> Iterator[str]:
    """The first of these cells that says anything; where that is not one row's alone, with the next one."""
    cells = [[_said(row[key]) for key in keys if row[key]] or ["—"] for row in rows]
    firsts = Counter(each[0] for each in cells)
    for each in cells:
        yield " · ".join(each[:2]) if firsts[each[0]] > 1 else each[0]


def _said(cell: Cell) -> str:
    return ", ".join(cell) if isinstance(cell, tuple) else str(cell)


def _number(cell: Cell) -> Number:
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else None


def _narrowed(table: Table, keys: Sequence[str], rows: int) -> Table:
    """The first rows with these columns, less those that are empty; the totals are those of all rows.

    The first column that is left is no figure: the word for the totals stands in it.
    """
    known = [column.key for column in table.columns]
    first = list(table.rows)[:rows]
    places = [known.index(key) for key in keys]
    places = [n for n in places if any(row[n] not in _EMPTY for row in first)]
    return replace(
        table,
        columns=tuple(table.columns[n] for n in places),
        rows=[tuple(row[n] for n in places) for row in first],
        totals=table.totals and (table.totals[0], *(table.totals[n] for n in places[1:])),
    )


def _facts(asked: Asked, as_of: float | None) -> Iterator[str]:
    """The period, the one before, and how old the figures are."""
    assert asked.since is not None
    assert asked.until is not None
    since, until = periods.before(asked.since, asked.until, asked.tz)
    yield _(
        "{period}, beside {before}.", period=_span(asked.since, asked.until, asked), before=_span(since, until, asked)
    )
    if as_of is not None:
        yield _("From the cache of {at}; made {now}.", at=_minute(as_of, asked), now=_minute(asked.now, asked))
    if asked.members:
        yield _("Members: {names}.", names=", ".join(asked.members))
    if asked.departments:
        yield _("Departments: {names}.", names=", ".join(map(str, asked.departments)))
    if asked.channels:
        yield _("Channels: {names}.", names=", ".join(asked.channels))


def _span(since: float, until: float, asked: Asked) -> str:
    """Both days where whole days are meant, else both minutes."""
    first, last = (datetime.fromtimestamp(at, asked.tz).date() for at in (since, until - 1))
    if periods.moment(first, asked.tz) == since and periods.moment(last + timedelta(days=1), asked.tz) == until:
        return f"{first} – {last}"
    return f"{_minute(since, asked)} – {_minute(until, asked)}"


def _minute(at: float, asked: Asked) -> str:
    return f"{datetime.fromtimestamp(at, asked.tz):%Y-%m-%d %H:%M}"


def _closing(shown: Sequence[_Made], empty: Sequence[str], left_out: Sequence[str]) -> Iterator[Block]:
    """What has nothing to show, what cannot answer, and what everything means."""
    if empty:
        yield Heading(_("Nothing to show"))
        yield Text("; ".join(empty))
    if left_out:
        yield Heading(_("Left out"))
        yield Text(
            _("These do not take what was asked, or need a session archive: {names}.", names="; ".join(left_out))
        )
    yield Heading(_("What is counted"))
    meant: dict[Definition, list[str]] = {}
    for report in (REPORTS["customers"], *(each.report for each in shown)):
        meant.setdefault(report.definition, []).append(_(report.title))
    for definition, titles in meant.items():
        yield Heading("; ".join(titles), 3)
        yield Text(_(definition.counts))
        for more in filter(None, (_(definition.source), _(definition.caveats))):
            yield Text(more, soft=True)
