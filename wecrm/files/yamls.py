"""YAML that people edit: read within bounds, written in one canonical form."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wecrm.errors import UsageError
from wecrm.files.atomic import replacing
from wecrm.i18n import _

MAX_BYTES = 5 << 20
MAX_DEPTH = 20


def read(path: Path) -> tuple[Any, bytes]:
    """The value in a YAML file and its bytes.

    Raises:
        UsageError: unreadable, too large, not YAML, nested too deep, a key twice in one place (of which
            YAML keeps the last, without a word), or anchors (`&name`, `*name`), with which a small
            file can stand for an endless one.
    """
    import yaml

    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(_("{path} can't be read.", path=path), str(error.strerror), "") from error
    if len(text) > MAX_BYTES:
        raise UsageError(
            _("{path} is larger than {n} MB.", path=path, n=MAX_BYTES >> 20),
            "",
            _("A file that people edit is smaller; look whether it is the right one."),
        )
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was built
        _check_tokens(path, yaml.scan(text, Loader=loader))
        node = yaml.compose(text, Loader=loader)
        for key, line in _twice(node):
            raise UsageError(_("{path} says {key} twice.", path=path, key=key), _("line {line}", line=line))
        return None if node is None else yaml.SafeLoader("").construct_document(node), text
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = _("line {line}", line=mark.line + 1) if mark else ""
        raise UsageError(
            _("{path} is not valid YAML.", path=path),
            where,
            _("Look for a missing quote, colon or indent there, and save the file as UTF-8."),
        ) from None


def _check_tokens(path: Path, tokens: Iterable[Any]) -> None:
    """Refuse anchors, and what is nested so deep that reading it alone would take minutes."""
    import yaml

    opening = yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken
    opening |= yaml.BlockSequenceStartToken | yaml.BlockMappingStartToken
    closing = yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken | yaml.BlockEndToken
    depth = 0
    for token in tokens:
        depth += isinstance(token, opening) - isinstance(token, closing)
        if depth > MAX_DEPTH:
            raise UsageError(
                _("{path} is nested deeper than {n}.", path=path, n=MAX_DEPTH),
                _("line {line}", line=token.start_mark.line + 1),
            )
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise UsageError(
                _("{path} uses YAML anchors, which are not accepted.", path=path),
                _("line {line}", line=token.start_mark.line + 1),
                _("Write the values out."),
            )


def _twice(node: Any) -> Iterator[tuple[str, int]]:
    """(key, line) of every key that stood in the same mapping before."""
    known: set[str] = set()
    for part in node.value if node is not None and not isinstance(node.value, str) else ():
        key, value = part if isinstance(part, tuple) else (None, part)
        if key is not None and isinstance(key.value, str):
            if key.value in known:
                yield key.value, key.start_mark.line + 1
            known.add(key.value)
        yield from _twice(value)


def canonical(value: Any) -> bytes:
    """`value` as wecrm writes YAML: block style, texts of several lines too, keys in order, Unicode as it is."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def represent_str(self, text: str) -> Any:
            return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Dumper.add_representer(str, Dumper.represent_str)
    return yaml.dump(
        value, Dumper=Dumper, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10_000
    ).encode()


def write(path: Path, value: Any) -> None:
    """Write `value` in canonical form; a file in another form, which may hold comments, is left alone.

    Raises:
        UsageError: there is a file at `path` that is not in canonical form, or `path` is `-`.
    """
    if str(path) == "-":
        raise UsageError(
            _("This is written to a file, not to standard output."), "", _("Name the file, as in tags.yaml.")
        )
    if path.exists():
        old, text = read(path)
        if text and canonical(old) != text:
            raise UsageError(
                _("{path} has comments, or a layout of its own, that would be lost.", path=path),
                "",
                _("Write to another file and compare, or delete this one first."),
            )
    with replacing(path, private=False) as stream:
        stream.write(canonical(value))
