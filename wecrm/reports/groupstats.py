"""Customer groups as WeCom counts them: per owner, or by day, week or month; `--rows` per owner and day."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports import statdays
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures
from wecrm.store import figures_statistics as store

VIEW = "group_days"


def _figures(*, sums: bool) -> tuple[Column, ...]:
    """The columns; what is as of a day adds up over owners alone."""
    return (
        Column("groups", _("Groups"), "int", sums=sums),
        Column("talking_groups", _("Groups with messages"), "int", sums=sums),
        Column("people", _("People"), "int", sums=sums),
        Column("talking_people", _("People who wrote"), "int", sums=sums),
        Column("new_groups", _("New groups"), "int", sums=True),
        Column("new_people", _("People who joined"), "int", sums=True),
        Column("messages", _("Messages"), "int", sums=True),
    )


def build(sources: Sources, asked: Asked) -> Table:
    """One row per owner, most people first; with `by` one per period, empty where nothing is known."""
    as_of, noted = figures.as_of(sources.store, "stats"), statdays.notes(sources, asked, VIEW)
    days = Column("days", _("Days known"), "int", sums=True)
    if asked.by:
        columns = (Column("period", _("Period")), Column("owners", _("Owners"), "int"), days, *_figures(sums=False))
        found = store.groups_by_period(sources.store, asked)
        return Table("group-stats", columns, list(statdays.with_gaps(sources, asked, VIEW, found)), noted, as_of)
    columns = (
        Column("owner", _("Owner"), "id"),
        Column("name", _("Owner name")),
        Column("left", _("Has left"), "bool"),
        days,
        Column("last", _("Last day known")),
        *_figures(sums=True),
    )
    rows = ((*row[:2], row[2] == 1, *row[3:]) for row in store.groups_by_owner(sources.store, asked))
    return Table("group-stats", columns, rows, noted, as_of)


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per known day, owner by owner; messages are those of the day."""
    columns = (
        Column("day", _("Day")),
        Column("owner", _("Owner"), "id"),
        Column("name", _("Owner name")),
        *_figures(sums=False),
        Column("provisional", _("Provisional"), "bool"),
    )
    found = ((*row[:-1], row[-1] == 1) for row in store.group_days(sources.store, asked))
    return Table("group-days", columns, found, as_of=figures.as_of(sources.store, "stats"))


REPORT = Report(
    title="Customer groups by WeCom's count",
    summary="Customer groups as WeCom counts them: groups, people, who joined, messages; by owner or by day.",
    definition=Definition(
        "Groups and people are as of the last known day of the period, and so are the groups in which anybody, and "
        "the people who, ever wrote. New groups, joined and messages are of the period; messages are the difference"
        " between all that were ever written at its end and before its beginning, and are empty where the day "
        "before its beginning is not known, or WeCom told nothing of it but of an earlier one; of a period without "
        "a beginning they are all that were ever written.",
        "WeCom's own statistics of customer groups, read by `wecrm sync stats`, for owners who may be asked for.",
        statdays.DAYS + " A group that changes its owner takes its messages along: less than nothing for the one, more "
        "for the other.",
    ),
    build=build,
    takes=frozenset(("since", "until", "by", "department", "member")),
    rows=rows,
)
