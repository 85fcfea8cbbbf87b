"""What a person should know before transfers are applied: who gets how many, how long it takes, what is for good."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from wecrm.api.transfers import GROUPS_A_DAY
from wecrm.i18n import _
from wecrm.models.plan import Change
from wecrm.models.sharing import Taker
from wecrm.operations import transferrefusals, transfers
from wecrm.operations.outcomes import text
from wecrm.operations.transferrefusals import MOVES, WINDOW_DAYS, Refused

CUSTOMERS_MAX = 5000
"""Customers that WeCom lets a member have, unless the corp bought more."""


def notes(
    changes: Sequence[Change],
    takers: Sequence[Taker],
    moves: Mapping[str, int],
    bundles: Sequence[int],
    refused: Sequence[Refused],
) -> list[str]:
    """Sentences about a plan of these changes; `moves`: on-job moves of each customer in the last 90 days."""
    customers = [change for change in changes if change.op == transfers.Customer.op]
    groups = [change for change in changes if change.op == transfers.Group.op]
    return [
        *_takers(customers, groups, takers),
        *_bundles(bundles),
        *_days(groups),
        *_last_moves(customers, moves),
        *_for_good(customers),
        *transferrefusals.summary(refused),
    ]


def _takers(customers: Sequence[Change], groups: Sequence[Change], takers: Sequence[Taker]) -> Iterator[str]:
    given = Counter(text(change.key["takeover"]) for change in customers)
    owned = Counter(text(change.key["takeover"]) for change in groups)
    for taker in sorted(takers, key=lambda taker: taker.userid):
        n, after = given[taker.userid], taker.load + given[taker.userid]
        if n or owned[taker.userid]:
            yield _(
                "{userid}: {n:,} customers ({before:,} → {after:,}), {groups:,} groups",
                userid=taker.userid,
                n=n,
                before=taker.load,
                after=after,
                groups=owned[taker.userid],
            )
        if n and after > CUSTOMERS_MAX:
            yield _(
                "{userid} would have {n:,} customers; WeCom allows {limit:,}, unless the corp bought more.",
                userid=taker.userid,
                n=after,
                limit=CUSTOMERS_MAX,
            )


def _bundles(bundles: Sequence[int]) -> Iterator[str]:
    if bundles:
        yield _("Kept together: {n:,} times, at most {most:,} customers.", n=len(bundles), most=max(bundles))


def _days(groups: Sequence[Change]) -> Iterator[str]:
    """How long the groups take: 300 a day for who gives, and for who takes."""
    busiest = (
        max(
            (max(Counter(text(change.key[side]) for change in groups).values()) for side in ("handover", "takeover")),
            default=0,
        )
        if groups
        else 0
    )
    if busiest:
        yield _(
            "Days for the groups: {days} (WeCom moves {limit} a day from one owner, and to one).",
            days=-(-busiest // GROUPS_A_DAY),
            limit=GROUPS_A_DAY,
        )


def _last_moves(customers: Sequence[Change], moves: Mapping[str, int]) -> Iterator[str]:
    onjob = Counter(text(c.key["external_userid"]) for c in customers if c.key["kind"] == "onjob")
    last = sum(moves.get(external, 0) + n >= MOVES for external, n in onjob.items())
    if last:
        yield _("Customers whose last move on the job in {days} days this is: {n:,}.", days=WINDOW_DAYS, n=last)


def _for_good(customers: Sequence[Change]) -> Iterator[str]:
    kinds = Counter(text(change.key["kind"]) for change in customers)
    if kinds["onjob"]:
        yield _(
            "On the job, {n:,}: who refuses within 24 hours stays; undo moves the others back, which is a second move.",
            n=kinds["onjob"],
        )
    if kinds["resigned"]:
        yield _("Of somebody who left, {n:,}: this can't be undone; who refuses is lost.", n=kinds["resigned"])
