"""`wecrm config`: write, show and check the configuration."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import rows, several
from wecrm.cli.command import command, group, session
from wecrm.cli.globals import one_at_a_time
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

app = group(_("Write, show and check the configuration."))


@command(
    app,
    "path",
    _("Say which configuration file is read."),
    ("wecrm config path", "wecrm --config acme.yaml config path"),
    _("`--config` beats WECRM_CONFIG, which beats WECRM_HOME/config.yaml, which beats this user's own folder."),
)
def path(ctx: typer.Context) -> None:
    s = session(ctx)
    s.stdout.write(f"{s.config_path}\n")
    if not s.config_path.exists():
        s.say(_("It is not there yet: `wecrm config init` writes it. The profile `sandbox` needs none."))


@command(
    app,
    "show",
    _("Show every setting that is in force, and where it comes from."),
    ("wecrm config show", "wecrm config show profiles.acme.limits", "wecrm config show -f json"),
    _("Origins: flag, a WECRM_* variable, file, built-in. Secrets are shown as references only."),
)
def show(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help=_("Only this setting, or those below it."), metavar="KEY")] = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.cli.settings import in_force
    from wecrm.store.nearest import did_you_mean

    s = session(ctx)
    lines: list[tuple[Cell, ...]] = [tuple(line) for line in in_force(s)]
    found = [line for line in lines if not key or line[0] == key or str(line[0]).startswith(f"{key}.")]
    if not found:
        near = did_you_mean(key, [str(line[0]) for line in lines], 3)
        raise UsageError(_("There is no setting {name}.", name=key), "", near or _("`wecrm config show` lists them."))
    table = Table(
        "settings", (Column("key", _("Key")), Column("value", _("Value")), Column("origin", _("From"))), found
    )
    rows.show(s, table, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers), UTC)


@command(
    app,
    "validate",
    _("Check the configuration file and every secret reference in it."),
    ("wecrm config validate", "wecrm --config acme.yaml config validate -f json"),
    _("One line per finding; secrets are looked up and never shown. Exit 4 if something is wrong."),
)
def validate(
    ctx: typer.Context,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    from wecrm import config as configuration
    from wecrm.cli.settings import findings

    s = session(ctx)
    config = configuration.load(s.config_path, required=True)
    found = list(findings(config, s.config_path, s.places.data, s.options.environ))
    lines = [("wrong" if each.wrong else "ok", each.key, each.text) for each in found]
    table = Table(
        "findings", (Column("result", _("Result")), Column("key", _("Key")), Column("finding", _("Finding"))), lines
    )
    rows.show(s, table, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers), UTC)
    wrong = [each for each in found if each.wrong]
    if not wrong:
        s.say(_("{path} is sound.", path=s.config_path))
        return 0
    return exit_code(Exit.config, _("{n} settings of {path} are wrong.", n=len(wrong), path=s.config_path))


@command(
    app,
    "init",
    _("Write a configuration file to start from."),
    (
        "wecrm config init",
        "wecrm --profile acme config init --corp-id ww1a2b3c4d5e6f7a8b",
        "wecrm config init acme.yaml --contact-secret file:~/acme.secret --dry-run",
    ),
    _(
        "Asks on a terminal for what no flag says; elsewhere placeholders stand in the file. The file gets mode 0600; "
        "one that is there is never overwritten. --profile names the profile."
    ),
)
def init(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help=_("Where; the usual place if left out."), metavar="PATH")] = None,
    corp_id: Annotated[str, typer.Option(help=_("企业ID, as ww1a2b3c4d5e6f7a8b."), metavar="ID")] = "",
    name: Annotated[str, typer.Option(help=_("The corp's name."), metavar="NAME")] = "",
    contact_secret: Annotated[
        str, typer.Option(help=_("Reference to the contact secret, never the secret itself."), metavar="REF")
    ] = "",
) -> None:
    from wecrm.cli import starter

    s = session(ctx)
    if several.chosen(s):
        raise one_at_a_time(s.options.profile)
    target = file or s.config_path
    if target.exists() and not s.options.dry_run:
        raise _there_already(target)
    profile = s.options.profile if s.options.profile not in ("", "sandbox") else "main"
    asked = list(_answers(s, profile, corp_id, name, contact_secret))
    text = starter.starter(profile, *asked)
    if s.options.dry_run:
        s.stdout.write(text)
        s.warn(_("Dry run: {path} was not written.", path=target))
        return
    _write(target, text)
    s.say(_("Wrote {path} (mode 0600).", path=target))
    for sentence in starter.missing(profile, *asked):
        s.say(sentence)
    s.say(_("Then: wecrm config validate"))


def _answers(s: Session, profile: str, corp_id: str, name: str, secret: str) -> Iterator[str]:
    """Corp id, name and reference: by flag, by asking on a terminal, or ""."""
    from wecrm.cli.starter import REFERENCE, checked_corp_id, checked_reference

    yield checked_corp_id(corp_id or _ask(s, _("Corp id (企业ID)"), ""))
    yield name or _ask(s, _("Name of the corp"), profile)
    yield checked_reference(
        secret or _ask(s, _("Where the contact secret is: env:NAME, file:PATH, command:…"), REFERENCE)
    )


def _ask(s: Session, question: str, usual: str) -> str:
    """The answer typed on the terminal; `usual` for an empty one, "" without a terminal."""
    if s.options.no_input or s.stdin is None or not s.stdin.isatty():
        return ""
    s.stderr.write(f"{question}{f' [{usual}]' if usual else ''}: ")
    s.stderr.flush()
    line = s.answer()
    if not line:
        raise UsageError(_("Nothing was written."), _("The questions were not answered."), "")
    return line.strip() or usual


def _write(path: Path, text: str) -> None:
    import os

    from wecrm.files.atomic import sync_folder

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _there_already(path) from None
    except OSError as error:
        raise UsageError(_("Cannot write {path}.", path=path), str(error.strerror), "") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    sync_folder(path.parent)


def _there_already(path: Path) -> UsageError:
    return UsageError(
        _("{path} is there already and stays as it is.", path=path),
        "",
        _("Name another PATH, or look at this one: wecrm config validate"),
    )
