"""Plan files made by somebody else: nothing in them lifts a limit, hides a change, or reaches the screen as it is."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from wecrm.errors import SafetyError
from wecrm.operations import plans, totals
from wecrm.sandbox import control
from wecrm.store.database import Store

ESCAPES = "\x1b]52;c;ZXZpbA==\x07\x1b[31m\x9b31m\u202eevil\n"

Header = dict[str, Any]


class Forge:
    """A plan that takes VIP from everybody who has it, and ways to seal something else in its place."""

    def __init__(self, home: Wecrm) -> None:
        self.home = home
        self.tag = facts.tag(home, "客户等级", "VIP")
        self.keys = facts.relations(home, 1000, having=self.tag)
        self.path = home.home / "a.plan"
        file = facts.keys_csv(home, "a.csv", self.keys)
        assert home("tags", "plan", file, "--remove", "VIP", "-o", str(self.path)).code == 0
        first, self.body = self.path.read_bytes().split(b"\n", 1)
        self.header: Header = msgspec.json.decode(first)

    def seal(self, body: bytes | None = None, **changed: object) -> str:
        """A plan with these lines and a header changed so, and the digest that fits."""
        body = self.body if body is None else body
        first = msgspec.json.encode({**self.header, **changed, "digest": "0" * 64}) + b"\n"
        digest = hashlib.sha256(first + body).hexdigest()
        self.path.write_bytes(first.replace(b"0" * 64, digest.encode(), 1) + body)
        return str(self.path)

    def line(self, **changed: object) -> bytes:
        """The first change, changed so."""
        return msgspec.json.encode({**msgspec.json.decode(self.body.split(b"\n")[0]), **changed}) + b"\n"


@pytest.fixture
def forge(synced: Wecrm) -> Forge:
    return Forge(synced)


def untouched(home: Wecrm) -> None:
    """No change was sent, and no job stands in the journal."""
    with home.world() as world:
        assert [call.path for call in control.calls(world) if "mark_tag" in call.path or "del" in call.path] == []
    assert home.sql("SELECT count(*) FROM job") == [(0,)]


LIES: dict[str, Callable[[Forge], str]] = {
    "fewer changes": lambda f: f.seal(changes=1, ops={"tag.mark": 1}, undo={"reversible": 1}, removals=[]),
    "nothing to change": lambda f: f.seal(changes=0, same=len(f.keys), ops={}, undo={}, removals=[]),
    "nothing taken away": lambda f: f.seal(removals=[]),
    "taken from many more": lambda f: f.seal(
        removals=[{"what": each["what"], "existing": 10**6, "removed": 1} for each in f.header["removals"]]
    ),
    "another op": lambda f: f.seal(ops={"remark": f.header["changes"]}),
    "can be undone": lambda f: f.seal(
        f.line(op="member.delete", key={"userid": "x"}, before={"present": True}, after={"present": False}),
        changes=1,
        ops={"member.delete": 1},
        undo={"reversible": 1},
        removals=[],
    ),
    "moved on the job": lambda f: f.seal(
        f.line(
            op="transfer.customer",
            key={"kind": "resigned", "handover": "a", "takeover": "b", "external_userid": "c"},
            before={"owner": "a"},
            after={"owner": "b"},
            undo="compensable",
        ),
        changes=1,
        ops={"transfer.customer": 1},
        undo={"compensable": 1},
        removals=[],
    ),
    "good for ever": lambda f: f.seal(created=0, expires=(1 << 37) - 1),
    "another corp": lambda f: f.seal(corp_id="wwother"),
    "an op that is not known": lambda f: f.seal(f.line(op="os.system"), changes=1),
}


@pytest.mark.parametrize("lie", ["fewer changes", "nothing to change", "another op"])
def test_a_header_that_counts_wrong_is_refused_although_nothing_forbids_what_it_does(forge: Forge, lie: str) -> None:
    result = forge.home("apply", LIES[lie](forge), "--yes", "--max-removals", "100%")
    assert result.code == 7, result.err
    assert "does not say what its lines do" in result.err
    untouched(forge.home)


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_lifts_no_limit(forge: Forge, lie: str) -> None:
    assert len(forge.keys) > 10
    result = forge.home("apply", LIES[lie](forge), "--yes")
    assert result.code == 7, result.err
    untouched(forge.home)


def test_what_is_taken_away_is_counted_from_the_lines_and_the_cache(forge: Forge) -> None:
    told = forge.home("apply", forge.seal(removals=[]), "--yes", "--dry-run")
    assert f"takes away {len(forge.keys)} of {len(forge.keys)}: tag 客户等级/VIP" in told.err
    assert told.code == 7
    done = forge.home("apply", forge.seal(removals=[]), "--yes", "--max-removals", "100%")
    assert done.code == 0, done.err
    assert facts.statuses(forge.home) == {"ok": len(forge.keys)}


BROKEN: dict[str, Callable[[Forge], str]] = {
    "a line that is no change": lambda f: f.seal(b'{"nonsense":1}\n'),
    "a line that is no JSON": lambda f: f.seal(b"\xff\xfe\n"),
    "a line nested without end": lambda f: f.seal(b'{"id":' + b"[" * 200_000 + b"\n"),
    "a line without end": lambda f: f.seal(b'{"id":"' + b"x" * (2 << 20)),
    "a key without its names": lambda f: f.seal(f.line(key={})),
    "a key of another kind": lambda f: f.seal(f.line(key={"userid": {"new": "x"}, "external_userid": 3})),
    "facts of another kind": lambda f: f.seal(f.line(before={"present": 3}, after={"present": "x"})),
    "an id with a path": lambda f: f.seal(id="../../../etc/cron.d/x"),
    "an id with an escape": lambda f: f.seal(id="a\x1b[31m"),
    "another version": lambda f: f.seal(wecrm_plan=2),
    "counts below nothing": lambda f: f.seal(changes=-1),
    "a time that no calendar has": lambda f: f.seal(created=1 << 40, expires=1 << 41),
    "numbers without end": lambda f: f.seal(changes=10**300),
    "a header without end": lambda f: f.seal(title="x" * (2 << 20)),
    "a header nested without end": lambda f: f.path.write_bytes(b'{"x":' + b"[" * 200_000 + b"\n") and str(f.path),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_plan_that_is_none_is_refused_before_anything_is_sent(forge: Forge, kind: str) -> None:
    plan = BROKEN[kind](forge)
    for words in (("apply", plan, "--yes", "--max-removals", "100%"), ("plan", "show", plan)):
        result = forge.home(*words)
        assert result.code in (2, 7), result.err
    untouched(forge.home)


def test_a_byte_that_was_changed_is_noticed(forge: Forge) -> None:
    data = bytearray(forge.path.read_bytes())
    data[-20] ^= 1
    forge.path.write_bytes(data)
    assert forge.home("apply", str(forge.path), "--yes", "--max-removals", "100%").code == 7
    untouched(forge.home)


def test_a_plan_that_is_exchanged_after_it_was_shown_is_not_applied(forge: Forge) -> None:
    store = Store.open(forge.home.database)
    header = totals.opened(store, forge.path)
    forge.seal(forge.body.replace(forge.keys[0][1].encode(), b"wmSOMEBODYELSE"))
    with pytest.raises(SafetyError, match="altered"):
        plans.accept(store, forge.path, header, header.created)
    store.close()
    untouched(forge.home)


def test_escapes_of_a_title_are_shown_and_not_obeyed(forge: Forge) -> None:
    plan = forge.seal(title=ESCAPES, profile=ESCAPES, tool=ESCAPES)
    for words in (("plan", "show", plan), ("apply", plan, "--dry-run"), ("apply", plan, "--yes")):
        result = forge.home(*words)
        assert "\\e]52;c;" in result.err
        assert not set(result.err) & set("\x1b\x07\x9b\u202e")
