"""Which process is calling: found from its end of a loopback connection (Linux)."""

import logging
import os
from pathlib import Path

log = logging.getLogger("wecrm.sandbox")


def pid_of_caller(port: int, server_port: int) -> int | None:
    """The process whose socket runs from `port` to `server_port`; None, loudly, if it cannot be found."""
    inode = _inode(port, server_port)
    pid = _holder(f"socket:[{inode}]") if inode else None
    if pid is None:
        log.error("the process behind port %s was not found; it lives on", port)
    return pid


def _inode(port: int, server_port: int) -> str | None:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            ends = [int(columns[n].rsplit(":", 1)[1], 16) for n in (1, 2)]
            if ends == [port, server_port]:
                return columns[9]
    return None


def _holder(link: str) -> int | None:
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            with os.scandir(process / "fd") as handles:
                if any(os.readlink(handle.path) == link for handle in handles):
                    return int(process.name)
        except OSError:
            continue
    return None
