"""`--headers`: in which language headings stand, or as the keys that programs know."""

from dataclasses import replace

from wecrm import i18n
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Column, Table

RAW = "raw"
CHOICES = ("", RAW, *i18n.LANGUAGES)
"""Empty: keys in CSV, TSV and XLSX, titles in tables, Markdown and HTML."""


def check(headers: str) -> None:
    """Refuse what is no choice.

    Raises:
        UsageError: names the choices.
    """
    if headers not in CHOICES:
        raise UsageError(_("--headers is zh, en or raw, not {value}.", value=repr(headers)))


def headed(table: Table, headers: str) -> Table:
    """`table` with its titles as asked; with titles in a language, our own input fields keep names we read back."""
    if not headers:
        return table
    return replace(table, columns=tuple(_headed(column, headers) for column in table.columns))


def _headed(column: Column, headers: str) -> Column:
    if headers == RAW:
        return replace(column, title=column.key, unit="")
    from wecrm.files.headings import TITLES

    return replace(
        column,
        title=TITLES[headers].get(column.key) or _in(headers, column.title),
        unit=_in(headers, column.unit),
    )


def _in(language: str, text: str) -> str:
    """A sentence of the chosen language in another one; itself where there is no translation."""
    if language == i18n.language():
        return text
    if language != i18n.SOURCE:
        return i18n.catalogue(language).get(text, text)
    spoken = i18n.catalogue(i18n.language())
    return next((source for source, translation in spoken.items() if translation == text), text)
