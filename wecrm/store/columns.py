"""What a documented view and its columns are; `views.py` lists them."""

from dataclasses import dataclass
from typing import cast

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Column, Kind, Table
from wecrm.store.nearest import did_you_mean


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One documented column.

    `items` (list columns only) is the SQL, over the view under the name `v`, by which rows are
    found from one of the column's items; `{item}` stands for the test of that item. `usual` is the
    value of nearly every row: asked for another one, the SQL says so, and a partial index can serve.
    """

    key: str
    title: str
    kind: Kind
    doc: str
    items: str = ""
    usual: str = ""

    @property
    def column(self) -> Column:
        """The column of a `Table`, its title in the chosen language."""
        return Column(self.key, _(self.title), self.kind)


@dataclass(frozen=True, slots=True)
class View:
    """One documented view.

    `shown` and `sort` are what `list` commands show unasked, `key` tells its rows apart, `purpose`
    is the sync that fills it ("" when nothing does). `tagged` and `staffed` name the columns that
    hold a relation's id and a member's userid, which `tag has` and `department under` start from.
    """

    name: str
    doc: str
    columns: tuple[ViewColumn, ...]
    shown: tuple[str, ...]
    sort: str
    key: tuple[str, ...]
    purpose: str = ""
    tagged: str = ""
    staffed: str = ""

    def column(self, name: str) -> ViewColumn:
        """The column called `name` (case does not count).

        Raises:
            UsageError: there is none; says the nearest.
        """
        for column in self.columns:
            if column.key == name.lower():
                return column
        raise UsageError(
            _("{view} has no column {name}.", view=self.name, name=repr(name)),
            did_you_mean(name, [column.key for column in self.columns]),
            _("The columns are: {columns}.", columns=", ".join(column.key for column in self.columns)),
        )


def describe(view: View) -> Table:
    """The columns of `view` as a table: what `--columns ?` prints."""
    columns = (
        Column("column", _("Column")),
        Column("kind", _("Kind")),
        Column("title", _("Title")),
        Column("shown", _("Shown unasked"), "bool"),
        Column("description", _("Description")),
    )
    rows = tuple((c.key, c.kind, _(c.title), c.key in view.shown, _(c.doc)) for c in view.columns)
    return Table("columns", columns, rows)


def columns_of(*rows: tuple[str, ...]) -> tuple[ViewColumn, ...]:
    """Columns from tuples of a `ViewColumn`'s fields in their order."""
    return tuple(ViewColumn(row[0], row[1], cast(Kind, row[2]), *row[3:]) for row in rows)
