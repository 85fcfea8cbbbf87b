"""Tags by channel: what the register says of a live code's customers, as rules."""

import hashlib
from collections.abc import Set

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.rules import Rule, RulesFile
from wecrm.models.text import visible
from wecrm.operations.rows import Problems
from wecrm.operations.tagnames import TagNames
from wecrm.store import attribution
from wecrm.store import tags as store_tags
from wecrm.store.database import Store


class CodeRule(Rule, frozen=True):
    """A rule that no file has: whom a live code brought gets one of its tags."""

    def label(self, n: int) -> str:
        """The name of the code."""
        return visible(self.name)


def rules(store: Store) -> tuple[RulesFile, str, tuple[str, ...]]:
    """The tags of all live codes as rules, their digest, and the names of codes whose customers nobody can tell.

    A tag of an exclusive group is a stage: it is for customers who have not come further already.

    Raises:
        UsageError: no live code has tags.
    """
    codes = tuple(attribution.tagging(store))
    if not codes:
        raise UsageError(
            _("No live code has tags for its customers."),
            _("They stand as `tags` in the file of live codes."),
            _("`wecrm livecodes pull codes.yaml`, write them down, then `wecrm livecodes push codes.yaml`."),
        )
    names = TagNames(store_tags.known(store))
    exclusive = {group.group_id for group in store_tags.groups(store) if group.exclusive}
    found = tuple(
        _rule(known.name, tag, names, exclusive)
        for known in codes
        if attribution.traceable(known)
        for tag in dict.fromkeys(known.entry.tags if known.entry else ())
    )
    digest = hashlib.sha256(msgspec.json.encode(found)).hexdigest()
    return RulesFile(found), digest, tuple(known.shown for known in codes if not attribution.traceable(known))


def _rule(code: str, tag: str, names: TagNames, exclusive: Set[str]) -> CodeRule:
    """The rule of one tag; whether there is such a tag is told when the rules are looked up."""
    known = names.existing(tag, Problems())
    if known is not None and known.group_id in exclusive:
        return CodeRule(code, code=code, stage=tag)
    return CodeRule(code, code=code, tag=tag)
