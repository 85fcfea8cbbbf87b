"""Several profiles in one run: one after the other, each on its own, the most severe exit code."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, Literal, TypeVar

from wecrm.cli.main import Ended, meant
from wecrm.cli.session import SANDBOX, Session
from wecrm.errors import ConfigError, Exit, UsageError, most_severe
from wecrm.i18n import _

ALL = "@all"
"""Every profile of the configuration file; the sandbox is not in it."""

PLACE = "{profile}"
"""Stands in a file's name for the profile's."""

WITHOUT_CORP = frozenset({"config", "explain", "plan", "sandbox"})
"""First words of commands that work on no profile's corp, however many are chosen."""

Many = bool | Literal["rows"]
F = TypeVar("F", bound=Callable[..., Any])


def chosen(s: Session) -> bool:
    """Whether `--profile` names several profiles, as `a,b` or `@all`."""
    return "," in s.options.profile or s.options.profile.startswith("@")


def names(s: Session) -> list[str]:
    """The chosen profiles in their order, each once."""
    found: dict[str, None] = {}
    for name in filter(None, (part.strip() for part in s.options.profile.split(","))):
        if name == ALL:
            found.update(dict.fromkeys(each for each in s.config.profiles if each != SANDBOX))
        elif name.startswith("@"):
            raise UsageError(_("{name} is no set of profiles; @all means every one.", name=name))
        else:
            found[name] = None
    if not found:
        raise ConfigError(
            _("The configuration has no profile."),
            _("{path} was read.", path=s.config_path),
            _("Write one: wecrm config init."),
        )
    return list(found)


def per_profile(function: F, many: Many) -> F:
    """`function`, a command, called for each chosen profile as `command(many=…)` declares."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        root = kwargs["ctx"].find_root()
        outer = root.obj
        if not chosen(outer) or many == "rows" or root.invoked_subcommand in WITHOUT_CORP:
            return function(*args, **kwargs)
        if not many:
            return outer.profile_name  # raises: one at a time

        def alone(one: Session) -> int | None:
            root.obj = one
            try:
                return function(*args, **kwargs)  # type: ignore[no-any-return]
            finally:
                root.obj = outer

        return run(outer, alone)

    return called  # type: ignore[return-value]


def each(s: Session, work: Callable[[Session], int | None]) -> int:
    """What `work` ends with for the one profile of this run, or `run` for several."""
    return run(s, work) if chosen(s) else work(s) or 0


def run(s: Session, work: Callable[[Session], int | None]) -> Ended:
    """Do `work` for every chosen profile with a session of its own, and say in a line how each ended.

    An error of one, even a bug, never stops the next; a signal does. `--max-runtime` is for all together.
    """
    began = time.monotonic()
    wanted = names(s)
    s.config.tz()  # a file that is wrong is wrong for all of them
    ended: dict[str, Ended] = {}
    for name in wanted:
        if s.signalled() is not None:
            break
        one = _alone(s, name, time.monotonic() - began)
        ended[name] = _ended(one, work)
        _tell(one, name, ended[name])
    return _together(s, wanted, ended)


def file(one: Session, path: Path) -> Path:
    """`path` with `{profile}` in it replaced; without it, several profiles would write one file over and over."""
    if PLACE in str(path):
        return Path(str(path).replace(PLACE, one.profile_name))
    if one.among_several:
        raise UsageError(
            _("The file {path} would be written once for every profile.", path=path),
            "",
            _("Write {place} where the profile's name belongs, as in {example}.", place=PLACE, example=f"{PLACE}.db"),
        )
    return path


def _alone(s: Session, name: str, seconds: float) -> Session:
    """A session on just this profile, with what is left of the time."""
    limit = s.options.max_runtime_s
    left = None if limit is None else max(0.0, limit - seconds)
    options = replace(s.options, profile=name, max_runtime_s=left)
    one = replace(s, options=options, summed_up=False, among_several=True, _closing=contextlib.ExitStack())
    one.config = s.config  # read once
    return one


def _ended(one: Session, work: Callable[[Session], int | None]) -> Ended:
    try:
        with contextlib.closing(one):
            code = work(one) or 0
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 one corp's bug is not the next one's
        told = meant(error, one.options, one.options.environ, one)
        return Ended(told.code, f"{told.what} {told.why}".strip(), told.fix)
    return code if isinstance(code, Ended) else Ended(code)


def _tell(one: Session, name: str, ended: Ended) -> None:
    if not ended:
        if not one.options.cron:
            one.say(f"{name}: ok")
        elif not one.summed_up and one.options.quiet < 2:
            one.warn(f"{name}: ok")
        return
    reason = " ".join(ended.reason.split())
    line = _("exit {code} ({name}): {what}", code=int(ended), name=Exit(ended).name, what=reason)
    one.warn(f"{name}: {line}" + (" " + _("To fix: {fix}", fix=ended.fix) if ended.fix else ""))


def _together(s: Session, wanted: list[str], ended: dict[str, Ended]) -> Ended:
    codes = [Exit(code) for code in ended.values()]
    stopped = s.signalled()
    if stopped is not None:
        codes.append(stopped.code)
    code = most_severe(codes)
    if code is Exit.ok:
        return Ended(0)
    bad = [name for name in wanted if ended.get(name, 1)]
    reason = _(
        "{n} of {total} profiles did not end well: {names}.", n=len(bad), total=len(wanted), names=", ".join(bad)
    )
    return Ended(code, reason)
