"""The `list` verb of every noun that is a documented view of the cache."""

from collections.abc import Sequence

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session


def listing(
    app: typer.Typer,
    view: str,
    summary: str,
    examples: Sequence[str],
    details: str = "",
    *,
    order: str = "",
    verb: str = "list",
) -> None:
    """Give a noun its `list`: all rows of that view, with every option of rows.

    Args:
        order: what is used when `--sort` is not given; the view's own order otherwise.
        verb: another word, where the noun has a `list` already.
    """

    @command(app, verb, summary, examples, details)
    def list_(
        ctx: typer.Context,
        format: rows.FormatOption = None,
        output: rows.OutputOption = None,
        columns: rows.ColumnsOption = "",
        where: rows.WhereOption = "",
        sort: rows.SortOption = order,
        limit: rows.LimitOption = None,
        csv_safe: rows.CsvSafeOption = "apostrophe",
        headers: rows.HeadersOption = "",
    ) -> None:
        rows.show_view(session(ctx), view, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))
