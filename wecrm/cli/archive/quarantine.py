"""`wecrm archive quarantine`."""

from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.archive import opening
from wecrm.cli.archive.filters import ReasonOption
from wecrm.cli.command import command, group, session
from wecrm.cli.main import exit_code
from wecrm.errors import Exit
from wecrm.i18n import _


def commands(app: typer.Typer) -> None:
    """Put the group under `wecrm archive`."""
    own = group(_("Messages that could not be read: their ciphertext waits until they can."))
    app.add_typer(own, name="quarantine")
    command(
        own,
        "list",
        _("Show what waits, and why; no ciphertext."),
        ("wecrm archive quarantine list", "wecrm archive quarantine list --by-message -o waiting.csv"),
        _(
            "Reasons: no-key, key, cipher (private key missing or wrong), crashed (the library dies of it), "
            "unreadable, conflict (another message has its msgid), malformed."
        ),
    )(list_)
    command(
        own,
        "retry",
        _("Try to read everything again that waits, with the keys that are known now."),
        ("wecrm archive quarantine retry", "wecrm archive quarantine retry --version 3"),
        _("Exit code 3 when some still wait."),
    )(retry)
    command(
        own,
        "export",
        _("Write the ciphertext of what waits as JSON lines, mode 0600."),
        ("wecrm archive quarantine export -o waiting.ndjson",),
        _("What stands in it opens with the corp's private keys: keep it as the archive itself."),
    )(export)


def list_(
    ctx: typer.Context,
    by_message: Annotated[bool, typer.Option("--by-message", help=_("A row for each message."))] = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.operations.archive import quarantine

    s = session(ctx)
    store = opening.archive(s)
    table = (quarantine.each if by_message else quarantine.summed)(store)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show(s, table, wanted)


def retry(
    ctx: typer.Context,
    version: Annotated[list[int] | None, typer.Option(help=_("Only messages under this version of the key."))] = None,
) -> int:
    from wecrm.api.archive.keys import Keys
    from wecrm.operations.archive import quarantine
    from wecrm.operations.archive.openings import Opener

    s = session(ctx)
    if s.options.dry_run:
        s.warn(_("Would try to read again what waits; nothing is sent to WeCom."))
        return 0
    store = opening.archive(s)
    with opening.locked(s):
        opener = Opener(opening.source(s), Keys(opening.private_keys(s)))
        try:
            done = quarantine.retry(store, opener, s.run, s.tz, derive=opening.derivations(s), versions=version)
        finally:
            opener.close()
            opening.anchored(s, store)
    s.say(_("{n:,} recovered, {m:,} still wait.", n=done.new + done.doubled, m=done.quarantined))
    if not done.quarantined:
        return 0
    return exit_code(Exit.partial, _("{n:,} messages still wait in quarantine.", n=done.quarantined))


def export(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help=_("Write to FILE."), metavar="FILE")],
    reason: ReasonOption = "",
) -> None:
    from wecrm.files.atomic import replacing
    from wecrm.operations.archive import quarantine

    s = session(ctx)
    store = opening.archive(s)
    opening.accessed(
        s, store, "archive quarantine export", reason=reason, filter="", rows=quarantine.count_waiting(store)
    )
    count = 0
    with replacing(output) as stream:
        for line in quarantine.sealed_lines(store):
            stream.write(line)
            count += 1
    s.say(_("{n:,} messages written to {path}.", n=count, path=output))
