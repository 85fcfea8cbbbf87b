"""How commands are declared: examples first, then what it does."""

from collections.abc import Callable, Sequence
from functools import wraps
from time import monotonic
from typing import Any, TypeVar

import typer

from wecrm.cli.help import Command, Group
from wecrm.cli.session import Session
from wecrm.cli.several import PLACE, Many, chosen, per_profile
from wecrm.i18n import _

F = TypeVar("F", bound=Callable[..., Any])

WRITING: set[str] = set()
"""Commands (as `tags apply`) that may write to WeCom: all of them honour `--dry-run`."""


def group(summary: str) -> typer.Typer:
    """A Typer app for one noun."""
    app = typer.Typer(cls=Group, help=summary, rich_markup_mode=None, add_completion=False, no_args_is_help=True)

    @app.callback()
    def _group() -> None:
        return

    return app


def single() -> typer.Typer:
    """A Typer app for a command without verbs."""
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def command(
    app: typer.Typer,
    name: str,
    summary: str,
    examples: Sequence[str],
    details: str = "",
    *,
    writes: str = "",
    minus: bool = False,
    many: Many = False,
    foreseen: bool = True,
) -> Callable[[F], F]:
    """Register a command whose help begins with examples.

    Args:
        writes: the full words (`tags apply`) of a command that may write to WeCom.
        minus: whether an argument may be a negative number, as `explain -1`.
        foreseen: whether a wrong `--format` or `--output` of rows is refused before the command is called.
        many: whether `--profile a,b` runs it once for each, or ("rows") it puts several into one table itself.
    """
    shown = "\n".join(f"  {example}" for example in examples)
    text = f"{_('Examples:')}\n\n\b\n{shown}\n\n{summary}" + (f"\n\n{details}" if details else "")
    if writes:
        WRITING.add(writes)

    def wrap(function: F) -> F:
        context = {"ignore_unknown_options": True} if minus else None
        app.command(name, cls=Command, help=text, short_help=summary, context_settings=context)(
            _framed(per_profile(function, many), foreseen)
        )
        return function

    return wrap


def _framed(function: F, foreseen: bool) -> F:
    """`function`, a command, with what stands before and behind the work of every one."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if foreseen and {"format", "output", "columns"} <= kwargs.keys() and PLACE not in str(kwargs["output"]):
            from wecrm.cli import rows

            rows.foresee(kwargs["format"], kwargs["output"], kwargs.get("headers", ""))
        began = monotonic()
        code = function(*args, **kwargs)
        s = session(kwargs["ctx"])
        if s.options.cron and not code and not chosen(s):
            from wecrm.cli import ending

            ending.well(s, kwargs["ctx"].command_path.removeprefix("wecrm "), monotonic() - began)
        return code

    return called  # type: ignore[return-value]


def session(ctx: typer.Context) -> Session:
    """The session of this run."""
    found = ctx.find_root().obj
    assert isinstance(found, Session)
    return found
