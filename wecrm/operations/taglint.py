"""What is wrong with the tag library, as the cache has it, and the command that mends each thing.

A command here lifts no limit: one that takes a tag off many customers is stopped by the usual
thresholds, and then says which flag allows it.
"""

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wecrm.models.clock import Progress
from wecrm.models.text import visible
from wecrm.operations.rows import Problems
from wecrm.operations.taglikeness import pairs
from wecrm.operations.tagnames import TagNames
from wecrm.store import taglint as counts
from wecrm.store import tags as library
from wecrm.store.database import Store
from wecrm.store.taglint import Clash, Use
from wecrm.store.tags import KnownGroup, KnownTag

KINDS = ("unused", "near-duplicate", "exclusive", "single-tag-group", "single-member")

FEWEST_CUSTOMERS = 10
"""Customers from which it says something that one member alone uses a tag."""

FEWEST_MEMBERS = 3
"""Members with customers, from which it does."""

_TORN = (
    "SELECT userid, external_userid FROM relation JOIN relation_tag ON relation_id = id "
    "WHERE tag_id = '{}' AND status = 'active' AND external_userid IN (SELECT external_userid FROM relation "
    "JOIN relation_tag ON relation_id = id WHERE tag_id = '{}' AND status = 'active')"
)
"""The relations with one tag of customers who have the other one with anybody."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend.

    `tags`: what `fix` changes stands first. `customers` and `members`: who carries that tag; of
    `exclusive`, who has both. `detail`: why two names are alike, where two tags meet (`relation`,
    `members`), or the only member's userid.
    """

    kind: str
    tags: tuple[KnownTag, ...]
    customers: int
    members: int
    fix: str
    detail: str = ""


def findings(store: Store, kinds: Collection[str], progress: Callable[[Progress], None]) -> list[Finding]:
    """What these kinds of check find, in the order of `KINDS`."""
    groups = library.groups(store)
    tags = [tag for group in groups for tag in group.tags]
    working = counts.working(store)
    use = {tag.tag_id: Use() for tag in tags}
    if set(kinds) != {"exclusive"}:
        use |= counts.usage(store, working, progress)
    names = _Names(tags)
    clashes = (clash for group in groups if group.exclusive for clash in counts.clashes(store, group))
    checks: Mapping[str, Callable[[], Iterator[Finding]]] = {
        "unused": lambda: _unused(tags, use, names),
        "near-duplicate": lambda: _near(tags, use, names),
        "exclusive": lambda: (_clash(clash, names) for clash in clashes),
        "single-tag-group": lambda: _alone(groups, use, names),
        "single-member": lambda: _of_one(tags, use, names) if len(working) >= FEWEST_MEMBERS else iter(()),
    }
    return [finding for kind in KINDS if kind in kinds for finding in checks[kind]()]


class _Names:
    """What a shell command calls a tag: `group/name` where that means this tag alone, else its id."""

    def __init__(self, tags: Sequence[KnownTag]) -> None:
        self._names = TagNames(tags)

    def bare(self, tag: KnownTag) -> str:
        """The name, not quoted for anything."""
        name = f"{tag.group_name}/{tag.name}"
        plain = visible(name) == name and not name.startswith("-")
        return name if plain and self._names.existing(name, Problems()) == tag else tag.tag_id

    def word(self, tag: KnownTag) -> str:
        """The name as one word of a shell."""
        return shlex.quote(self.bare(tag))

    def delete(self, tag: KnownTag) -> str:
        """The command that deletes it."""
        return f"wecrm tags delete {self.word(tag)}"

    def merge(self, tag: KnownTag, into: str) -> str:
        """The command that merges it into another one, which is a word of a shell already."""
        return f"wecrm tags merge {self.word(tag)} --into {into}"

    def having(self, *tags: KnownTag) -> str:
        """The `--where` that finds relations with all these tags, as one word of a shell."""
        quoted = (self.bare(tag).replace('"', '""') for tag in tags)
        return shlex.quote(" and ".join(f'tag has "{name}"' for name in quoted))


def _found(kind: str, tags: tuple[KnownTag, ...], use: Mapping[str, Use], fix: str, detail: str = "") -> Finding:
    """A finding whose counts are those of its first tag."""
    counted = use[tags[0].tag_id]
    return Finding(kind, tags, counted.customers, counted.members, fix, detail)


def _unused(tags: Sequence[KnownTag], use: Mapping[str, Use], names: _Names) -> Iterator[Finding]:
    for tag in tags:
        if not use[tag.tag_id].customers:
            yield _found("unused", (tag,), use, names.delete(tag))


def _near(tags: Sequence[KnownTag], use: Mapping[str, Use], names: _Names) -> Iterator[Finding]:
    """The least used first: when one is merged away, nothing is to be merged into it any more."""
    ranked = sorted(tags, key=lambda tag: -use[tag.tag_id].customers)
    for pair in reversed(list(pairs(ranked))):
        fix = names.merge(pair.goes, names.word(pair.stays))
        yield _found("near-duplicate", (pair.goes, pair.stays), use, fix, pair.why)


def _clash(clash: Clash, names: _Names) -> Finding:
    """The tag that stands earlier goes: stages lead forward."""
    off = f"--remove {names.word(clash.earlier)} -o lint.plan"
    if clash.scope == "relation":
        fix = f"wecrm tags plan --where {names.having(clash.earlier, clash.later)} {off}"
    else:  # no --where sees two relations at once
        ids = (tag.tag_id.replace("'", "''") for tag in (clash.earlier, clash.later))
        fix = f"wecrm sql {shlex.quote(_TORN.format(*ids))} -o lint.csv && wecrm tags plan lint.csv {off}"
    tags = (clash.earlier, clash.later)
    return Finding("exclusive", tags, clash.customers, len(clash.userids), fix, clash.scope)


def _alone(groups: Sequence[KnownGroup], use: Mapping[str, Use], names: _Names) -> Iterator[Finding]:
    """Where its customers would have the tag instead, nobody but a person knows."""
    for group in groups:
        tag, *more = group.tags
        if not more:
            fix = names.merge(tag, "GROUP/TAG") if use[tag.tag_id].customers else names.delete(tag)
            yield _found("single-tag-group", (tag,), use, fix)


def _of_one(tags: Sequence[KnownTag], use: Mapping[str, Use], names: _Names) -> Iterator[Finding]:
    for tag in tags:
        found = use[tag.tag_id]
        if found.members == 1 and found.customers >= FEWEST_CUSTOMERS:
            yield _found("single-member", (tag,), use, names.delete(tag), found.userid)
