"""Scores of customers: listed, explained factor by factor, and tried on history."""

from array import array
from collections.abc import Iterator, Sequence

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.scores import Score, Standing
from wecrm.models.table import Cell, Column, Table
from wecrm.store import figures, figures_scores
from wecrm.store.database import Store

DECILES = 10
_DAY_S = 86400


def listed(store: Store, score: Score, at: float, tags: Sequence[str]) -> Table:
    """One row per relation that was active then, highest score first: the score and what each factor added.

    Args:
        tags: ids of the tag that is the outcome, without those who carried it then; none where it is a loss.
    """
    columns = (
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("score", _("Score"), "float"),
        *(Column(factor.name, factor.name, "float") for factor in score.factors),
    )
    found = figures_scores.standings(store, score, at, at, tags)
    rows = (_row(score, one) for one in found if one.hit is not None)
    return Table("scores", columns, rows, as_of=figures.as_of(store, "contacts"))


def _row(score: Score, one: Standing) -> tuple[Cell, ...]:
    parts = score.parts(one)
    figures = [round(value, 2) + 0.0 for value in (sum(parts), *parts)]
    return one.userid, one.member, one.external_userid, one.name, *figures


def explained(store: Store, score: Score, at: float, customer: str) -> Table:
    """One row per factor, for each member who had the customer (external_userid): how the score comes about.

    Raises:
        UsageError: nobody had such a customer then.
    """
    columns = (
        Column("userid", _("Member"), "id"),
        Column("factor", _("Factor")),
        Column("column", _("Measured")),
        Column("value", _("Value"), "float"),
        Column("cap", _("Cap"), "float"),
        Column("weight", _("Weight"), "float"),
        Column("contribution", _("Contribution"), "float"),
    )
    found = list(figures_scores.standings(store, score, at, at, customer=customer)) if customer else []
    if not found:
        raise UsageError(
            _("Nobody had the customer {id} then.", id=repr(customer)), "", _("Give the external_userid of a customer.")
        )
    rows = [row for one in found for row in _explained(score, one)]
    return Table("explained", columns, rows, as_of=figures.as_of(store, "contacts"))


def _explained(score: Score, one: Standing) -> Iterator[tuple[Cell, ...]]:
    parts = score.parts(one)
    for factor, value, part in zip(score.factors, one.measures, parts, strict=True):
        shown = round(float(value), 2)
        yield one.userid, factor.name, factor.column, shown, factor.cap, factor.weight, _rounded(part)
    yield one.userid, _("Total"), "", None, None, None, _rounded(sum(parts))


def tried(store: Store, score: Score, at: float, days: int, tags: Sequence[str]) -> Table:
    """One row per tenth of the relations by their score at a moment, highest first: how many of them had the outcome
    in the days after, beside the rate of all of them, which is in the totals row.

    Args:
        store: the cache.
        score: what is tried.
        at: unix seconds.
        days: how long the outcome is waited for.
        tags: ids of the tag that is the outcome; none where it is that the customer is lost.

    Raises:
        UsageError: before the first sync, or the days are not over at the last one.
    """
    first, last, until = figures_scores.began(store), figures.as_of(store, "contacts"), at + days * _DAY_S
    if first is None or last is None or at < first or until > last:
        raise UsageError(
            _("The cache does not know the {days} days after that moment.", days=days),
            _("Its history begins with the first sync, and ends with the last one."),
            _("Choose another --at, or fewer --days."),
        )
    totals, hits = array("d"), bytearray()
    for one in figures_scores.standings(store, score, at, until, tags):
        if one.hit is not None:
            totals.append(sum(score.parts(one)))
            hits.append(one.hit)
    columns = (
        Column("decile", _("Tenth"), "int"),
        Column("from", _("Score from"), "float"),
        Column("to", _("Score to"), "float"),
        Column("customers", _("Customers"), "int"),
        Column("hits", _("Hits"), "int"),
        Column("rate", _("Hit rate"), "float", "%"),
        Column("lift", _("Times the base rate"), "float"),
    )
    rows = list(_deciles(totals, hits))
    every = (None, None, None, len(hits), sum(hits), _percent(_rate(hits)), None)
    return Table("deciles", columns, rows, notes=_told(days), as_of=last, totals=every)


def _rounded(value: float) -> float:
    """To two decimals; nothing is 0, never -0."""
    return round(value, 2) + 0.0


def _told(days: int) -> tuple[str, ...]:
    return (
        _(
            "Relations that were active and known then. Who went another way within the {days} days, or had the tag "
            "already, is left out. Losses and tags have the time of the sync that noticed them.",
            days=days,
        ),
    )


def _deciles(totals: Sequence[float], hits: Sequence[int]) -> Iterator[tuple[Cell, ...]]:
    """Tenths as even as they can be; of fewer than ten relations, one row for each."""
    base = _rate(hits)
    for n in range(DECILES):
        first, end = len(hits) * n // DECILES, len(hits) * (n + 1) // DECILES
        part = hits[first:end]
        if part:
            rate = _rate(part)
            lift = None if rate is None or not base else round(rate / base, 2)
            ends = _rounded(totals[end - 1]), _rounded(totals[first])
            yield n + 1, *ends, len(part), sum(part), _percent(rate), lift


def _rate(hits: Sequence[int]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _percent(rate: float | None) -> float | None:
    return None if rate is None else round(100 * rate, 2)
