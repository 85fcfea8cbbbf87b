"""`wecrm doctor`: what keeps this profile from working, and what to do about it."""

import os
import shlex
from collections.abc import Generator, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm import config as configuration
from wecrm.cli import rows, several
from wecrm.cli.command import command, session, single
from wecrm.cli.globals import one_at_a_time
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import ConfigError, Exit, WecrmError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.operations.doctor import Finding
    from wecrm.store.database import Store

app = single()

_COLORS = {"ok": "32", "warn": "33", "fail": "31", "skip": "2"}


@command(
    app,
    "doctor",
    _("Check configuration, secrets, trusted IP, permissions and storage; say what to do."),
    (
        "wecrm doctor",
        "wecrm --profile acme doctor",
        "wecrm doctor --retry-secrets",
        "wecrm doctor --after-restore",
        "wecrm doctor -f json",
    ),
    _(
        "Reads only. Each secret is asked for its token once; one that WeCom refused before is not asked again "
        "unless --retry-secrets is given. Exit code: 4 configuration, 6 refused by WeCom, 5 temporary, 0 fine."
    ),
    many="rows",
)
def doctor(
    ctx: typer.Context,
    retry_secrets: Annotated[
        bool, typer.Option("--retry-secrets", help=_("Ask again for secrets that WeCom refused before."))
    ] = False,
    after_restore: Annotated[
        bool, typer.Option("--after-restore", help=_("Compare a restored journal with WeCom; then writing is allowed."))
    ] = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    s = session(ctx)
    found: list[Finding] = []
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    if several.chosen(s) and after_restore:
        raise one_at_a_time(s.options.profile)
    if several.chosen(s):
        return _all(s, retry_secrets, wanted)
    examined = _compared(s) if after_restore else examine(s, retry_secrets)
    if wanted != rows.Rows(format, output) or not _for_person(s, wanted):
        rows.show(s, _table(_kept(examined, found)), wanted, _tz(s))
        found.extend(examined)  # what --limit left out counts, too
    else:
        for finding in _kept(examined, found):
            _tell(s, finding)
    return _ended(found)


def _compared(s: Session) -> Iterator["Finding"]:
    """The open rows of a restored journal held against WeCom; the restore's lock is lifted at the end."""
    from wecrm.operations import restore
    from wecrm.operations.doctor import Finding
    from wecrm.store import restores

    if not s.database.exists() or restores.unchecked_since(s.store) is None:
        yield Finding("restore", "skip", _("This database does not wait for being compared with WeCom."))
    elif s.options.dry_run:
        s.warn(_("Dry run: nothing was compared."))
    else:
        with s.locked("apply"):
            yield from restore.compare(s.work)


def _ended(found: list["Finding"]) -> int:
    from wecrm.operations.doctor import end

    code = end(found)
    first = next((each for each in found if each.state == "fail" and each.exit is code), None)
    return exit_code(code, f"{first.check}: {first.detail}", first.fix) if first else 0


def _all(s: Session, retry: bool, wanted: rows.Rows) -> int:
    """Several profiles: one table of all findings when the last was examined."""
    lines: list[tuple[Cell, ...]] = []

    def one(alone: Session) -> int:
        found: list[Finding] = []
        try:
            for _finding in _kept(examine(alone, retry), found):
                pass
        finally:
            lines.extend((alone.profile_name, *row) for row in _table(iter(found)).rows)
        return _ended(found)

    code = several.run(s, one)
    columns = (Column("profile", _("Profile"), "id"), *_table(iter(())).columns)
    rows.show(s, Table("doctor", columns, lines), wanted, _tz(s))
    return code


def _for_person(s: Session, wanted: rows.Rows) -> bool:
    return wanted.output is None and s.stdout.isatty() and wanted.format in (None, "table")


def _tz(s: Session) -> tzinfo:
    try:
        return s.tz
    except ConfigError:
        return configuration.Config().tz()


def _kept(findings: Iterator["Finding"], found: list["Finding"]) -> Iterator["Finding"]:
    for finding in findings:
        found.append(finding)
        yield finding


def _table(findings: Iterator["Finding"]) -> Table:
    columns = (Column("check", _("Check")), Column("state", _("State")), Column("detail", _("Detail")))
    lines: Iterator[tuple[Cell, ...]] = ((f.check, f.state, f.detail, f.fix) for f in findings)
    return Table("doctor", (*columns, Column("fix", _("To fix"))), lines)


def _tell(s: Session, finding: "Finding") -> None:
    """One finding on a terminal, at once."""
    state = f"{finding.state:4}"
    if s.options.color != "never" and not s.options.cron:
        state = f"\x1b[{_COLORS[finding.state]}m{state}\x1b[0m"
    s.stdout.write(f"{state}  {finding.check:24} {visible(finding.detail)}\n")
    if finding.fix:
        s.stdout.write(" " * 31 + _("To fix: {fix}", fix=visible(finding.fix)) + "\n")
    s.stdout.flush()


def examine(s: Session, retry_secrets: bool) -> Iterator["Finding"]:
    """All findings, each as soon as it is known."""
    from wecrm.operations import doctor, doctor_places

    broken = False
    secrets: dict[str, str] = {}
    for finding in _configuration(s, secrets):
        broken = broken or (finding.state == "fail" and finding.check in ("config.file", "config.profile"))
        yield finding
    yield doctor_places.sqlite()
    if broken:
        yield doctor.Finding("wecom", "skip", _("Not asked: mend the configuration first."))
        return
    store = yield from _storage(s)
    if secrets:
        yield from _wecom(s, secrets, store, retry_secrets)
    if store is not None:
        yield from doctor.syncs(store, s.clock.now())


def _configuration(s: Session, secrets: dict[str, str]) -> Iterator["Finding"]:
    """The file, the profile and its secrets; those that resolve are put into `secrets`."""
    from wecrm.operations.doctor import Finding, failed
    from wecrm.operations.doctor_places import private

    try:
        s.tz  # noqa: B018 decodes the file
    except WecrmError as error:
        yield failed("config.file", error)
        return
    if s.config_path.exists():
        yield Finding("config.file", "ok", str(s.config_path))
        yield from private("config.mode", [s.config_path], reading=False)
        if os.name == "posix" and s.config_path.stat().st_mode & 0o044:
            detail = _("Others can read {path}.", path=s.config_path)
            fix = f"chmod 600 {shlex.quote(str(s.config_path))}"
            yield Finding("config.readable", "warn", detail, fix)
    else:
        yield Finding("config.file", "skip", _("There is none at {path}.", path=s.config_path))
    try:
        profile = s.profile
    except WecrmError as error:
        yield failed("config.profile", error)
        return
    yield Finding("config.profile", "ok", _("{name}: corp {corp}.", name=s.profile_name, corp=profile.corp_id))
    if configuration.in_clear(profile.base_url):
        detail = _("Secrets, tokens and customers go to {url} unencrypted.", url=profile.base_url)
        yield Finding("config.base_url", "warn", detail, _("Write https://… in base_url."))
    if s.in_sandbox:
        secrets.update(s.secrets())
        return
    yield from _secrets(s, secrets)


def _secrets(s: Session, secrets: dict[str, str]) -> Iterator["Finding"]:
    from wecrm.operations.doctor import Finding, failed

    for kind, secret in s.profile.secrets.items():
        try:
            secrets[kind] = configuration.resolve(secret.secret, s.options.environ)
        except WecrmError as error:
            yield failed(f"secret.{kind}", error)
        else:
            yield Finding(f"secret.{kind}", "ok", _("The reference leads to a secret."))
    if "contact" not in s.profile.secrets:
        fix = _("Add secrets.contact to the profile; `wecrm explain secrets` says which secret that is.")
        yield Finding("secret.contact", "fail", _("The profile names no contact secret."), fix, Exit.config)


def _storage(s: Session) -> "Generator[Finding, None, Store | None]":
    """Folders, modes, disk and database; returns the store when it is there and can be opened."""
    from wecrm.operations import doctor, doctor_places
    from wecrm.store import restores

    folder = s.database.parent
    yield doctor_places.writable("folder.data", folder)
    yield doctor_places.writable("folder.cache", s.places.cache)
    yield doctor_places.disk(folder)
    system = doctor_places.file_system(folder, doctor_places.mounts())
    yield system
    yield from doctor_places.private("mode.tokens", _token_files(s))
    yield from doctor_places.private("mode.database", [s.database])
    if not s.database.exists():
        yield doctor.Finding("database", "skip", _("Not there yet: `wecrm sync` makes it."))
        return None
    if system.state == "fail":
        yield doctor.Finding("database", "skip", _("Not opened on this file system."))
        return None
    try:
        store = s.store
    except WecrmError as error:
        yield doctor.failed("database", error)
        return None
    found = doctor_places.database(store)
    yield found
    if found.state == "ok" and restores.unchecked_since(store) is not None:
        detail = _("This database was restored from a backup and not compared with WeCom since.")
        yield doctor.Finding("restore", "warn", detail, "wecrm doctor --after-restore")
    return store if found.state == "ok" else None


def _token_files(s: Session) -> list[Path]:
    folder = s.places.cache / "sandbox" if s.in_sandbox else s.places.cache
    return sorted(folder.glob("token-*.json"))


def _wecom(s: Session, secrets: dict[str, str], store: "Store | None", retry: bool) -> Iterator["Finding"]:
    from wecrm.cli.archive import examining
    from wecrm.models.clock import Run
    from wecrm.operations import doctor

    patience = doctor.Patience(s.clock, s.run.stop)
    try:
        client = s.connect(secrets, Run(s.clock, patience), patient=False)
        if retry:
            client.forget_refusals()
    except WecrmError as error:
        yield doctor.failed("wecom", error)
        return
    granted = False
    for finding in doctor.wecom(client, patience, store):
        granted = granted or (finding.check == "token.archive" and finding.state == "ok")
        yield finding
    yield from examining.examine(s, patience, granted=granted)
