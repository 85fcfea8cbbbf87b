"""Plan files: NDJSON, a header line and one line per change, sealed by a digest over every byte.

The digest is SHA-256 of the file with the digest itself written as 64 zeros. A plan of a million
changes is written and read in constant memory.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from wecrm.errors import SafetyError, UsageError
from wecrm.files.atomic import replacing
from wecrm.i18n import _
from wecrm.models.plan import Change, PlanHeader

VERSION = 1
_NO_DIGEST = "0" * 64
_LINE_MAX = 1 << 20
_decoder = msgspec.json.Decoder(Change)


def write(path: Path, changes: Iterable[Change], header: Callable[[str], PlanHeader]) -> PlanHeader:
    """Write a plan; `header` is asked when all changes are written, with their digest (hex).

    Returns the header as written. The file appears whole or not at all, mode 0600.
    """
    with replacing(path) as stream, tempfile.TemporaryFile() as spool:
        body = hashlib.sha256()
        for change in changes:
            line = msgspec.json.encode(change) + b"\n"
            body.update(line)
            spool.write(line)
        open_header = msgspec.structs.replace(header(body.hexdigest()), digest=_NO_DIGEST)
        first = msgspec.json.encode(open_header) + b"\n"
        whole = hashlib.sha256(first)
        spool.seek(0)
        for block in iter(lambda: spool.read(1 << 20), b""):
            whole.update(block)
        sealed = first.replace(_NO_DIGEST.encode(), whole.hexdigest().encode())
        stream.write(sealed)
        spool.seek(0)
        shutil.copyfileobj(spool, stream, 1 << 20)
    return msgspec.structs.replace(open_header, digest=whole.hexdigest())


def header(path: Path) -> PlanHeader:
    """The header of an unaltered plan.

    Raises:
        UsageError: not a plan file.
        SafetyError: a byte of it was changed since it was written.
    """
    try:
        with path.open("rb") as stream:
            first = stream.readline(_LINE_MAX)
            found = msgspec.json.decode(first, type=PlanHeader)
            if found.wecrm_plan != VERSION:
                raise UsageError(_("{path} was written by another version of wecrm.", path=path), "", _("Plan again."))
            whole = hashlib.sha256(_unsealed(first, found))
            for block in iter(lambda: stream.read(1 << 20), b""):
                whole.update(block)
    except OSError as error:
        raise UsageError(_("{path} can't be read.", path=path), str(error.strerror), "") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UsageError(
            _("{path} is not a plan of wecrm.", path=path),
            _("Its first line is not a plan header."),
            _("Make one, for example with `wecrm tags plan FILE --add TAG -o {path}`.", path=path),
        ) from None
    if whole.hexdigest() != found.digest:
        raise _altered(path)
    return found


def changes(path: Path, checked: PlanHeader | None = None) -> Iterator[Change]:
    """The changes of a plan, in order.

    Args:
        checked: its header as it was read before; then the last change is followed by SafetyError
            when somebody exchanged the file meanwhile.

    Raises:
        UsageError: a line is no change.
    """
    with path.open("rb") as stream:
        whole = hashlib.sha256(_unsealed(stream.readline(_LINE_MAX), checked))
        for n, line in enumerate(iter(lambda: stream.readline(_LINE_MAX), b""), 2):
            whole.update(line)
            try:
                yield _decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                raise damaged(path, n) from None
    if checked is not None and whole.hexdigest() != checked.digest:
        raise _altered(path)


def _unsealed(first: bytes, header: PlanHeader | None) -> bytes:
    """The header's line as its digest was made over it."""
    return first.replace(header.digest.encode(), _NO_DIGEST.encode(), 1) if header else first


def _altered(path: Path) -> SafetyError:
    return SafetyError(
        _("The plan {path} was altered after it was written.", path=path),
        _("Its digest does not match its content."),
        _("Plan again; to leave rows out, take them out of the input instead."),
    )


def damaged(path: Path, line: int) -> UsageError:
    """The complaint about a line that no plan of wecrm has."""
    return UsageError(
        _("Line {n} of {path} is no change that wecrm writes.", n=line, path=path),
        _("The file is damaged, or was made by something else."),
        _("Plan again."),
    )
