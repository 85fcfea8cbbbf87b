"""What a rule can ask of a relation: each kind of condition as SQL, and as words for who wonders why.

A kind is a field of `models.rules.Rule` and one entry of KINDS; nothing else knows of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from wecrm.errors import UsageError
from wecrm.i18n import LANGUAGES, _, catalogue, language
from wecrm.models.contact import ADD_WAYS
from wecrm.models.livecode import Kind as CodeKind
from wecrm.models.rules import Rule, several
from wecrm.models.text import folded, visible
from wecrm.store import attribution, selection
from wecrm.store import rules as store
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean
from wecrm.store.views import view


@dataclass(frozen=True, slots=True)
class Cache:
    """Where rules look: the cache, and the time (unix seconds) and zone that a `where` counts in."""

    store: Store
    now: float
    tz: tzinfo


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `sql` for a rule (a UsageError says what is wrong with it), and what a relation shows instead.

    `seen` takes the cached relation and is a sentence, or "" where there is nothing to show. `needs` are
    the parts of the cache that a rule looks at besides contacts, as `wecrm sync` calls them.
    """

    sql: Callable[[Cache, Rule], Compiled]
    seen: Callable[[Cache, store.Facts], str]
    needs: Callable[[Cache, Rule], frozenset[str]] = lambda _cache, _rule: frozenset()


def _channel(_cache: Cache, rule: Rule) -> Compiled:
    return store.by_channel([str(each) for each in several(rule.channel)])


def _channel_seen(_cache: Cache, facts: store.Facts) -> str:
    if not facts.channel:
        return _("the relation has no channel")
    return _("the channel is {channel}", channel=visible(facts.channel))


def _code(cache: Cache, rule: Rule) -> Compiled:
    codes = [known for each in several(rule.code) for known in attribution.named(cache.store, str(each))]
    blind = [known.shown for known in codes if not attribution.traceable(known)]
    if blind:
        raise UsageError(
            _("Nobody can tell whom these live codes bring: {names}.", names=", ".join(map(visible, blind))),
            _("They have no channel."),
            _("Give each a `channel` in the file of live codes and push it: `wecrm livecodes push FILE`."),
        )
    return attribution.brought_by(codes)


_CODES_IN: Mapping[CodeKind, str] = {"link": "livecodes", "group": "groups"}
"""Where the customers of a kind of live code stand, if not on their relations."""


def _code_needs(cache: Cache, rule: Rule) -> frozenset[str]:
    try:
        codes = [known for each in several(rule.code) for known in attribution.named(cache.store, str(each))]
    except UsageError:  # `sql` tells of it, with its rule
        return frozenset()
    return frozenset(_CODES_IN[known.code.kind] for known in codes if known.code.kind in _CODES_IN)


def _add_way(_cache: Cache, rule: Rule) -> Compiled:
    return store.by_add_way([each if isinstance(each, int) else _way(each) for each in several(rule.add_way)])


def _way(name: str) -> int:
    """The number of a way by which customers are added, from the name that wecrm shows in any language."""
    for number in ADD_WAYS:
        if folded(name) in {folded(_way_shown(number, each)) for each in LANGUAGES}:
            return number
    shown = [_way_shown(number, language()) for number in ADD_WAYS]
    raise UsageError(
        _("There is no way of adding called {name}.", name=repr(visible(name))),
        "",
        did_you_mean(name, shown, 3) or _("The ways are: {names}.", names=", ".join(shown)),
    )


def _way_shown(number: int, tongue: str) -> str:
    word = ADD_WAYS.get(number, str(number))
    return catalogue(tongue).get(word, word)


def _add_way_seen(_cache: Cache, facts: store.Facts) -> str:
    if facts.add_way is None:
        return _("it is not known how the customer was added")
    return _("the customer was added by: {way}", way=_way_shown(facts.add_way, language()))


def _chat(cache: Cache, rule: Rule) -> Compiled:
    return store.in_chats([id_ for each in several(rule.chat) for id_ in store.chat_ids(cache.store, str(each))])


def _chat_seen(cache: Cache, facts: store.Facts) -> str:
    names = store.chat_names(cache.store, facts.external_userid)
    if not names:
        return _("the customer is in no group")
    return _("the customer's groups are: {names}", names=", ".join(map(visible, names)))


def _where(cache: Cache, rule: Rule) -> Compiled:
    return selection.compile(view("contacts"), rule.where, now=cache.now, tz=cache.tz, store=cache.store)


def _where_seen(_cache: Cache, _facts: store.Facts) -> str:
    return _("the condition of `where` is not met")


KINDS: Mapping[str, Kind] = {
    "channel": Kind(_channel, _channel_seen),
    "code": Kind(_code, _channel_seen, _code_needs),
    "add_way": Kind(_add_way, _add_way_seen),
    "chat": Kind(_chat, _chat_seen, lambda _cache, _rule: frozenset({"groups"})),
    "where": Kind(_where, _where_seen),
}
"""Field of a rule → its kind."""
