"""`wecrm archive status`."""

from typing import Annotated

import typer

from wecrm.cli import rows, several
from wecrm.cli.archive import opening
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session, SystemClock
from wecrm.errors import Exit, UsageError, most_severe
from wecrm.i18n import _
from wecrm.models.status import ArchiveStatus


def commands(app: typer.Typer) -> None:
    """Put the verb under `wecrm archive`."""
    command(
        app,
        "status",
        _("Show how the archive stands: last pull, position, quarantine, seats, gaps."),
        (
            "wecrm archive status",
            "wecrm --profile @all archive status --max-age 26h",
            'wecrm archive status --acknowledge 1 --reason "server was down"',
        ),
        _(
            "Reads the local archive only. Exit code: 5 when --max-age is given and the last success is older, "
            "9 when the newest pull was silent where messages were to be expected, or a gap is not acknowledged."
        ),
        many="rows",
    )(status)


def status(
    ctx: typer.Context,
    max_age: Annotated[
        str, typer.Option(help=_("Exit 5 when the last success is older, as 26h."), metavar="TIME")
    ] = "",
    acknowledge: Annotated[
        int | None, typer.Option(help=_("The number of a gap that somebody knows of now; needs --reason."))
    ] = None,
    reason: Annotated[str, typer.Option(help=_("Why, in the words that stay with it."))] = "",
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
    age_s = duration("--max-age", max_age) if max_age else None
    if acknowledge is not None:
        return _acknowledge(s, acknowledge, reason)
    found: list[tuple[str, ArchiveStatus | None, float]] = []
    try:
        return several.each(s, lambda one: _look(one, found, age_s))
    finally:
        if found:
            from wecrm.operations.archive.standing import table

            rows.show(s, table(found), rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))


def _look(one: Session, found: list[tuple[str, ArchiveStatus | None, float]], age_s: float | None) -> int:
    from wecrm.operations.archive.standing import judged

    made = not one.in_sandbox or one.world_path.exists()
    now = one.clock.now() if made else SystemClock().now()
    corp = opening.standing(one)
    found.append((one.profile_name, corp, now))
    wrong = judged(corp, age_s, now)
    if not wrong:
        return 0
    return exit_code(most_severe([code for code, _why in wrong]), " ".join(why for _code, why in wrong))


def _acknowledge(s: Session, gap: int, reason: str) -> int:
    """Write down that somebody knows of the gap; 2 when there is none of that number."""
    from wecrm.store.archive import pulls

    if not reason.strip():
        raise UsageError(_("--acknowledge needs --reason."), _("Both stay in the archive, with your name."))
    store = opening.archive(s)
    known = {each.id: each for each in pulls.gaps(store.connection)}
    if gap not in known:
        raise UsageError(_("There is no gap {n}.", n=gap), "", _("`wecrm archive status` names them."))
    if known[gap].acknowledged:
        s.say(_("Gap {n} was acknowledged before: {who}.", n=gap, who=known[gap].acknowledged))
        return 0
    if s.options.dry_run:
        s.warn(_("Would acknowledge gap {n}.", n=gap))
        return int(Exit.ok)
    pulls.acknowledge(store, gap, opening.who(), reason.strip(), int(s.clock.now()))
    opening.anchored(s, store)
    s.say(_("Gap {n} is acknowledged.", n=gap))
    return 0
