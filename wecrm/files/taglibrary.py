"""The tag library's YAML file: read with every rule of WeCom checked, written in canonical form."""

from collections import Counter
from pathlib import Path

import msgspec

from wecrm.errors import UsageError
from wecrm.files import yamls
from wecrm.i18n import _
from wecrm.models.tag import NAME_MAX
from wecrm.models.taglibrary import LibraryFile, to_plain

MOST_TAGS = 10_000
"""Corp tags of one corp (doc 92117)."""


def read(path: Path) -> LibraryFile:
    """The library that the file describes.

    Raises:
        UsageError: not YAML, an unknown key, a name too long, used twice, or an empty group.
    """
    value, _text = yamls.read(path)
    try:
        library = msgspec.convert(value, LibraryFile)
    except msgspec.ValidationError as error:
        raise UsageError(
            _("{path} is not a tag library.", path=path),
            str(error),
            _("`wecrm tags pull FILE` writes one to begin with."),
        ) from None
    wrong = [*_names(library), *_twice(library)]
    total = sum(len(group.tags) for group in library.groups)
    if total > MOST_TAGS:
        wrong.append(_("{n} tags; WeCom keeps {most} at most", n=total, most=MOST_TAGS))
    if wrong:
        raise UsageError(_("{path} describes a library that WeCom would refuse.", path=path), "\n".join(wrong[:10]), "")
    return library


def write(path: Path, library: LibraryFile) -> None:
    """Write the canonical form; a file with comments or a layout of its own is not overwritten."""
    yamls.write(path, to_plain(library))


def _names(library: LibraryFile) -> list[str]:
    wrong = []
    for group in library.groups:
        names = (group.group, *(tag.name for tag in group.entries))
        bad = [name for name in names if not 1 <= len(name) <= NAME_MAX]
        wrong += [_("{name}: a name has 1 to {n} characters", name=name[:40], n=NAME_MAX) for name in bad]
        if not group.tags:
            wrong.append(_("{name}: WeCom keeps no group without tags", name=group.group))
    return wrong


def _twice(library: LibraryFile) -> list[str]:
    groups = Counter(group.group for group in library.groups)
    wrong = [_("{name}: this group stands here twice", name=name) for name, n in groups.items() if n > 1]
    for group in library.groups:
        tags = Counter(tag.name for tag in group.entries)
        wrong += [_("{name}: this tag stands twice in its group", name=name) for name, n in tags.items() if n > 1]
    return wrong
