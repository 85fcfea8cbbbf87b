"""The way of customers through the stages of an exclusive tag group."""

from collections.abc import Iterator, Sequence
from statistics import median

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_tags
from wecrm.store.figures_tags import Stage


def build(sources: Sources, asked: Asked) -> Table:
    """One row per stage, in the order of the stages, group after group."""
    columns = (
        Column("group", _("Tag group")),
        Column("stage", _("Stage")),
        Column("carried", _("Carried it"), "int"),
        Column("reached", _("Reached it"), "int"),
        Column("conversion", _("Of the stage before"), "float", "%"),
        Column("overall", _("Of the first stage"), "float", "%"),
        Column("now", _("In it now"), "int"),
        Column("moved", _("Went on"), "int"),
        Column("days", _("Days in it (median)"), "float", "d"),
    )
    found = figures_tags.funnels(sources.store, asked)
    rows = [row for stages in found for row in _rows(stages)]
    lack = _("No tag group is exclusive; `exclusive: true` in the tag library makes one so.")
    if asked.tags:
        lack = _("None of these tags belongs to an exclusive group.")
    notes = () if found else (lack,)
    return Table("funnel", columns, rows, notes=notes, as_of=figures.as_of(sources.store, "contacts"))


def _rows(stages: Sequence[Stage]) -> Iterator[tuple[Cell, ...]]:
    before = None
    for stage in stages:
        days = round(median(stage.days), 1) if stage.days else None
        yield (
            *(stage.group, stage.name, stage.carried, stage.reached),
            *(_share(stage.reached, before), _share(stage.reached, stages[0].reached)),
            *(stage.there, len(stage.days), days),
        )
        before = stage.reached


def _share(part: int, whole: int | None) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per stage that was put on or taken off, latest first."""
    columns = (
        Column("at", _("When"), "time"),
        Column("userid", _("Member"), "id"),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("group", _("Tag group")),
        Column("stage", _("Stage")),
        Column("on", _("Put on"), "bool"),
        Column("job", _("Job"), "id"),
    )
    found = ((*row[:6], bool(row[6]), row[7]) for row in figures_tags.moves(sources.store, asked))
    return Table("stages", columns, found, as_of=figures.as_of(sources.store, "contacts"))


REPORT = Report(
    title="Funnel",
    summary="Stages of an exclusive tag group: who reached each, conversion, and days in it.",
    definition=Definition(
        "Relations, whatever became of them since. Who was ever seen with a stage or a later one has reached it. Went "
        "on counts those who were seen to get the stage and a later one afterwards; days is the median from the first "
        "time the one was got to the next time one of the others was. In it now counts active relations alone. A "
        "period chooses relations by when the customer was added; with tags, only these are stages.",
        "The tags of the relations in the cache and their history. Stages come in the order of the tag library.",
        "A stage has the time of the sync or job that noticed it. A stage that was there when a relation was first "
        "seen has no beginning, and no days are counted for it. Deleted tags are no stages. A last stage that means "
        "failure makes all before it look reached: name the others as tags.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member", "tag"}),
    rows=rows,
    compares=True,
)
