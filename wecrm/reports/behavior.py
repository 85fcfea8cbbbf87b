"""One-to-one chats as WeCom counts them: per member, or by day, week or month; `--rows` per member and day."""

from collections.abc import Iterable, Iterator

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports import statdays
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures
from wecrm.store import figures_statistics as store

VIEW = "behavior_days"


def _figures() -> tuple[Column, ...]:
    return (
        Column("chats", _("Chats"), "int", sums=True),
        Column("messages", _("Messages"), "int", sums=True),
        Column("reply_percentage", _("Share answered"), "float", "%"),
        Column("reply_minutes", _("Reply time"), "float", _("min")),
        Column("negative", _("Negative feedback"), "int", sums=True),
        Column("applied", _("Requests"), "int", sums=True),
        Column("added", _("New customers"), "int", sums=True),
    )


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member, most messages first; with `by` one per period, empty where nothing is known."""
    as_of, noted = figures.as_of(sources.store, "stats"), statdays.notes(sources, asked, VIEW)
    days = Column("days", _("Days known"), "int", sums=True)
    if asked.by:
        columns = (Column("period", _("Period")), Column("members", _("Members"), "int"), days, *_figures())
        found = _rounded(store.chats_by_period(sources.store, asked), 5)
        lines = list(statdays.with_gaps(sources, asked, VIEW, found))
        return Table("behavior", columns, lines, noted, as_of)
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("left", _("Has left"), "bool"),
        days,
        *_figures(),
    )
    found = ((*row[:2], row[2] == 1, *row[3:]) for row in _rounded(store.chats_by_member(sources.store, asked), 6))
    return Table("behavior", columns, found, noted, as_of)


def _rounded(found: Iterable[tuple[Cell, ...]], first: int) -> Iterator[tuple[Cell, ...]]:
    """The two means, which begin at that place, with two digits."""
    for row in found:
        means = (None if mean is None else round(float(str(mean)), 2) for mean in row[first : first + 2])
        yield *row[:first], *means, *row[first + 2 :]


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per known day, member by member."""
    columns = (
        Column("day", _("Day")),
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        *_figures(),
        Column("provisional", _("Provisional"), "bool"),
    )
    found = ((*row[:-1], row[-1] == 1) for row in store.chat_days(sources.store, asked))
    return Table("behavior-days", columns, found, as_of=figures.as_of(sources.store, "stats"))


REPORT = Report(
    title="One-to-one chats",
    summary="One-to-one chats as WeCom counts them: messages, share answered, reply time, new customers.",
    definition=Definition(
        "Chats in which the member wrote, messages that the member sent, customers who deleted or blocked the member, "
        "friend requests that the member sent, and new customers, summed up over days. Answered and reply time are "
        "the means of the days of members that have one: WeCom does not tell what they are shares of. Days known: "
        "days of members of which there are figures.",
        "WeCom's own statistics of customer contact, read by `wecrm sync stats`.",
        statdays.DAYS + " A day that was never read is a gap and not a zero. Group chats are not counted.",
    ),
    build=build,
    takes=frozenset(("since", "until", "by", "department", "member")),
    rows=rows,
    compares=True,
)
