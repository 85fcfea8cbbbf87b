"""Files of live codes for tests, and what the sandbox really has afterwards."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Result, Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.scans import CodeTruth

Entry = dict[str, Any]


def channels(count: int, members: list[str], chats: list[str]) -> list[Entry]:
    """Entries of every kind with all that an entry can say, in an order that is nobody's alphabet."""
    entries: list[Entry] = []
    for n in range(count):
        a, b, c = (members[(n + step) % len(members)] for step in (0, 3, 7))
        name = f"渠道{n * 7 % count:03}"
        entry: Entry = {"name": name, "channel": f"c{n}", "members": [b, a]}
        match n % 10:
            case 1:
                entry |= {"cap": 50, "caps": {a: 10}, "fallback": [c]}
            case 2:
                entry |= {"shifts": [{"days": "mon-fri", "hours": "09:00-18:00", "members": [a]}], "fallback": [c]}
            case 3:
                entry |= {"departments": [2, 1], "tags": ["VIP"], "until": "2027-01-31"}
            case 4:
                entry = {"name": name, "channel": f"c{n}", "remark": "a", "members": [a], "single": True}
            case 5:
                entry |= {"scene": "button", "style": 2, "skip_verify": False, "exclusive": True}
            case 6:
                entry = {"name": name, "kind": "link", "channel": f"c{n}", "members": [b, a]}
                entry |= {"skip_verify": False, "priority": 2, "priority_members": [a]}
            case 7:
                entry = {"name": name, "kind": "group", "channel": f"c{n}", "groups": chats[1::-1]}
                entry |= {"room_name": "粉丝群", "room_number": 3}
        entries.append(entry)
    return entries


def written(home: Wecrm, entries: list[Entry], name: str = "codes.yaml") -> Path:
    """The file of these entries in canonical form."""
    path = home.home / name
    text = yaml.safe_dump(
        {"codes": entries}, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10_000
    )
    path.write_text(text.replace("until: '2027-01-31'", "until: 2027-01-31"), "utf-8")
    return path


def good(result: Result) -> Result:
    assert result.code == 0, result.err
    return result


def push(home: Wecrm, path: Path, *flags: str) -> Result:
    return home("livecodes", "push", str(path), "--yes", *flags)


def truth(home: Wecrm) -> dict[str, CodeTruth]:
    """remark (or name of a link) → the code as it really is."""
    return {_remark(code): code for code in _living(home)}


def made(home: Wecrm, prefix: str) -> Counter[str]:
    """How many codes there are of each remark that begins so."""
    remarks = map(_remark, _living(home))
    return Counter(remark for remark in remarks if remark.startswith(prefix))


def _living(home: Wecrm) -> list[CodeTruth]:
    with home.world() as world:
        return [code for code in control.code_truth(world) if not code.deleted]


def _remark(code: CodeTruth) -> str:
    return str(code.fields.get("remark") or code.fields.get("link_name", ""))


def job(home: Wecrm) -> str:
    return str(home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0])


def calls(home: Wecrm) -> int:
    """The number of the newest call that the sandbox received."""
    with home.world() as world:
        return max(call.id for call in control.calls(world))


def written_since(home: Wecrm, last: int) -> list[str]:
    """Calls since then that may change a code."""
    with home.world() as world:
        names = [call.path.rsplit("/", 1)[1] for call in control.calls(world, after=last)]
    return [name for name in names if name.split("_")[0] in ("add", "create", "update", "del", "delete")]


def entries_of(path: Path) -> list[Entry]:
    found: list[Entry] = yaml.safe_load(path.read_text("utf-8"))["codes"]
    return found


def elsewhere(home: Wecrm) -> Wecrm:
    """Another computer: the same corp, and a cache that was just filled for the first time."""
    other = Wecrm(home.home.parent / "elsewhere")
    (other.home / "data").mkdir(parents=True)
    shutil.copy(home.home / "data" / "sandbox.world", other.home / "data" / "sandbox.world")
    good(other("sync", "members", "tags", "groups"))
    return other


def rewrite(home: Wecrm, id_: str, **fields: Any) -> None:
    """Change a code as another tool would."""
    with home.world() as world, world.writing() as db:
        for name, value in fields.items():
            db.execute(
                "UPDATE live_code SET fields = json_set(fields, '$.' || ?, json(?)) WHERE id = ?",
                (name, json.dumps(value), id_),
            )
