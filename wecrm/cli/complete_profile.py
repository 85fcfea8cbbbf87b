"""Which profiles there are and where a profile's database is, told by a glance at the configuration.

`wecrm.config` decodes the file with yaml and msgspec and finds the folders with platformdirs: ten
times as long as a person who presses TAB should wait. The glance reads block style, as
`wecrm config init` writes it; what it does not understand is simply not offered.
"""

import os
import sys

from wecrm.cli._tree import SANDBOX_CORP

Names = dict[str, dict[str, str]]
"""name of a profile → its plain settings, as corp_id and database."""

SANDBOX = "sandbox"


def profiles(config: str) -> tuple[str, Names]:
    """(the default profile, all profiles) of that file, `sandbox` among them; it alone when there is no file."""
    lines: list[str] = []
    if os.path.isfile(config) and os.access(config, os.R_OK):  # never a pipe, which could wait for ever
        with open(config, encoding="utf-8", errors="replace") as stream:
            lines = stream.read(1_000_000).splitlines()
    default, found = glance(lines)
    found.setdefault(SANDBOX, {})
    return default, found


def glance(lines: list[str]) -> tuple[str, Names]:
    """The same, from lines of YAML: the keys right below `profiles:`, and the plain values right below those."""
    default, found = "", Names()
    inside, name, depths = False, "", [0, 0]
    for line in lines:
        key, value, depth = _entry(line)
        if not key:
            continue
        if depth == 0:
            inside, name, depths = key == "profiles" and not value, "", [0, 0]
            default = value if key == "default_profile" else default
        elif inside and depth <= (depths[0] or depth):
            name, depths = key, [depth, 0]
            found[name] = {}
        elif name and depth <= (depths[1] or depth):
            depths[1] = depth
            found[name][key] = value
    return default, found


def _entry(line: str) -> tuple[str, str, int]:
    """(key, plain value, indentation) of a line `key: value`; no key when it is something else."""
    text = line.lstrip(" ")
    key, colon, value = text.partition(":")
    if not colon or not text or text[0] in "#-{[\t" or (value and value[0] not in " \t"):
        return "", "", 0
    return _plain(key), _plain(value), len(line) - len(text)


def _plain(text: str) -> str:
    text = text.strip()
    for quote in "\"'":
        if text.startswith(quote) and quote in text[1:]:
            return text[1 : text.index(quote, 1)]
    text = "" if text.startswith("#") else text.split(" #", 1)[0].strip()
    return "" if text in ("null", "~") else text


def database(name: str, known: Names, environ: dict[str, str]) -> str:
    """Path of the database of that profile; "" when the profile is not known."""
    if name not in known:
        return ""
    settings = known[name]
    corp = settings.get("corp_id", "")
    if name == SANDBOX and not settings:
        corp = SANDBOX_CORP
    if settings.get("database"):
        return os.path.expanduser(settings["database"])
    return os.path.join(folder("data", environ), f"{corp}.db") if corp else ""


def folder(kind: str, environ: dict[str, str]) -> str:
    """The folder of `config` or `data`: below WECRM_HOME, or the platform's for this user."""
    home = environ.get("WECRM_HOME")
    if home:
        root = os.path.expanduser(home)
        return root if kind == "config" else os.path.join(root, kind)
    xdg = environ.get("XDG_CONFIG_HOME" if kind == "config" else "XDG_DATA_HOME", "")
    if os.path.isabs(xdg):
        return os.path.join(xdg, "wecrm")
    if sys.platform == "darwin":
        usual = "~/Library/Application Support"
    else:
        usual = "~/.config" if kind == "config" else "~/.local/share"
    return os.path.join(os.path.expanduser(usual), "wecrm")
