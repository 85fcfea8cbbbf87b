"""Looking at the vendor's library before it is loaded, and saying why it can't be.

The system's loader says "No such file" for a file of another processor and "invalid ELF header" for a
placeholder; here the header itself is read.
"""

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wecrm.errors import ConfigError
from wecrm.i18n import _

KNOWN: Final = {
    "79ced4de6b18d5e96a21cd06f325794dc8957f8925120538d56d4ce827d3dfd0": "3.0, Linux x86-64",
    "5d6bbea2cec395fdd17edc912fb08b9d13e010de879bbfa1256c204d3d7fc3cb": "3.0, Linux arm64",
}
"""Versions by the SHA-256 of their file; the file itself names none."""

MACHINES: Final = {3: "x86 (32 bits)", 40: "arm (32 bits)", 62: "x86-64", 183: "arm64"}
"""Names of ELF e_machine."""

_OURS: Final = {"x86_64": 62, "amd64": 62, "aarch64": 183, "arm64": 183}

LARGE_FILE_POINTER: Final = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a library has to fit: sys.platform, platform.machine(), and the C library's name ("" where not glibc)."""

    system: str
    processor: str
    libc: str


@dataclass(frozen=True, slots=True)
class Found:
    """A file that can be the library; `version` is "" when its hash is not a known one."""

    path: Path
    sha256: str
    version: str


def here() -> Machine:
    """The machine that this runs on."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):  # musl, and systems that are not Linux
        libc = ""
    return Machine(sys.platform, platform.machine(), libc)


def examine(library: str, machine: Machine) -> Found:
    """The file at `library`, if this machine can load it as far as its header tells.

    Raises:
        ConfigError: no path, no file, a placeholder, not a library, of another processor, or a system that
            the vendor has none for.
    """
    path = Path(library).expanduser()
    if not library:
        raise _unusable(_("The profile names no library for the archive."), "")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unusable(_("There is no archive library at {path}.", path=path), "") from None
    except OSError as error:
        raise _unusable(_("The archive library {path} can't be read.", path=path), str(error.strerror)) from None
    why = _placeholder(content) or (_windows(content) if machine.system == "win32" else _elf(content, machine))
    if why:
        raise _unusable(_("The archive library {path} can't be loaded.", path=path), why)
    sha256 = hashlib.sha256(content).hexdigest()
    return Found(path, sha256, KNOWN.get(sha256, ""))


def refused(library: str, reason: str) -> ConfigError:
    """The error for what the system's loader said; "" when the library ended its process instead."""
    what = _("The archive library {path} can't be loaded.", path=library)
    if not reason:
        return _unusable(what, _("It ends its process while it is being loaded."))
    why = _("The system's loader says: {reason}", reason=reason)
    if "cannot open shared object file" in reason:
        fix = _("Install the library that is named there; the vendor's needs libz.so.1 and glibc 2.17 or newer.")
        return ConfigError(what, why, fix)
    if "undefined symbol" in reason:
        return _unusable(what, _("It lacks a function of the archive: {reason}", reason=reason))
    return _unusable(what, why)


def _unusable(what: str, why: str) -> ConfigError:
    return ConfigError(
        what,
        why,
        _(
            "Fetch the C library for this machine from WeCom's page 91774 (会话内容存档 → SDK) and name its path as "
            "`archive: library:` in the profile."
        ),
    )


def _placeholder(content: bytes) -> str:
    if not content:
        return _("The file is empty.")
    if content.startswith(LARGE_FILE_POINTER):
        return _("It is only a pointer to a large file that was not fetched with the repository.")
    return ""


def _windows(content: bytes) -> str:
    return "" if content.startswith(b"MZ") else _("It is not a Windows library.")


def _elf(content: bytes, machine: Machine) -> str:
    if machine.system != "linux":
        return _("The vendor has no library for this system; run wecrm on Linux, in a container for example.")
    if content.startswith(b"MZ"):
        return _("It is the library for Windows.")
    if len(content) < 64 or not content.startswith(b"\x7fELF"):
        return _("It is not a Linux library.")
    theirs = int.from_bytes(content[18:20], "little" if content[5] == 1 else "big")
    if theirs != _OURS.get(machine.processor.lower()):
        name = MACHINES.get(theirs, str(theirs))
        return _("It is made for {theirs}, this machine is {ours}.", theirs=name, ours=machine.processor)
    if not machine.libc:
        return _("It needs glibc, and this system has another C library (musl, as on Alpine).")
    return ""
