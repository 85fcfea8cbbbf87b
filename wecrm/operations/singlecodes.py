"""One live code at a time: making, changing and deleting it by name, through the same planner as the file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models import coderules
from wecrm.models.codebook import CodeEntry, CodesFile
from wecrm.models.plan import Plan
from wecrm.models.text import visible
from wecrm.operations import codebook
from wecrm.operations.codematch import refresh
from wecrm.operations.livecodes import deletion
from wecrm.operations.rows import Problems
from wecrm.operations.work import Work
from wecrm.store import code_details
from wecrm.store import livecodes as register
from wecrm.store.database import Store


def create(work: Work, entry: CodeEntry, at: datetime) -> Plan:
    """The plan that makes this code; `at` as in `codebook.plan`."""
    if register.named(work.store, entry.name) is not None:
        raise UsageError(
            _("There is a live code {name} already.", name=visible(entry.name)),
            "",
            _("`wecrm livecodes update` changes it."),
        )
    return _plan(work, entry, at)


def change(work: Work, name: str, given: Mapping[str, Any], at: datetime) -> Plan:
    """The plan that gives the code of that name or id these fields of its entry; all others stay."""
    code = code_details.named(work.store, name).code
    refresh(work, [(code.kind, code.id)])
    entry = codebook.entry(work, code_details.named(work.store, code.id))
    return _plan(work, msgspec.structs.replace(entry, id=code.id, **given), at)


def delete(store: Store, names: Sequence[str]) -> Plan:
    """The plan that deletes these codes, given by name or id."""
    found = {one.code.id: one for one in (code_details.named(store, name) for name in names)}
    changes = tuple(deletion(f"d{n}", 0, one) for n, one in enumerate(found.values(), 1))
    shown = ", ".join(visible(one.shown) for one in found.values())
    return Plan("livecodes", _("delete {names}", names=shown), changes)


def _plan(work: Work, entry: CodeEntry, at: datetime) -> Plan:
    problems = Problems()
    for what in coderules.wrong(entry):
        problems.add(visible(entry.name), what)
    problems.raise_any()
    return replace(codebook.plan(work, CodesFile((entry,)), at, part=True), title=entry.name)
