"""Mass messages: who sent them and whom they reached; `--rows` per member."""

from collections.abc import Iterator

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_groupsends


def _fates() -> tuple[Column, ...]:
    return (
        Column("delivered", _("Delivered"), "int", sums=True),
        Column("undelivered", _("Not sent"), "int", sums=True),
        Column("no_friend", _("No friend"), "int", sums=True),
        Column("cap_reached", _("Cap reached"), "int", sums=True),
    )


def build(sources: Sources, asked: Asked) -> Table:
    """One row per mass message of the corp made within the period, latest first."""
    columns = (
        Column("at", _("Made"), "time"),
        Column("msgid", _("Message"), "id"),
        Column("chat_type", _("To")),
        Column("text", _("Text")),
        Column("creator", _("Creator"), "id"),
        Column("members", _("Members"), "int", sums=True),
        Column("members_sent", _("Members who sent"), "int", sums=True),
        Column("sent_share", _("Share of members"), "float", "%"),
        *_fates(),
        Column("reached", _("Share reached"), "float", "%"),
        Column("read_at", _("Read"), "time"),
    )
    rows = _shares(sources, asked)
    return Table("groupsends", columns, rows, as_of=figures.as_of(sources.store, "stats"))


def _shares(sources: Sources, asked: Asked) -> Iterator[tuple[Cell, ...]]:
    for *head, members, sent, delivered, undelivered, no_friend, cap, read_at in figures_groupsends.sends(
        sources.store, asked
    ):
        tried = None if delivered is None else delivered + no_friend + cap
        yield (
            *(*head, members, sent, _share(sent, members)),
            *(delivered, undelivered, no_friend, cap, _share(delivered, tried), read_at),
        )


def _share(part: int | None, whole: int | None) -> float | None:
    return round(100 * part / whole, 1) if whole and part is not None else None


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per mass message and member who was asked to send it."""
    columns = (
        Column("at", _("Made"), "time"),
        Column("msgid", _("Message"), "id"),
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("sent", _("Sent it"), "bool"),
        Column("sent_at", _("Sent at"), "time"),
        *_fates(),
    )
    found = ((*row[:4], row[4] == 1, *row[5:]) for row in figures_groupsends.tasks(sources.store, asked))
    return Table("groupsend-tasks", columns, found, as_of=figures.as_of(sources.store, "stats"))


REPORT = Report(
    title="Mass messages",
    summary="Mass messages: how many members sent them, and how many receivers they reached.",
    definition=Definition(
        "Mass messages of the corp that were made within the period. Members were asked to send, and sent. Receivers "
        "are counted for members who sent: delivered, not sent, not reached because they are no friends of the member "
        "or had as many mass messages as they may get. The share reached is of those that were tried.",
        "WeCom's records of mass messages, read by `wecrm sync stats`.",
        "Messages that members send on their own are not counted. A message is looked at for 30 days; of groups WeCom "
        "tells only those it was sent to. What a member sent later than that, or after leaving, is not known.",
    ),
    build=build,
    takes=frozenset(("since", "until", "department", "member")),
    rows=rows,
)
