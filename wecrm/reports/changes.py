"""What our jobs changed at WeCom, and what became of each change."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_jobs


def build(sources: Sources, asked: Asked) -> Table:
    """One row per operation, most changes first."""
    columns = (
        Column("op", _("Operation")),
        Column("jobs", _("Jobs"), "int"),
        Column("changes", _("Changes"), "int", sums=True),
        Column("made", _("Made"), "int", sums=True),
        Column("same", _("Already so"), "int", sums=True),
        Column("failed", _("Failed"), "int", sums=True),
        Column("conflict", _("Conflict"), "int", sums=True),
        Column("unknown", _("Unknown"), "int", sums=True),
        Column("skipped", _("Skipped"), "int", sums=True),
        Column("open", _("Open"), "int", sums=True),
    )
    return Table("changes", columns, figures_jobs.changes(sources.store, asked))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per change, latest job first."""
    columns = (
        Column("applied", _("Applied"), "time"),
        Column("job", _("Job"), "id"),
        Column("title", _("Title")),
        Column("row", _("Row"), "int"),
        Column("op", _("Operation")),
        Column("object", _("Object")),
        Column("status", _("Status")),
        Column("errcode", "errcode", "int"),
        Column("sent", _("Sent"), "time"),
    )
    return Table("changed", columns, figures_jobs.changed(sources.store, asked))


REPORT = Report(
    title="Changes made",
    summary="What our jobs changed: made, already so, failed and open, by operation.",
    definition=Definition(
        "Changes of jobs that were first applied within the period, undoing ones included, by what became of them. "
        "Conflict: it was otherwise by then, and was left alone. Unknown: whether it arrived is not known yet.",
        "The journal of jobs.",
        "A job with several operations counts under each; changes made elsewhere are not in the journal.",
    ),
    build=build,
    takes=frozenset({"since", "until"}),
    rows=rows,
    compares=True,
)
