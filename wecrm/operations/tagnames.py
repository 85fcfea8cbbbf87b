"""From what people call a tag to its id: by name, by `group/name`, or by id."""

from collections import defaultdict
from collections.abc import Sequence

from wecrm.i18n import _
from wecrm.models.plan import Change, NewId
from wecrm.models.tag import NAME_MAX
from wecrm.models.text import folded, visible
from wecrm.operations.rows import Problems
from wecrm.store.nearest import did_you_mean
from wecrm.store.tags import KnownTag


class TagNames:
    """The library as names; `create` allows names that do not exist yet to become creations."""

    def __init__(self, library: Sequence[KnownTag], *, create: bool = False) -> None:
        self.library = library
        self._create = create
        self._by_id = {tag.tag_id: tag for tag in library}
        self._by_name: dict[str, list[KnownTag]] = defaultdict(list)
        for tag in library:
            self._by_name[folded(tag.name)].append(tag)
            self._by_name[folded(f"{tag.group_name}/{tag.name}")].append(tag)
        self._new: dict[tuple[str, str], NewId] = {}

    def resolve(self, names: Sequence[str], problems: Problems, *, make: bool = True) -> tuple[str | NewId, ...]:
        """The tags these names mean; unknown and ambiguous names become problems.

        `make`: a name that does not exist may become a creation, when that was asked for at all.
        """
        found = []
        for name in names:
            ref = self._one(name, problems, create=make)
            if ref is not None:
                found.append(ref)
        return tuple(found)

    def existing(self, name: str, problems: Problems) -> KnownTag | None:
        """The one existing tag of that name."""
        ref = self._one(name, problems, create=False)
        return self._by_id[ref] if isinstance(ref, str) else None

    def creations(self) -> list[Change]:
        """A change for each tag that was named and does not exist yet."""
        return [creation(ref.new, group, name) for (group, name), ref in self._new.items()]

    def _one(self, name: str, problems: Problems, *, create: bool = True) -> str | NewId | None:
        if name in self._by_id:
            return name
        found = self._by_name.get(folded(name), [])
        exact = [tag for tag in found if name in (tag.name, f"{tag.group_name}/{tag.name}")] or found
        if len(exact) == 1:
            return exact[0].tag_id
        if exact:
            shown = ", ".join(visible(f"{tag.group_name}/{tag.name}") for tag in exact)
            problems.add(visible(name), _("several tags have this name: {shown}", shown=shown))
            return None
        if self._create and create:
            return self._make(name, problems)
        near = did_you_mean(name, [f"{tag.group_name}/{tag.name}" if "/" in name else tag.name for tag in self.library])
        why = _("there is no such tag.") + (f" {near}" if near else "")
        problems.add(visible(name), f"{why} {_('--create-tags with group/name makes it.')}" if create else why)
        return None

    def _make(self, name: str, problems: Problems) -> NewId | None:
        group, slash, own = (part.strip() for part in name.partition("/"))
        if not slash or not group or not own:
            problems.add(visible(name), _("a new tag needs its group: write group/name"))
            return None
        if max(len(group), len(own)) > NAME_MAX:
            problems.add(visible(name), _("is longer than {n} characters", n=NAME_MAX))
            return None
        return self._new.setdefault((group, own), NewId(f"t{len(self._new) + 1}"))


def creation(change_id: str, group: str, name: str) -> Change:
    """The change that makes one tag in the group of that name."""
    return Change(
        id=change_id,
        stage=0,
        op="tag.create",
        key={"group": group, "name": name},
        before={"exists": False},
        after={"exists": True},
        undo="compensable",
    )
