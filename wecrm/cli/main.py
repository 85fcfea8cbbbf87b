"""Running one command line: from words to an exit code. The only place that catches everything."""

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wecrm import __version__, i18n
from wecrm.cli import process
from wecrm.cli.globals import Globals, asked, behind, hoist
from wecrm.errors import (
    ApiError,
    ConfigError,
    Exit,
    InterruptedRun,
    TemporaryError,
    UsageError,
    WecrmError,
    most_severe,
)
from wecrm.i18n import _
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.cli.progress import ProgressLine
    from wecrm.cli.session import Session

_IMPOSSIBLE = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR)
"""Of a path that somebody gave: no file can be there, whatever exists."""
_SHOWN = 200
"""Characters of such a path that are told."""


def main(argv: Sequence[str]) -> int:
    """Run the command line of a process."""
    signalled = process.begin()
    return run(argv, environ=os.environ, signalled=signalled)


def run(
    argv: Sequence[str], *, environ: Mapping[str, str], signalled: Callable[[], WecrmError | None] = lambda: None
) -> int:
    """Run `wecrm` with these words; the exit code. Output goes to sys.stdout and sys.stderr."""
    opened: list[Session] = []
    line: list[ProgressLine] = []

    def open_session(options: Globals) -> "Session":
        from wecrm.cli import logs
        from wecrm.cli.progress import ProgressLine
        from wecrm.cli.session import Session

        logs.start(options)
        line.append(ProgressLine(sys.stderr, shown=not options.cron and not options.quiet))
        told = (line[0], line[0].clear, line[0].pace)
        opened.append(Session(options, sys.stdin, sys.stdout, sys.stderr, signalled, *told))
        return opened[0]

    context: dict[str, Any] = {"environ": dict(environ), "open": open_session, "options": Globals()}
    try:
        with contextlib.ExitStack() as closing:
            closing.callback(_each, opened, "close")
            closing.callback(_each, line, "clear")
            with process.at_once(signalled):
                code = _invoke(argv, context)
        sys.stdout.flush()
        return _last_line(code)
    except BrokenPipeError:
        return _quiet_end()
    except KeyboardInterrupt:
        return _told(signalled() or InterruptedRun(_("Stopped by Ctrl-C.")))
    except Exception as error:  # noqa: BLE001 the last resort of the process
        told = meant(error, context["options"], environ, opened[0] if opened else None)
        return _told(_after(signalled(), told))


def _each(things: Sequence[Any], verb: str) -> None:
    for thing in things:
        getattr(thing, verb)()


def _speak(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Choose the language before a command is imported: many sentences are looked up right then."""
    flag = asked("--lang", words)
    known = flag in ("", *i18n.LANGUAGES)
    i18n.use(i18n.choose(flag if known else "", environ))
    if not known:
        raise UsageError(
            _("{flag} is one of {allowed}, not {value}.", flag="--lang", allowed=", ".join(i18n.LANGUAGES), value=flag)
        )


def _check_encoding(word: str) -> None:
    """Refuse what is no UTF-8: no database, no answer and no file of ours could hold it."""
    try:
        word.encode()
    except UnicodeEncodeError:
        raise UsageError(
            _("The argument {word} is not UTF-8.", word=ascii(word[:40])),
            _("The terminal or the script has another encoding, such as GBK."),
            _("Set the terminal to UTF-8, or save the script as UTF-8."),
        ) from None


def _invoke(argv: Sequence[str], context: dict[str, Any]) -> int:
    words = hoist(argv)
    _speak(words, context["environ"])
    for word in words:
        _check_encoding(word)

    import typer
    from typer.exceptions import Abort

    from wecrm.cli.root import app

    if behind(words)[:1] in (["--version"], ["-V"]):  # behind a command it is that command's
        sys.stdout.write(f"wecrm {__version__}\n")
        return 0
    command = typer.main.get_command(app)
    try:
        result = command.main(words, prog_name="wecrm", standalone_mode=False, obj=context)
    except typer.TyperException as error:
        return _usage(error)
    except Abort:
        raise InterruptedRun(_("Stopped by Ctrl-C.")) from None
    except SystemExit as left:  # what the parser makes of a closed pipe
        if isinstance(left.__context__, BrokenPipeError):
            raise left.__context__ from None
        raise
    if result == Exit.interrupt and not isinstance(result, Ended):  # what the parser makes of KeyboardInterrupt
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _usage(error: Any) -> int:
    """A mistake that the parser found: say it, name the help, exit 2."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(error.format_message() + "\n")
        raise UsageError(_("A subcommand is missing."))
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "wecrm"
    from wecrm.cli.help import complaint

    raise UsageError(complaint(error.format_message()), "", _("`{path} --help` shows examples.", path=path))


def _told(error: WecrmError) -> int:
    """Tell an error on stderr in its three parts; its exit code."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    lines = [_("Error: {what}", what=visible(error.what))]
    if error.why:
        lines += [f"  {visible(line)}" for line in error.why.split("\n")]
    if isinstance(error, ApiError) and error.errmsg:
        lines.append(
            "  " + _("WeCom said: {errmsg} (hint {hint})", errmsg=visible(error.errmsg), hint=error.hint or "-")
        )
    if error.fix:
        lines.append("  " + _("To fix: {fix}", fix=visible(error.fix)))
    lines.append(
        _("exit {code} ({name}): {what}", code=int(error.code), name=error.code.name, what=visible(error.what))
    )
    sys.stderr.write("\n".join(lines) + "\n")
    return int(error.code)


def _after(signal: WecrmError | None, error: WecrmError) -> WecrmError:
    """The error to tell when a signal came, too: a signal is the most severe, what else went wrong is its why."""
    if signal is None or most_severe([signal.code, error.code]) is error.code:
        return error
    return type(signal)(signal.what, " ".join(filter(None, (error.what, error.why))), error.fix or signal.fix)


def _quiet_end() -> int:
    """The reader of our output went away (`| head`): nothing is wrong."""
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
    return 0


def meant(
    error: Exception, options: Globals, environ: Mapping[str, str], session: "Session | None" = None
) -> WecrmError:
    """The error that a person is told: this one, or what a foreign one comes to in that run."""
    if isinstance(error, WecrmError):
        return error
    if _out_of_handles(error):
        return ConfigError(
            _("This process may not open as many files as it needs."),
            os.strerror(errno.EMFILE),
            _("Allow it more (ulimit -n 256, LimitNOFILE of systemd) and run it again."),
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        _quiet_end()  # standard output may be what has no room
        return TemporaryError(
            _("There is no room left to write."), str(error.strerror), _("Make room and run it again.")
        )
    if isinstance(error, OSError) and error.errno in _IMPOSSIBLE:
        return UsageError(
            _("{path} can't be a file here.", path=str(error.filename)[:_SHOWN]),
            str(error.strerror),
            _("Give another name, in a folder that exists."),
        )
    return _of_a_database(error, environ, session) or _bug(error, options, environ)


def _out_of_handles(error: BaseException | None) -> bool:
    """Whether the limit of open files is behind it; a library that can't be loaded says so in words only."""
    while error is not None:
        if getattr(error, "errno", 0) in (errno.EMFILE, errno.ENFILE) or os.strerror(errno.EMFILE) in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _of_a_database(error: Exception, environ: Mapping[str, str], session: "Session | None") -> WecrmError | None:
    """What an error of SQLite comes to that met a reader: a disk, a lock, damage; None for a defect of ours."""
    if type(error).__module__ not in ("sqlite3", "sqlcipher3.dbapi2"):
        return None
    from wecrm.config import places
    from wecrm.store.connections import explained

    try:
        with explained(places(environ).data):
            raise error
    except WecrmError as told:
        return told
    except Exception:  # noqa: BLE001 a table or column that is not there: told as a bug unless it was there
        from wecrm.cli import damage

        return damage.found(session) if session is not None else None


def _bug(error: Exception, options: Globals, environ: Mapping[str, str]) -> WecrmError:
    """A defect of wecrm: a report without any value of the run is written, and named."""
    if options.debug:
        traceback.print_exception(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    chain = error.__cause__
    if chain is not None:
        frames += f"caused by {type(chain).__name__}\n" + "".join(traceback.format_tb(chain.__traceback__))
    path = _report(f"wecrm {__version__}\n{type(error).__name__}\n{frames}", environ)
    what = _("wecrm met a bug ({kind}).", kind=type(error).__name__)
    return WecrmError(what, "", _("A report without customer data is in {path}.", path=path) if path else "")


def _report(text: str, environ: Mapping[str, str]) -> Path | None:
    from wecrm.config import places

    try:
        folder = places(environ).cache
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"bug-{os.getpid()}.txt"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as stream:
            stream.write(text)
    except (OSError, WecrmError):
        return None
    return path


class Ended(int):
    """An exit code that is not an error's, with its reason and what to do about it."""

    reason: str
    fix: str

    def __new__(cls, code: int, reason: str = "", fix: str = "") -> "Ended":
        ended = super().__new__(cls, code)
        ended.reason, ended.fix = reason, fix
        return ended


def exit_code(code: Exit, reason: str, fix: str = "") -> Ended:
    """End a command that finished its work with a code that is not an error: the last line says why."""
    return Ended(code, reason, fix)


def _last_line(code: int) -> int:
    """Say code, name and reason of a run that finished its work and yet does not end with 0."""
    if code and isinstance(code, Ended):
        name, reason = Exit(code).name, visible(code.reason)
        if code.fix:
            sys.stderr.write("  " + _("To fix: {fix}", fix=visible(code.fix)) + "\n")
        sys.stderr.write(_("exit {code} ({name}): {what}", code=int(code), name=name, what=reason) + "\n")
    return int(code)
