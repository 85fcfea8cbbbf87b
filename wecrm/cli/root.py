"""The root command: global options, and commands that are imported only when called."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from wecrm.cli.globals import Globals
from wecrm.cli.help import Group
from wecrm.cli.registry import COMMANDS, summary
from wecrm.errors import UsageError
from wecrm.i18n import _

HELP = """Examples:

\b
  wecrm --profile sandbox sync
  wecrm --profile sandbox contacts list --where "tag has 'VIP'"
  wecrm tags plan vip.csv --add VIP -o vip.plan
  wecrm apply vip.plan

Run customer relations on WeCom (企业微信): plan before change, resume after a crash, undo.
"""


class LazyGroup(Group):
    """A group that knows its commands' names and sentences without importing them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            from importlib import import_module

            app = import_module(COMMANDS[cmd_name][0]).app
            self.commands[cmd_name] = typer.main.get_command(app)
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, summary(name)) for name in COMMANDS])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=2)
            raise UsageError(
                _("There is no command {name}.", name=args[0]),
                "",
                _("Did you mean {names}?", names=", ".join(near)) if near else _("`wecrm --help` lists them."),
            )
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=LazyGroup, rich_markup_mode=None, add_completion=False, help=HELP)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    profile: Annotated[str, typer.Option(help=_("The corp to work on (WECRM_PROFILE)."))] = "",
    config: Annotated[Path | None, typer.Option(help=_("Configuration file (WECRM_CONFIG)."))] = None,
    lang: Annotated[str, typer.Option(help=_("zh or en (WECRM_LANG)."))] = "",
    quiet: Annotated[int, typer.Option("-q", count=True, help=_("Say less; -qq nothing but failures."))] = 0,
    verbose: Annotated[int, typer.Option("-v", count=True, help=_("Log more; -vv everything."))] = 0,
    log_format: Annotated[str, typer.Option(help=_("text or json."))] = "text",
    log_file: Annotated[Path | None, typer.Option(help=_("Log to this file as well."))] = None,
    color: Annotated[str, typer.Option(help=_("auto, always or never."))] = "",
    no_input: Annotated[bool, typer.Option("--no-input", help=_("Never ask; a needed answer is exit 2."))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Show what would be done; write nothing."))] = False,
    cron: Annotated[bool, typer.Option("--cron", help=_("Unattended: no questions, one summary line."))] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_("Show tracebacks."))] = False,
    max_runtime: Annotated[str, typer.Option(help=_("Stop cleanly after 90m, 2h or 45s."))] = "",
) -> None:
    """Take the global options."""
    found = ctx.obj
    environ = found["environ"]
    named = environ.get("WECRM_CONFIG", "")
    found["options"] = Globals(
        profile=profile or environ.get("WECRM_PROFILE", ""),
        config=config or (Path(named) if named else None),
        lang=lang or environ.get("WECRM_LANG", ""),
        quiet=quiet,
        verbose=verbose,
        log_format=_one_of("--log-format", log_format, ("text", "json")),
        log_file=log_file,
        color=_color(color, environ),
        no_input=no_input or cron,
        dry_run=dry_run,
        cron=cron,
        debug=debug,
        max_runtime_s=duration("--max-runtime", max_runtime) if max_runtime else None,
        environ=environ,
    )
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        return
    ctx.obj = found["open"](found["options"])


def _color(flag: str, environ: Any) -> Any:
    if flag:
        return _one_of("--color", flag, ("auto", "always", "never"))
    if environ.get("NO_COLOR"):
        return "never"
    return "auto" if environ.get("CLICOLOR_FORCE", "") in ("", "0") else "always"


def _one_of(flag: str, value: str, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise UsageError(
            _("{flag} is one of {allowed}, not {value}.", flag=flag, allowed=", ".join(allowed), value=value)
        )
    return value


def duration(flag: str, text: str) -> float:
    """Seconds of `90m`, `26h`, `45s`, `2d`, or a bare number of seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if match is None:
        raise UsageError(_("{flag} takes a time like 90m, 26h or 45s, not {value}.", flag=flag, value=text))
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
