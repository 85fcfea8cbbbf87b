"""What kind of file system a path lies on, and whether SQLite's locks can be trusted there."""

import re
from pathlib import Path
from typing import Literal

from wecrm.errors import ConfigError
from wecrm.i18n import _

Trust = Literal["local", "doubtful", "network", ""]
"""Whether locks hold between programs: yes, perhaps, no, not told by this system."""

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afs|ceph|glusterfs|lustre|davfs|ncpfs|fuse\.(sshfs|rclone|s3fs|gluster.*)"
)
_DOUBTFUL = re.compile(r"9p|drvfs|virtiofs|fuse(\..*)?|fuseblk")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def mounts() -> str:
    """The table of mounted file systems, "" where there is none to read."""
    try:
        return Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""


def kind_of(path: Path, table: str) -> str:
    """The type of the file system that `path` (absolute) lies on, by a mount table; "" when not told."""
    best, kind = -1, ""
    for line in table.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), parts[1]))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), parts[2]
    return kind


def trust(kind: str) -> Trust:
    """What a type of file system means for SQLite's locks."""
    if not kind:
        return ""
    if _NETWORK.fullmatch(kind):
        return "network"
    return "doubtful" if _DOUBTFUL.fullmatch(kind) else "local"


def refuse_network(path: Path, table: str) -> None:
    """Refuse a database at `path` when the mount table says that it would lie on a network file system.

    Raises:
        ConfigError: it would; nothing was made there.
    """
    kind = kind_of(path.resolve(), table)
    if trust(kind) == "network":
        raise ConfigError(
            _("{path} lies on a network file system ({kind}), where SQLite's locks fail.", path=path, kind=kind),
            "",
            _("Put it on a local disk: WECRM_HOME, or `database` in the profile."),
        )
