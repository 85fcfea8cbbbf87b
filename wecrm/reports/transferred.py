"""Transfers by taker: accepted, refused, and under way."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_jobs


def build(sources: Sources, asked: Asked) -> Table:
    """One row per taker and kind of thing, most first."""
    columns = (
        Column("userid", _("New member"), "id"),
        Column("name", _("Name")),
        Column("what", _("What")),
        Column("started", _("Begun"), "int", sums=True),
        Column("done", _("Done"), "int", sums=True),
        Column("refused", _("Refused"), "int", sums=True),
        Column("full", _("Taker full"), "int", sums=True),
        Column("lost", _("Lost"), "int", sums=True),
        Column("waiting", _("Waiting"), "int", sums=True),
        Column("accepted", _("Accepted"), "float", "%"),
    )
    found = ((*row, _share(row[4], row[3] - row[8])) for row in figures_jobs.transfers(sources.store, asked))
    return Table("transfers", columns, found)


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per transfer, latest first."""
    columns = (
        Column("started_at", _("Started"), "time"),
        Column("kind", _("Kind")),
        Column("what", _("What")),
        Column("handover", _("Former member"), "id"),
        Column("takeover", _("New member"), "id"),
        Column("object_id", _("Id"), "id"),
        Column("name", _("Name")),
        Column("status", _("Status")),
        Column("finished_at", _("Finished"), "time"),
        Column("job", _("Job"), "id"),
    )
    return Table("transferred", columns, figures_jobs.attempts(sources.store, asked))


REPORT = Report(
    title="Transfers",
    summary="Transfers by taker: done, refused, and still waiting.",
    definition=Definition(
        "Transfers of customers and groups that WeCom took on within the period, on the job and after members left. "
        "Accepted is the share of those done among those that are over. Member and department mean the taker's.",
        "Our own ledger of transfers.",
        "Transfers made elsewhere, such as in the admin console, are not in it. An outcome is known when it was asked "
        "for, a day after the beginning: `wecrm transfers poll`.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member"}),
    rows=rows,
    compares=True,
)
