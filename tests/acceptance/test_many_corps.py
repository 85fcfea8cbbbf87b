"""Thirty corps from one cron line: those that fail do not stop the others."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Result, Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.identity import SECRETS
from wecrm.sandbox.world import World
from wecrm.store.locks import held

CORPS = [f"corp{n:02}" for n in range(1, 31)]
BROKEN, UNTRUSTED, LOCKED = ("corp03", "corp11", "corp30"), "corp07", "corp20"
BAD = {*BROKEN, UNTRUSTED, LOCKED}

SERVE = """
import sys, threading
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World

def one(path):
    serve(World.open(path), ready=lambda url: sys.stdout.write(f"{path.stem} {url}\\n") and sys.stdout.flush())

for path in Path(sys.argv[1]).glob("*.world"):
    threading.Thread(target=one, args=(path,), daemon=True).start()
sys.stdin.read()
"""


class Fleet(Wecrm):
    """A home whose profiles talk to thirty sandboxes."""

    def ended(self, *argv: str) -> Result:
        """What a real process ended with."""
        out, err = (process := self.process(*argv)).communicate()
        return Result(process.returncode, out.decode(), err.decode())

    def corp(self, name: str) -> World:
        """The sandbox of one profile."""
        return World.open(self.home / "worlds" / f"{name}.world")

    def path(self, name: str) -> Path:
        """The database of one profile."""
        return self.home / "data" / f"ww{name}.db"


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """(the folder of thirty worlds, profile → address of its server)."""
    folder = tmp_path_factory.mktemp("worlds")
    for n, name in enumerate(CORPS):
        World.create(
            folder / f"{name}.world", members=3, contacts=20, seed=n, start=time.time(), corp_id=f"ww{name}"
        ).close()
    with World.open(folder / f"{UNTRUSTED}.world") as world:
        control.set_trusted_ips(world, ["203.0.113.9"])
    command = [sys.executable, "-c", SERVE, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield folder, dict(process.stdout.readline().split() for _name in CORPS)
        process.terminate()


@pytest.fixture
def fleet(worlds: tuple[Path, dict[str, str]], tmp_path: Path) -> Fleet:
    folder, addresses = worlds
    (tmp_path / "worlds").symlink_to(folder)
    lines = ["profiles:"]
    for name, url in addresses.items():
        secret = "env:S_BROKEN" if name in BROKEN else "env:S_CONTACT"
        lines += [f"  {name}:", f"    corp_id: ww{name}", f"    base_url: {url}"]
        lines += [f"    secrets: {{contact: {{secret: '{secret}'}}}}"]
    (tmp_path / "config.yaml").write_text("\n".join(lines) + "\n")
    return Fleet(tmp_path, {"WECRM_PROFILE": "@all", "S_CONTACT": SECRETS["contact"], "S_BROKEN": "wrong"})


def told(result: Result) -> dict[str, str]:
    """What the line of each profile says."""
    return dict(re.findall(r"^(corp\d\d): ((?:ok|exit).*)$", result.err, re.MULTILINE))


def asked_for_tokens(fleet: Fleet, name: str, after: int = 0) -> int:
    with fleet.corp(name) as world:
        return sum(1 for _call in control.calls(world, after=after, path="gettoken"))


@pytest.mark.parametrize("runs", [3, pytest.param(10, marks=pytest.mark.long)])
def test_five_corps_that_fail_leave_twenty_five_that_succeed(fleet: Fleet, runs: int) -> None:
    before = {name: asked_for_tokens(fleet, name) for name in BROKEN}
    with held(fleet.path(LOCKED), "sync"):
        results = [fleet.ended("sync") for _n in range(runs)]
    for result in results:
        assert result.code == 4, result.err
        lines = told(result)
        assert set(lines) == set(CORPS), result.err
        assert {name for name, line in lines.items() if line != "ok"} == BAD
        assert all(" To fix: " in lines[name] for name in BAD)
        assert all(lines[name].startswith("exit 4 (config): ") for name in (*BROKEN, UNTRUSTED))
        assert lines[LOCKED].startswith("exit 11 (locked): ")
        assert "127.0.0.1" in lines[UNTRUSTED]  # the address to trust
        assert result.err.splitlines()[-1].startswith("exit 4 (config): 5 of 30 ")
    assert all(asked_for_tokens(fleet, name) - before[name] == 1 for name in BROKEN)
    for name in set(CORPS) - BAD:
        home = Wecrm(fleet.home, {**fleet.env, "WECRM_PROFILE": name})
        with fleet.corp(name) as world:
            real = {(r.userid, r.external_userid) for r in control.truth(world)}
        rows = home("contacts", "list", "--columns", "userid,external_userid", "-f", "csv").lines[1:]
        assert {tuple(row.split(",")) for row in rows} == real


def test_under_cron_every_corp_has_one_line_and_with_qq_only_those_that_fail(fleet: Fleet) -> None:
    good = ("--profile", "corp01,corp02,corp04")
    result = fleet.ended("sync", "tags", "--cron", *good)
    assert (result.code, result.out) == (0, "")
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["sync corp01", "sync corp02", "sync corp04"]
    assert all(line.endswith(" s · exit 0") for line in result.err.splitlines())
    assert fleet.ended("sync", "tags", "--cron", "-qq", *good).err == ""
    result = fleet.ended("sync", "tags", "--cron", "-qq", "--profile", "corp01,corp03")
    assert result.code == 4
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["corp03", "exit 4 (config)"]


def test_the_time_of_max_runtime_is_that_of_all_corps_together(fleet: Fleet) -> None:
    result = fleet.ended("sync", "contacts", "--max-runtime", "0", "--profile", "corp01,corp02")
    assert result.code == 12, result.err
    assert all(line.startswith("exit 12 (deadline): ") for line in told(result).values())
    assert set(told(result)) == {"corp01", "corp02"}


def test_every_corp_has_its_own_database_and_all_share_the_budget_of_the_machine(fleet: Fleet) -> None:
    assert fleet.ended("sync", "tags", "--profile", "corp01,corp02").code == 0
    assert fleet.path("corp01").exists()
    assert fleet.path("corp02").exists()
    assert [path.name for path in (fleet.home / "cache").glob("*.db")] == ["limits.db"]


def test_status_has_a_row_of_every_corp_and_purpose_and_asks_nobody(fleet: Fleet) -> None:
    assert fleet.ended("sync", "--profile", "corp01").code == 0
    with fleet.corp("corp01") as world:
        last = max(call.id for call in control.calls(world))
    result = fleet.ended("status", "--max-age", "26h", "--columns", "profile,purpose,state")
    assert result.code == 5
    rows = [line.split(",") for line in result.lines[1:]]
    assert {row[0] for row in rows} == set(CORPS)
    assert {tuple(row[1:]) for row in rows if row[0] == "corp01"} >= {("contacts", "done"), ("new", "never")}
    assert told(result)["corp01"] == "ok"
    assert all(line.startswith("exit 5 (temporary): ") for name, line in told(result).items() if name != "corp01")
    assert not fleet.path("corp02").exists()
    with fleet.corp("corp01") as world:
        assert not list(control.calls(world, after=last))


def test_one_cron_line_rotates_the_codes_of_every_corp(fleet: Fleet) -> None:
    on: dict[str, tuple[str, str]] = {}
    for name in ("corp01", "corp02"):
        home = Fleet(fleet.home, {**fleet.env, "WECRM_PROFILE": name})
        assert home.ended("sync").code == 0
        with fleet.corp(name) as world:
            first, second = on[name] = next(iter(control.code_truth(world))).usable[:2]
        fair = fleet.home / "fair.yaml"
        fair.write_text(f"codes: [{{name: fair, members: [{first}], fallback: [{second}]}}]")
        pushed = home.ended("livecodes", "push", str(fair), "--yes")
        assert pushed.code == 0, pushed.err
    try:
        assert switched(fleet, on, contact=False) == {name: [first] for name, (first, _second) in on.items()}
        with held(fleet.path(LOCKED), "rotate"):
            result = fleet.ended("livecodes", "rotate", "--cron", "--profile", f"corp01,{LOCKED},corp02")
        now = switched(fleet, on, contact=True)
    finally:
        switched(fleet, on, contact=True)
    assert now == {name: [second] for name, (_first, second) in on.items()}
    assert result.code == 11, result.err
    assert re.findall(r"^(?:rotate )?(corp\d\d):", result.err, re.MULTILINE) == ["corp01", LOCKED, "corp02"]


def switched(fleet: Fleet, on: dict[str, tuple[str, str]], *, contact: bool) -> dict[str, list[str]]:
    """Give each first member customer contact, or take it; who stands on each corp's code."""
    found = {}
    for name, (first, _second) in on.items():
        with fleet.corp(name) as world:
            control.set_customer_contact(world, first, contact)
            [code] = [one for one in control.code_truth(world) if one.fields.get("remark") == "fair"]
            found[name] = code.fields["user"]
    return found
