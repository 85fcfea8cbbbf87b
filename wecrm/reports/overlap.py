"""Tags that stand on the same customers."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports import carriers
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_tags


def build(sources: Sources, asked: Asked) -> Table:
    """One row per two tags that some active relation carries both of, most relations first."""
    columns = (
        Column("group", _("Tag group")),
        Column("tag", _("Tag")),
        Column("other_group", _("Other tag group")),
        Column("other_tag", _("Other tag")),
        Column("both", _("Both"), "int"),
        Column("share", _("Of the tag"), "float", "%"),
        Column("other_share", _("Of the other tag"), "float", "%"),
    )
    alone, both = figures_tags.overlaps(sources.store, asked)
    names = figures_tags.tag_names(sources.store)
    rows = []
    for (tag, other), count in both.items():
        if asked.tags and tag not in asked.tags:
            tag, other = other, tag
        label, other_label = (names[each] if names[each][1] else ("", each) for each in (tag, other))
        rows.append(
            (*label, *other_label, count, round(100 * count / alone[tag], 1), round(100 * count / alone[other], 1))
        )
    rows.sort(key=lambda row: (-row[4], row[:4]))
    return Table("tag-overlap", columns, rows, as_of=figures.as_of(sources.store, "contacts"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per active relation that carries two tags or more; with a tag, that one and another."""
    names = figures_tags.tag_names(sources.store)
    return carriers.table(sources, asked, lambda tag: "/".join(names[tag]) if names[tag][1] else tag, 2)


REPORT = Report(
    title="Tags that go together",
    summary="Tags that stand on the same customers, two by two.",
    definition=Definition(
        "Active relations that carry both tags, and their share of all that carry the one or the other. With a tag, "
        "only what goes together with it.",
        "The tags of the relations in the cache.",
        "Tags of strategies, whose names WeCom does not tell here, stand under their ids.",
    ),
    build=build,
    takes=frozenset({"department", "member", "tag"}),
    rows=rows,
)
