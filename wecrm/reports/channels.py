"""Customers per channel: how many came, and how many of them were lost after a day, a week and a month."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import beginnings, figures
from wecrm.store import livecodes as register
from wecrm.store.beginnings import TERMS, Came
from wecrm.store.code_details import channel_of
from wecrm.store.database import Store

Key = tuple[str, str]
"""(kind, channel): contact, group or link; or none, for customers whom no live code brought."""


@dataclass(slots=True)
class _Codes:
    """Names of the codes, those that are gone included, by kind and channel; of links by link_id, too."""

    by_channel: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_link: dict[str, str] = field(default_factory=dict)

    def names(self, kind: str, channel: str, links: Iterable[str] = ()) -> tuple[str, ...]:
        """The codes of these links, and those of the channel, each once."""
        found = dict.fromkeys(self.by_link[link] for link in links if link in self.by_link)
        return tuple(found | dict.fromkeys(self.by_channel.get((kind, channel), ())))


def build(sources: Sources, asked: Asked) -> Table:
    """One row per channel and kind of code; a link without a channel has a row of its own.

    `added` counts beginnings within the period. `lost_7`: of those whom we could watch for 7 days, how
    many were lost by then, and `rate_7` their share. Of join ways only who is in the groups is known.
    """
    columns = [
        Column("channel", _("Channel")),
        Column("kind", _("Kind")),
        Column("codes", _("Live codes"), "list"),
        Column("known", _("Known"), "bool"),
        Column("added", _("Added"), "int", sums=True),
        Column("fresh", _("New to the corp"), "int", sums=True),
        Column("active", _("Active"), "int", sums=True),
        Column("lost", _("Lost"), "int", sums=True),
        Column("kept", _("Kept"), "float", "%"),
    ]
    for days in TERMS:
        columns.append(Column(f"lost_{days}", _("Lost in {days} d", days=days), "int"))
        columns.append(Column(f"rate_{days}", _("Share in {days} d", days=days), "float", "%"))
    store = sources.store
    codes = _codes(store)
    rows = [*_came(beginnings.came(store, asked), codes), *_joined(beginnings.joined(store, asked), codes)]
    rows.sort(key=lambda row: (-int(str(row[4])), str(row[0]), str(row[1])))
    return Table("channels", tuple(columns), rows, as_of=figures.as_of(store, "contacts"))


def _codes(store: Store) -> _Codes:
    found = _Codes()
    for known in register.known(store, gone=True):
        if channel_of(known):
            found.by_channel[known.code.kind, channel_of(known)].append(known.shown)
        if known.code.kind == "link":
            found.by_link[known.code.id] = known.shown
    return found


def _came(found: Iterable[Came], codes: _Codes) -> Iterator[tuple[Cell, ...]]:
    groups: dict[tuple[str, str, str], list[Came]] = defaultdict(list)
    for each in found:
        groups[_kind(each.link, each.channel), each.channel, "" if each.channel else each.link_id].append(each)
    for (kind, channel, _link), parts in groups.items():
        names = codes.names(kind, channel, (one.link_id for one in parts))
        added, lost = sum(one.added for one in parts), sum(one.lost for one in parts)
        yield (
            *(channel, kind, names, None if kind == "none" else bool(names), added),
            *(sum(one.fresh for one in parts), sum(one.active for one in parts), lost, _share(added - lost, added)),
            *_terms(parts),
        )


def _kind(link: bool, channel: str) -> str:
    return "link" if link else "contact" if channel else "none"


def _terms(parts: Sequence[Came]) -> Iterator[Cell]:
    for n in range(len(TERMS)):
        judged, gone = sum(one.judged[n] for one in parts), sum(one.gone[n] for one in parts)
        yield gone if judged else None
        yield _share(gone, judged)


def _joined(found: Iterable[beginnings.Joined], codes: _Codes) -> Iterator[tuple[Cell, ...]]:
    unknown = (None,) * (4 + 2 * len(TERMS))
    for each in found:
        names = codes.names("group", each.channel)
        yield each.channel, "group", names, bool(names), each.added, *unknown


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per beginning that is counted, latest first, then one per person who joined a group."""
    columns = (
        Column("channel", _("Channel")),
        Column("kind", _("Kind")),
        Column("codes", _("Live codes"), "list"),
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("began", _("Added"), "time"),
        Column("fresh", _("New to the corp"), "bool"),
        Column("status", _("Status")),
        Column("ended", _("Ended"), "time"),
        Column("chat_id", _("Group"), "id"),
    )
    store = sources.store
    found = chain(_single(store, asked), _single_joined(store, asked))
    return Table("came", columns, found, as_of=figures.as_of(store, "contacts"))


def _single(store: Store, asked: Asked) -> Iterator[tuple[Cell, ...]]:
    codes = _codes(store)
    for link, channel, link_id, *who, began, fresh, status, ended in beginnings.each(store, asked):
        kind = _kind(link, channel)
        yield channel, kind, codes.names(kind, channel, [link_id]), *who, began, bool(fresh), status, ended, None


def _single_joined(store: Store, asked: Asked) -> Iterator[tuple[Cell, ...]]:
    codes = _codes(store)
    for channel, *who, at, chat_id in beginnings.each_joined(store, asked):
        yield channel, "group", codes.names("group", channel), *who, at, None, None, None, chat_id


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


REPORT = Report(
    title="Customers per channel",
    summary="Customers per channel (state of the live code): added, lost after 1, 7 and 30 days, kept.",
    definition=Definition(
        "Every time somebody became a customer, by the channel they came through; shared and assigned customers "
        "came before and are not counted. Lost in 7 days: of those who could be watched for 7 days, how many were "
        "lost by then; the share is of those, not of all that were added. Kept: not lost by now.",
        "The relations of the cache and their history, live codes and the customers of links.",
        "When a customer was lost is when a sync missed them. Of join ways only who is in the groups now is "
        "known; with a member or department they are those of the groups that these own.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member", "channel"}),
    rows=rows,
    compares=True,
)
