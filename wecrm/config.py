"""The configuration file, decoded strictly, and what each profile means. Only `cli` imports this.

Precedence: flag > `WECRM_*` > file > built-in. Secrets are references (`env:`, `file:`,
`command:`), resolved when a command needs them, never printed.
"""

import difflib
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from wecrm.errors import ConfigError
from wecrm.i18n import _

COMMAND_TIMEOUT_S = 10


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What bulk commands may do unasked, and how hard WeCom is called."""

    share: float = 0.7
    scale: float = 1.0
    parallel: int = 4
    parallel_max: int = 6
    max_changes: int = 500
    max_removals: float = 0.3
    max_failures: float = 0.05


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One secret of a corp: a reference, and the app it belongs to where there is one."""

    secret: str
    agentid: int | None = None


class Anchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the heads of the archive's chain are written, outside the data folder; `key` refers to an Ed25519 key."""

    file: str | None = None
    command: str | None = None
    syslog: bool = False
    key: str | None = None


class Media(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which media files are fetched, and where they lie. No types: all."""

    folder: str | None = None
    types: tuple[str, ...] = ()
    max_mb: float | None = None


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The session archive of a corp. `keys` are references to private keys by the version of the public one."""

    library: str | None = None
    keys: dict[int, str] = {}
    database: str | None = None
    proxy: str | None = None
    proxy_auth: str | None = None
    timeout_s: int = 30
    page: int = 1000
    processes: int | None = None
    encryption: str | None = None
    media: Media = Media()
    anchor: Anchor = Anchor()
    words: str | None = None
    working_hours: str = "Mon-Fri 09:00-18:00"


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One corporation. `secrets` maps a purpose (contact, directory, links, archive) to its secret."""

    corp_id: str
    name: str = ""
    secrets: dict[str, Secret] = {}
    base_url: str = "https://qyapi.weixin.qq.com"
    proxy: str | None = None
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    database: str | None = None
    busy_timeout_s: float = 30.0
    protected: bool = False
    heartbeat_url: str | None = None
    heartbeat_file: str | None = None
    limits: Limits = Limits()
    archive: Archive = Archive()


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    default_profile: str = ""
    timezone: str = "Asia/Shanghai"
    profiles: dict[str, Profile] = {}

    def tz(self) -> tzinfo:
        """Where days begin and times are shown, whatever TZ says."""
        try:
            return ZoneInfo(self.timezone) if self.timezone != "UTC" else UTC
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError(
                _("The time zone {name} is not known.", name=self.timezone),
                "",
                _("Write one like Asia/Shanghai."),
            ) from error

    def profile(self, name: str) -> Profile:
        """The profile of that name; an unknown one is an error, never another profile."""
        if name in self.profiles:
            return self.profiles[name]
        near = difflib.get_close_matches(name, [*self.profiles, "sandbox"], n=1)
        fix = (
            _("Did you mean {near}?", near=near[0])
            if near
            else _("Known profiles: {names}.", names=_names(self.profiles))
        )
        raise ConfigError(_("There is no profile {name}.", name=name), "", fix)


def _names(profiles: Mapping[str, Profile]) -> str:
    return ", ".join([*sorted(profiles), "sandbox"])


class Places(msgspec.Struct, frozen=True):
    """Where files are: one folder each for configuration, data (databases) and cache (tokens, budgets)."""

    config: Path
    data: Path
    cache: Path


def places(environ: Mapping[str, str]) -> Places:
    """WECRM_HOME moves all three together; else the platform's folders for this user."""
    home = environ.get("WECRM_HOME")
    if home:
        root = Path(home).expanduser()
        return Places(root / "config.yaml", root / "data", root / "cache")
    import platformdirs

    try:
        return Places(
            Path(platformdirs.user_config_dir("wecrm")) / "config.yaml",
            Path(platformdirs.user_data_dir("wecrm")),
            Path(platformdirs.user_cache_dir("wecrm")),
        )
    except (RuntimeError, KeyError) as error:  # no HOME and no entry in the user database
        raise ConfigError(
            _("There is no home folder."), str(error), _("Set WECRM_HOME to a writable folder.")
        ) from error


def load(path: Path, *, required: bool) -> Config:
    """The configuration at `path`; a missing file is the built-in one unless `required`.

    Raises:
        ConfigError: unreadable, not YAML, an unknown key (with the nearest known one), a wrong type.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise ConfigError(
                _("There is no configuration file {path}.", path=path),
                "",
                _("Write one with `wecrm config init`."),
            ) from None
        return Config()
    except OSError as error:
        raise ConfigError(_("The file {path} can't be read.", path=path), str(error.strerror), "") from error
    return decode(text, str(path))


def decode(text: bytes, name: str) -> Config:
    """`text` (YAML) as a Config; `name` is what errors call it."""
    import yaml

    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: no such day, no such number
        mark = getattr(error, "problem_mark", None)
        where = _("line {line}", line=mark.line + 1) if mark else ""
        raise ConfigError(
            _("{name} is not valid YAML.", name=name), where, _("Compare it with config.example.yaml.")
        ) from None
    try:
        return msgspec.convert({} if value is None else value, Config, str_keys=True)
    except (UnicodeEncodeError, RecursionError):  # half of a pair, as "\ud83d"; an anchor inside itself
        raise ConfigError(
            _("{name} is not valid YAML.", name=name), "", _("Compare it with config.example.yaml.")
        ) from None
    except msgspec.ValidationError as error:
        unknown = re.search("unknown field `(.+?)`", str(error))
        known = [
            field
            for struct in (Config, Profile, Secret, Limits, Archive, Media, Anchor)
            for field in struct.__struct_fields__
        ]
        near = difflib.get_close_matches(unknown[1], known, n=1) if unknown else []
        raise ConfigError(
            _("{name} has a setting that is wrong: {detail}.", name=name, detail=str(error)),
            _("Did you mean {near}?", near=near[0]) if near else "",
            _("config.example.yaml shows every setting with its unit."),
        ) from None


def resolve(reference: str, environ: Mapping[str, str]) -> str:
    """The secret that `env:NAME`, `file:PATH` or `command:…` stands for; never shown.

    Raises:
        ConfigError: nothing there, a file others can read, a command that fails or takes over 10 s.
    """
    kind, _colon, rest = reference.partition(":")
    if kind == "env":
        value = environ.get(rest, "")
    elif kind == "file":
        value = _secret_file(Path(rest).expanduser(), environ)
    elif kind == "command":
        value = _secret_command(rest)
    else:
        raise ConfigError(
            _("A secret must be a reference: env:NAME, file:PATH or command:…"),
            _("A value in the file would be copied, shown and backed up with it."),
            _("Put the value elsewhere and refer to it."),
        )
    value = value.strip()
    if not value:
        raise ConfigError(
            _("The secret {reference} is empty.", reference=_shown(reference)), "", _("Set it and try again.")
        )
    return value


def _shown(reference: str) -> str:
    kind = reference.partition(":")[0]
    if kind in ("env", "file"):
        return reference
    return "command:…" if kind == "command" else "***"


def _secret_file(path: Path, environ: Mapping[str, str]) -> str:
    mounts = ["/run/secrets", *filter(None, [environ.get("CREDENTIALS_DIRECTORY")])]
    try:
        mode = path.stat().st_mode
        mounted = any(path.resolve().is_relative_to(Path(mount).resolve()) for mount in mounts)
        if stat.S_IMODE(mode) & 0o077 and not mounted:
            raise ConfigError(
                _("The secret file {path} can be read by others.", path=path),
                _("Its mode is {mode}.", mode=oct(stat.S_IMODE(mode))),
                _("chmod 600 {path}", path=shlex.quote(str(path))),
            )
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(_("The secret file {path} can't be read.", path=path), type(error).__name__, "") from None


def _secret_command(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            shlex.split(command),
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ConfigError(_("The secret command did not answer."), type(error).__name__, "") from None
    if done.returncode != 0:
        raise ConfigError(_("The secret command failed with code {code}.", code=done.returncode), "", "")
    return done.stdout.decode("utf-8", "replace")


def shown(config: Config) -> dict[str, Any]:
    """The configuration as plain values with every secret reference kept and no secret resolved."""
    value: dict[str, Any] = msgspec.to_builtins(config)
    for profile in value["profiles"].values():
        for secret in profile["secrets"].values():
            secret["secret"] = _shown(secret["secret"])
        for section in (profile, profile["archive"]):
            if section["proxy"]:
                section["proxy"] = re.sub("//[^/@]*@", "//***@", section["proxy"])
        for section, names in _references(profile["archive"]):
            section.update({name: _shown(section[name]) for name in names if section[name]})
        if profile["heartbeat_url"]:  # who knows its path can report in our name
            profile["heartbeat_url"] = re.sub("//(?:[^/@]*@)?([^/?#]*).*", r"//\1/***", profile["heartbeat_url"])
    return value


def in_clear(base_url: str) -> bool:
    """Whether calls to that address can be read on the way: it is not https, and not on this machine."""
    return not re.match(r"https://|http://(127\.[0-9.]+|localhost|\[::1\])(:|/|$)", base_url, re.IGNORECASE)


def _references(archive: dict[str, Any]) -> Iterator[tuple[dict[Any, Any], Iterable[Any]]]:
    """Where the archive's settings hold references to secrets: the section, and the names in it."""
    yield archive, ("proxy_auth", "encryption")
    yield archive["keys"], tuple(archive["keys"])
    yield archive["anchor"], ("key",)


def writable_owner(path: Path) -> bool:
    """Whether this user may write at `path` or where it would be made."""
    while not path.exists():
        path = path.parent
    return os.access(path, os.W_OK)
