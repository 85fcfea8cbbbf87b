"""YAML that people edit: read within bounds, written in one canonical form."""

from pathlib import Path
from typing import Any

from wecrm.errors import UsageError
from wecrm.files.atomic import replacing
from wecrm.i18n import _

MAX_BYTES = 5 << 20


def read(path: Path) -> tuple[Any, bytes]:
    """The value in a YAML file and its bytes.

    Raises:
        UsageError: unreadable, too large, not YAML, or using anchors (`&name`, `*name`), with which
            a small file can stand for an endless one.
    """
    import yaml

    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(_("{path} can't be read.", path=path), str(error.strerror), "") from error
    if len(text) > MAX_BYTES:
        raise UsageError(_("{path} is larger than {n} MB.", path=path, n=MAX_BYTES >> 20))
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
                raise UsageError(
                    _("{path} uses YAML anchors, which are not accepted.", path=path),
                    _("line {line}", line=token.start_mark.line + 1),
                    _("Write the values out."),
                )
        return yaml.safe_load(text), text
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = _("line {line}", line=mark.line + 1) if mark else ""
        raise UsageError(_("{path} is not valid YAML.", path=path), where, "") from None


def canonical(value: Any) -> bytes:
    """`value` as wecrm writes YAML: block style, keys in order, Unicode as it is."""
    import yaml

    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10_000)
    return text.encode()


def write(path: Path, value: Any) -> None:
    """Write `value` in canonical form; a file in another form, which may hold comments, is left alone.

    Raises:
        UsageError: there is a file at `path` that is not in canonical form.
    """
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
