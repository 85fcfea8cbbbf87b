"""The operations of `control` over HTTP: POST /_sandbox/<name>, JSON in, JSON out."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

import msgspec

from wecrm.sandbox import console, control, outcomes, scans, staff
from wecrm.sandbox.archive import console as archive
from wecrm.sandbox.calls import Call
from wecrm.sandbox.world import World

PREFIX: Final = "/_sandbox/"
MOST: Final = 10_000  # elements of one answer; go on with `after`

OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    name: function
    for module in (control, console, scans, staff, outcomes, archive)
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
}


def operate(world: World, name: str, body: bytes) -> tuple[str, bytes]:
    """Status and JSON: {"ok": true, "result": ...} or {"ok": false, "error": "..."}."""
    function = OPERATIONS.get(name)
    if function is None:
        return _failed("404 Not Found", f"no operation {name!r}; there are {', '.join(sorted(OPERATIONS))}")
    try:
        arguments = msgspec.json.decode(body or b"{}")
        inspect.signature(function).bind(world, **arguments)
        result = function(world, **arguments)
        if isinstance(result, Iterator):
            result = [_plain(item) for item in islice(result, MOST)]
        return "200 OK", msgspec.json.encode({"ok": True, "result": result})
    except (TypeError, ValueError, KeyError, msgspec.MsgspecError) as e:
        return _failed("400 Bad Request", str(e))


def _plain(item: object) -> object:
    """A call with its body as text."""
    if isinstance(item, Call):
        return {**asdict(item), "body": item.body.decode(errors="replace")}
    return item


def _failed(status: str, text: str) -> tuple[str, bytes]:
    return status, msgspec.json.encode({"ok": False, "error": text})
