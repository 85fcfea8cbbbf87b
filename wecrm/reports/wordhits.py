"""Hits of sensitive words by rule, from the session archive."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_hits, figures_messages


def build(sources: Sources, asked: Asked) -> Table:
    """One row per rule and day, week or month with hits, most hits first."""
    archive = sources.needed()
    columns = (
        *((Column("period", _("Period")),) if asked.by else ()),
        Column("rule", _("Rule")),
        Column("level", _("Level")),
        Column("hits", _("Hits"), "int", sums=True),
        Column("by_members", _("By members"), "int", sums=True),
        Column("by_customers", _("By customers"), "int", sums=True),
        Column("conversations", _("Conversations"), "int"),
        Column("persons", _("Persons"), "int"),
        Column("untold", _("Nobody told"), "int", sums=True),
        Column("newest", _("Newest"), "time"),
    )
    found = figures_hits.by_rule(sources.store, archive, asked)
    rows = ((*((label,) if asked.by else ()), *figures) for label, *figures in found)
    return Table("words_hits", columns, rows, as_of=figures_messages.pulled_at(archive))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per hit, the newest first."""
    archive = sources.needed()
    columns = (
        Column("at", _("At"), "time"),
        Column("level", _("Level")),
        Column("rule", _("Rule")),
        Column("found", _("Found")),
        Column("from", _("From"), "id"),
        Column("conversation", _("Conversation"), "int"),
        Column("msgid", _("Message"), "id"),
    )
    found = figures_hits.single(sources.store, archive, asked)
    return Table("hits", columns, found, as_of=figures_messages.pulled_at(archive))


REPORT = Report(
    title="Sensitive words",
    summary="Hits of the rules of sensitive words: by members, by customers, untold.",
    definition=Definition(
        "A message counts once for each rule it meets. Conversations are those with a hit, persons those who wrote "
        "one. For members or departments: hits in conversations in which they take part, whoever wrote. Nobody told: "
        "`wecrm archive words notify` has not sent word of it.",
        "The hits that the session archive keeps while messages are pulled, or after `wecrm archive words scan`.",
        "Messages are looked at with the rules of the day they were pulled; a changed rule leaves old hits as they "
        "are. Whether somebody was told is as of the last `wecrm archive words` command.",
    ),
    build=build,
    takes=frozenset({"since", "until", "by", "department", "member"}),
    rows=rows,
    compares=True,
    archive="needed",
)
