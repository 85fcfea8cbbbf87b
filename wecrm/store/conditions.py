"""`--where` as SQL: the tree of `grammar.py` over the documented columns of one view.

Every column is written `v."name"`, a form that SQLite never takes for a text, every value is a
parameter. Two-valued logic: a comparison with an empty value is false, and `not` selects exactly
the rows that its part does not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.store.columns import View, ViewColumn
from wecrm.store.database import Store
from wecrm.store.grammar import Both, Node, Not, Test, Value, parse, refuse
from wecrm.store.literals import number, span, truth
from wecrm.store.lookups import departments_under, tag_ids

PATTERN_MAX = 1000
"""Characters after `like`; SQLite takes 50,000 bytes."""

Param = str | int | float
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL over the view under the name `v`, its parameters, and the columns it asks about."""

    sql: str
    params: tuple[Param, ...]
    columns: frozenset[str]


def compile(  # noqa: A001
    view: View, text: str, *, now: float, tz: tzinfo, store: Store | None = None
) -> Compiled:
    """The condition `text` on rows of `view`; an empty text selects all.

    Days are days of `tz`, `'7d ago'` counts from `now`; names of tags and departments are looked
    up in `store` at once; a view that is neither tagged nor staffed needs none.

    Raises:
        UsageError: not of the grammar, or a column, tag or department that does not exist.
    """
    if not text.strip():
        return Compiled("1", (), frozenset())
    compiler = _Compiler(view, text, now, tz, store)
    sql = compiler.node(parse(text), 0)
    return Compiled(sql, tuple(compiler.params), frozenset(compiler.columns))


class _Compiler:
    def __init__(self, view: View, text: str, now: float, tz: tzinfo, store: Store | None) -> None:
        self.view = view
        self.text = text
        self.now = now
        self.tz = tz
        self.store = store
        self.params: list[Param] = []
        self.columns: set[str] = set()

    def node(self, node: Node, binding: int) -> str:
        """SQL of `node`, bracketed if it binds less than `binding` (or 1, and 2, a unit 3)."""
        match node:
            case Both(word=word, parts=parts):
                own = 1 if word == "or" else 2
                sql = f" {word.upper()} ".join(self.node(part, own) for part in parts)
                return f"({sql})" if own < binding else sql
            case Not(part=Not(part=part)):
                return self.node(part, binding)
            case Not(part=part):
                return f"({self.node(part, 0)}) IS NOT TRUE"
            case _:
                return self.test(node)

    def test(self, test: Test) -> str:
        if test.op == "under":
            return self.under(test)
        if test.column.lower() == "tag" and self.view.tagged:
            return self.tagged(test)
        column = self.column(test)
        if column.kind == "list":
            return self.listed(column, test)
        if test.op == "has":
            refuse(self.text, test.at, _("Only lists and 'tag' can have something; use = or like."))
        name = f'v."{column.key}"'
        match test.op:
            case "empty":
                return f"({name} IS NULL OR {name} = '')" if column.kind in ("text", "id") else f"{name} IS NULL"
            case "like":
                if column.kind not in ("text", "id"):
                    refuse(self.text, test.at, _("like compares texts only; use = < >."))
                self.params.append(self.pattern(test.values[0]))
                return f"{name} LIKE ? ESCAPE '\\'"
            case "in" if column.kind == "time":
                return f"({' OR '.join(self.timed(name, '=', value) for value in test.values)})"
            case "in":
                self.params += [self.value(column, value) for value in test.values]
                return f"{name} IN ({', '.join('?' * len(test.values))})"
            case "between":
                first, last = test.values
                return f"({self.compared(column, '>=', first)} AND {self.compared(column, '<=', last)})"
            case _:
                return self.compared(column, test.op, test.values[0])

    @property
    def known(self) -> Store:
        """Where names of tags and departments are looked up."""
        assert self.store is not None
        return self.store

    def column(self, test: Test) -> ViewColumn:
        try:
            column = self.view.column(test.column)
        except UsageError as error:
            refuse(self.text, test.at, error.what, " ".join(filter(None, (error.why, error.fix))))
        self.columns.add(column.key)
        return column

    def compared(self, column: ViewColumn, op: str, value: Value) -> str:
        name = f'v."{column.key}"'
        if column.kind == "time":
            return self.timed(name, op, value)
        self.params.append(self.value(column, value))
        if op == "=" and column.usual and value.text != column.usual:
            return f"({name} = ? AND {name} <> '{column.usual}')"
        return f"{name} {'IS NOT' if op == '!=' else op} ?"

    def timed(self, name: str, op: str, value: Value) -> str:
        found = self.read(value, lambda text: span(text, self.now, self.tz))
        match op:
            case "=" | "!=":
                self.params += [found.start, found.end]
                sql = f"({name} >= ? AND {name} < ?)"
                return sql if op == "=" else f"{sql} IS NOT TRUE"
            case "<" | ">=":
                self.params.append(found.start)
                return f"{name} {op} ?"
            case "<=":
                self.params.append(found.end)
                return f"{name} < ?"
            case _:
                self.params.append(found.end)
                return f"{name} >= ?"

    def pattern(self, value: Value) -> str:
        if len(value.text) > PATTERN_MAX:
            refuse(self.text, value.at, _("The text after like is longer than {max}.", max=PATTERN_MAX))
        return value.text

    def value(self, column: ViewColumn, value: Value) -> Param:
        if column.kind in ("int", "float"):
            return self.read(value, number)
        if column.kind == "bool":
            return self.read(value, truth)
        return value.text

    def read(self, value: Value, reader: Callable[[str], T]) -> T:
        try:
            return reader(value.text)
        except UsageError as error:
            refuse(self.text, value.at, error.what, error.fix)

    def listed(self, column: ViewColumn, test: Test) -> str:
        """A list column is compared item by item: some item must agree."""
        texts = [value.text for value in test.values]
        match test.op:
            case "empty":
                return f"v.\"{column.key}\" = '[]'"
            case "=" | "!=" | "has" | "in":
                item = f"IN ({', '.join('?' * len(texts))})"
            case "like":
                item = "LIKE ? ESCAPE '\\'"
            case _:
                refuse(self.text, test.at, _("A list can be asked with: = != in like has, is empty."))
        self.params += [self.pattern(test.values[0])] if test.op == "like" else texts
        sql = column.items.replace("{item}", item)
        return f"({sql}) IS NOT TRUE" if test.op == "!=" else sql

    def tagged(self, test: Test) -> str:
        if test.op not in ("has", "=", "!=", "in"):
            refuse(self.text, test.at, _("Write: tag has 'name', tag has 'group/name' or not tag has 'name'."))
        store = self.known
        ids = [found for value in test.values for found in self.read(value, lambda text: tag_ids(store, text))]
        self.params += ids
        marks = ", ".join("?" * len(ids))
        sql = f"v.{self.view.tagged} IN (SELECT relation_id FROM relation_tag WHERE tag_id IN ({marks}))"
        return f"({sql}) IS NOT TRUE" if test.op == "!=" else sql

    def under(self, test: Test) -> str:
        if test.column.lower() != "department":
            refuse(self.text, test.at, _("Only 'department' can be under something."))
        if not self.view.staffed:
            refuse(self.text, test.at, _("{view} belong to no department.", view=self.view.name))
        store = self.known
        ids = self.read(test.values[0], lambda text: departments_under(store, text))
        self.params.append(json.dumps(ids))
        return (
            f"v.{self.view.staffed} IN (SELECT userid FROM member_department"
            " WHERE department IN (SELECT value FROM json_each(?)))"
        )
