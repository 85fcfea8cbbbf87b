"""The tag library as a file: what people keep under version control.

On disk a tag is its name, or a map when it is renamed: `{name: Lead, was: Prospect}`.
"""

import msgspec


class TagEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tag; `was` is the name it had before a rename."""

    name: str
    was: str = ""


class GroupEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One group with its tags in the order people see them; `exclusive`: a customer has one of them."""

    group: str
    tags: tuple[TagEntry | str, ...]
    was: str = ""
    exclusive: bool = False

    @property
    def entries(self) -> tuple[TagEntry, ...]:
        """Its tags, every one as an entry."""
        return tuple(TagEntry(tag) if isinstance(tag, str) else tag for tag in self.tags)


class LibraryFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, groups in the order people see them."""

    groups: tuple[GroupEntry, ...] = ()


def to_plain(library: LibraryFile) -> dict[str, list[dict[str, object]]]:
    """The file's value in canonical order, with nothing that stands at its default."""
    groups: list[dict[str, object]] = []
    for group in library.groups:
        entry: dict[str, object] = {"group": group.group}
        if group.was:
            entry["was"] = group.was
        if group.exclusive:
            entry["exclusive"] = True
        entry["tags"] = [tag.name if not tag.was else {"name": tag.name, "was": tag.was} for tag in group.entries]
        groups.append(entry)
    return {"groups": groups}
