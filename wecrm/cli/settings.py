"""The configuration looked at closely: where each value comes from, and what is wrong with it."""

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from wecrm import config as configuration
from wecrm.cli.session import SANDBOX, Session
from wecrm.cli.starter import PLACEHOLDER
from wecrm.config import Archive, Config, Limits, Profile
from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models import workinghours

PURPOSES = ("contact", "directory", "links", "archive")
"""What a secret can be for."""


class Setting(NamedTuple):
    """One value in force; `origin` is flag, a variable's name, file or built-in."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one setting."""

    wrong: bool
    key: str
    text: str


def in_force(s: Session) -> Iterator[Setting]:
    """Every setting of this run, secrets as references."""
    environ = s.options.environ
    folders = "WECRM_HOME" if environ.get("WECRM_HOME") else "built-in"
    yield Setting("config", str(s.config_path), _origin(str(s.options.config or ""), environ, "WECRM_CONFIG", folders))
    yield Setting("data", str(s.places.data), folders)
    yield Setting("cache", str(s.places.cache), folders)
    chosen = s.options.profile or s.config.default_profile
    rest = "file" if chosen else "built-in"
    yield Setting("profile", chosen, _origin(s.options.profile, environ, "WECRM_PROFILE", rest))
    yield Setting("lang", s.options.lang, _origin(s.options.lang, environ, "WECRM_LANG", "built-in"))
    yield Setting("color", s.options.color, _color_origin(s.options.color, environ))
    shown = configuration.shown(s.config)
    written = _raw(s.config_path)
    if chosen == SANDBOX and SANDBOX not in s.config.profiles:
        shown["profiles"][SANDBOX] = configuration.shown(Config(profiles={SANDBOX: s.profile}))["profiles"][SANDBOX]
    for profile in shown["profiles"].values():
        profile["database"] = profile["database"] or str(s.places.data / f"{profile['corp_id']}.db")
    yield from _flat("", shown, written)


def _origin(value: str, environ: Mapping[str, str], name: str, rest: str) -> str:
    if not value:
        return rest
    return name if environ.get(name) == value else "flag"


def _color_origin(color: str, environ: Mapping[str, str]) -> str:
    if color == "never" and environ.get("NO_COLOR"):
        return "NO_COLOR"
    if color == "always" and environ.get("CLICOLOR_FORCE"):
        return "CLICOLOR_FORCE"
    return "built-in" if color == "auto" else "flag"


def _raw(path: Path) -> Any:
    """The file as it was written, without any default."""
    import yaml

    try:
        return yaml.safe_load(path.read_bytes())
    except OSError:
        return None


def _flat(prefix: str, value: Any, written: Any) -> Iterator[Setting]:
    for name, each in value.items():
        there = isinstance(written, dict) and written.get(name) is not None
        if isinstance(each, dict):
            yield from _flat(f"{prefix}{name}.", each, written[name] if there else None)
        else:
            text = str(each).lower() if isinstance(each, bool) else "" if each is None else f"{each}"
            yield Setting(f"{prefix}{name}", text, "file" if there else "built-in")


def findings(config: Config, path: Path, data: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What is right and wrong about a decoded configuration; every secret reference is looked up."""
    if stat.S_IMODE(path.stat().st_mode) & 0o022:
        yield Finding(True, "config", _("Others may write this file. chmod 600 it."))
    try:
        config.tz()
    except ConfigError as error:
        yield _wrong("timezone", error)
    name = config.default_profile
    if name and name not in (*config.profiles, SANDBOX):
        near = get_close_matches(name, [*config.profiles, SANDBOX], 1)
        hint = _("Did you mean {near}?", near=near[0]) if near else ""
        yield Finding(True, "default_profile", _("There is no profile {name}.", name=name) + f" {hint}".rstrip())
    for name, profile in config.profiles.items():
        yield from _profile(f"profiles.{name}", name, profile, data, environ)


def _profile(key: str, name: str, profile: Profile, data: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    if "," in name or name.startswith("@") or not name:
        yield Finding(True, key, _("--profile could not choose this name."))
    if profile.corp_id == PLACEHOLDER:
        yield Finding(True, f"{key}.corp_id", _("The placeholder still stands here; write your 企业ID."))
    elif not re.fullmatch(r"[A-Za-z0-9_-]{6,64}", profile.corp_id):
        yield Finding(True, f"{key}.corp_id", _("This is no 企业ID: letters and digits, as ww1a2b3c4d5e6f7a8b."))
    for setting in ("base_url", "proxy", "heartbeat_url"):
        url = getattr(profile, setting)
        if url is not None and not re.match(r"https?://[^/]", url):
            yield Finding(True, f"{key}.{setting}", _("A URL begins with https:// or http://."))
    for setting in ("connect_timeout_s", "read_timeout_s"):
        if getattr(profile, setting) <= 0:
            yield Finding(True, f"{key}.{setting}", _("A time to wait is more than 0 seconds."))
    beat = Path(profile.heartbeat_file or data).expanduser().parent
    if profile.heartbeat_file and not (beat.is_dir() and configuration.writable_owner(beat)):
        yield Finding(True, f"{key}.heartbeat_file", _("This user can't write in the folder {path}.", path=beat))
    database = Path(profile.database).expanduser().parent if profile.database else data
    if not _usable(database.absolute()):
        yield Finding(True, f"{key}.database", _("This user can't write in the folder {path}.", path=database))
    yield from _limits(f"{key}.limits", profile.limits)
    yield from _secrets(f"{key}.secrets", profile, environ)
    yield from _archive(f"{key}.archive", profile.archive, data, environ)


def _usable(folder: Path) -> bool:
    """Whether this user may write in `folder`, or make it."""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and configuration.writable_owner(folder)


def _limits(key: str, limits: Limits) -> Iterator[Finding]:
    for name in ("share", "max_removals", "max_failures"):
        if not 0 <= getattr(limits, name) <= 1 or (name == "share" and not limits.share):
            yield Finding(True, f"{key}.{name}", _("A share is a number from 0 to 1."))
    for name in ("scale", "parallel", "parallel_max"):
        if getattr(limits, name) <= 0:
            yield Finding(True, f"{key}.{name}", _("This must be more than 0."))
    if limits.max_changes < 0:
        yield Finding(True, f"{key}.max_changes", _("A number of rows is 0 or more."))


def _secrets(key: str, profile: Profile, environ: Mapping[str, str]) -> Iterator[Finding]:
    if "contact" not in profile.secrets:
        yield Finding(True, f"{key}.contact", _("It is missing; customers can't be read without it."))
    for purpose, secret in profile.secrets.items():
        if purpose not in PURPOSES:
            text = _("Nothing uses a secret for this; purposes: {names}.", names=", ".join(PURPOSES))
            yield Finding(True, f"{key}.{purpose}", text)
            continue
        try:
            configuration.resolve(secret.secret, environ)
        except ConfigError as error:
            yield _wrong(f"{key}.{purpose}", error)
        else:
            yield Finding(False, f"{key}.{purpose}", _("The reference leads to a secret."))


def _archive(key: str, archive: Archive, data: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    if not 1 <= archive.page <= 1000:
        yield Finding(True, f"{key}.page", _("A page has 1 to 1000 messages."))
    for name in ("timeout_s", "processes"):
        value = getattr(archive, name)
        if value is not None and value <= 0:
            yield Finding(True, f"{key}.{name}", _("This must be more than 0."))
    if archive.library and not Path(archive.library).expanduser().is_file():
        yield Finding(True, f"{key}.library", _("There is no file {path}.", path=archive.library))
    references = {f"keys.{version}": reference for version, reference in archive.keys.items()}
    references |= {"proxy_auth": archive.proxy_auth or "", "encryption": archive.encryption or ""}
    references |= {"anchor.key": archive.anchor.key or ""}
    for name, reference in references.items():
        try:
            if reference:
                configuration.resolve(reference, environ)
                yield Finding(False, f"{key}.{name}", _("The reference leads to a secret."))
        except ConfigError as error:
            yield _wrong(f"{key}.{name}", error)
    try:
        workinghours.parse(archive.working_hours)
    except ConfigError as error:
        yield _wrong(f"{key}.working_hours", error)
    if archive.words and not Path(archive.words).expanduser().is_file():
        yield Finding(True, f"{key}.words", _("There is no file {path}.", path=archive.words))
    anchor = archive.anchor.file and Path(archive.anchor.file).expanduser().absolute()
    if anchor and data.absolute() in anchor.parents:
        yield Finding(
            True, f"{key}.anchor.file", _("Who can exchange the archive can exchange this too: keep it apart.")
        )
    elif anchor and not _usable(anchor.parent):
        yield Finding(True, f"{key}.anchor.file", _("This user can't write in the folder {path}.", path=anchor.parent))


def _wrong(key: str, error: ConfigError) -> Finding:
    return Finding(True, key, " ".join(part for part in (error.what, error.why, error.fix) if part))
