"""What the reports of customers who came and went have in common: their figures and the episodes behind them."""

from wecrm.i18n import _
from wecrm.models.report import Asked
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Sources
from wecrm.store import figures, figures_customers
from wecrm.store.figures_customers import Moves

TAKES = frozenset({"since", "until", "department", "member", "channel"})
COUNTS = (
    "Relations, so that a customer of two members counts twice. New ones were added within the period, received ones "
    "were shared or assigned by a colleague (add_way 201, 202). Lost ones were missed by a sync, handed over ones went "
    "to a colleague, hidden ones went out of the app's sight. Net is what came less what went. In all counts those who "
    "were there at the end. Who goes and returns counts each time; members who left count as long as they were there."
)
SOURCE = "The relations of the cache and their history."
CAVEATS = (
    "A loss has the time of the sync that noticed it. Who was lost before the first sync is not known: before it, "
    "only those who stayed are counted. Hidden ones are counted anew, at another time, when it is "
    "known what became of them."
)


def columns() -> tuple[Column, ...]:
    """The figures, in the order of `cells`."""
    return (
        Column("new", _("New"), "int", sums=True),
        Column("fresh", _("New to the corp"), "int", sums=True),
        Column("received", _("Received"), "int", sums=True),
        Column("lost", _("Lost"), "int", sums=True),
        Column("handed_over", _("Handed over"), "int", sums=True),
        Column("hidden", _("Hidden"), "int", sums=True),
        Column("net", _("Net"), "int", sums=True),
    )


def cells(moves: Moves) -> tuple[Cell, ...]:
    """The figures of one row."""
    return moves.new, moves.fresh, moves.received, moves.lost, moves.passed, moves.hidden, moves.net


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per episode that began or ended within the period."""
    shown = (
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("add_way", _("Added by"), "int"),
        Column("channel", _("Channel")),
        Column("began", _("Added"), "time"),
        Column("status", _("Status")),
        Column("ended", _("Ended"), "time"),
    )
    found = figures_customers.episodes(sources.store, asked)
    return Table("episodes", shown, found, as_of=figures.as_of(sources.store, "contacts"))
