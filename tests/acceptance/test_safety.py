"""Plans that must not be applied are refused with 7 before anything is sent."""

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import facts
from tests.conftest import Result, Wecrm
from tests.operations.handing import JOB, customers, described, pair, transferred
from wecrm.sandbox import control
from wecrm.sandbox.routes import GETTOKEN, ROUTES

DAY_S = 24 * 3600


def plan_of(home: Wecrm, count: int, *words: str) -> Path:
    """A plan that puts VIP on relations that lack it, or does what `words` say."""
    keys = facts.relations(home, count, lacking=facts.tag(home, "客户等级", "VIP"))
    path = home.home / "a.plan"
    planned = home("tags", "plan", facts.keys_csv(home, "a.csv", keys), *(words or ("--add", "VIP")), "-o", str(path))
    assert planned.code == 0, planned.err
    return path


READING = {GETTOKEN, *(path for path, route in ROUTES.items() if not route.writes)}


def writes(home: Wecrm) -> int:
    """Calls of the sandbox's log that may change something, also those that it does not know."""
    with home.world() as world:
        return sum(path not in READING for path in (call.path for call in control.calls(world)))


def refused(home: Wecrm, plan: Path, *flags: str) -> Result:
    before, truth = writes(home), facts.truth(home)
    result = home("apply", str(plan), "--yes", *flags)
    assert result.code == 7, result.err
    assert result.err.splitlines()[-1].startswith("exit 7 (safety): ")
    assert (writes(home), facts.truth(home)) == (before, truth)
    return result


def test_a_plan_altered_by_one_byte_is_refused_wherever_the_byte_stands(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 5)
    sealed = plan.read_bytes()
    for place in range(0, len(sealed), max(1, len(sealed) // 40)):
        if sealed[place : place + 1] in (b"\n", b"{", b"}"):
            continue
        altered = bytearray(sealed)
        altered[place] = ord("8") if altered[place] != ord("8") else ord("9")
        plan.write_bytes(bytes(altered))
        result = home("apply", str(plan), "--yes")
        assert result.code in (7, 2), (place, result.err)  # 2: no longer a plan at all
        assert writes(home) == 0
    plan.write_bytes(sealed + b"\n")
    refused(home, plan)
    plan.write_bytes(sealed[:-1])
    refused(home, plan)
    plan.write_bytes(sealed)
    assert home("apply", str(plan), "--yes").code == 0


def test_an_expired_plan_is_refused(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 5)
    with home.world() as world:
        control.advance(world, DAY_S + 60)
    assert "expired" in refused(home, plan).err


def test_an_unfinished_job_is_resumed_however_old(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 60)
    with home.world() as world:
        control.add_fault(world, kind="kill", path="mark_tag", share=0.1, seed=5)
    process = home.process("apply", str(plan), "--yes")
    process.communicate()
    assert process.returncode == -9
    with home.world() as world:
        control.clear_faults(world)
        control.advance(world, 3 * DAY_S)
    result = home("apply", str(plan), "--yes")
    assert result.code == 0, result.err
    assert set(facts.statuses(home)) == {"ok"}


def test_a_finished_plan_is_refused(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 5)
    assert home("apply", str(plan), "--yes").code == 0
    before = writes(home)
    result = home("apply", str(plan), "--yes")
    assert result.code == 7
    assert "already applied" in result.err
    assert writes(home) == before


def test_a_plan_of_another_corp_is_refused(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 5)
    (home.home / "config.yaml").write_text("profiles: {other: {corp_id: ww0000000000000001}}")
    result = home("--profile", "other", "apply", str(plan), "--yes")
    assert result.code == 7
    assert "wwsandbox00000001" in result.err
    assert writes(home) == 0


@pytest.mark.parametrize(
    ("count", "words", "lift"),
    [
        (501, (), ("--max-changes", "501")),
        (400, ("--remove", "{most}"), ("--max-removals", "100%")),
    ],
)
def test_each_threshold_is_lifted_by_its_own_flag_only(
    synced: Wecrm, count: int, words: tuple[str, ...], lift: tuple[str, ...]
) -> None:
    home = synced
    if words:
        tag, name = home.sql(
            "SELECT t.tag_id, g.group_name || '/' || t.name FROM relation_tag rt JOIN corp_tag t USING (tag_id) "
            "JOIN tag_group g USING (group_id) GROUP BY t.tag_id ORDER BY count(*) DESC LIMIT 1"
        )[0]
        keys = facts.relations(home, count, having=tag)
        plan = home.home / "r.plan"
        file = facts.keys_csv(home, "r.csv", keys)
        assert home("tags", "plan", file, "--remove", name, "-o", str(plan)).code == 0
    else:
        plan = plan_of(home, count)
    other = {"--max-changes": ("--max-removals", "100%"), "--max-removals": ("--max-changes", "9999")}[lift[0]]
    refused(home, plan)
    refused(home, plan, *other)
    result = home("apply", str(plan), "--yes", *lift)
    assert result.code == 0, result.err


def test_emptying_a_small_tag_needs_the_flag_too(synced: Wecrm) -> None:
    home = synced
    keys = facts.relations(home, 3)
    assert (
        home("tags", "apply", facts.keys_csv(home, "n.csv", keys), "--add", "新组/小", "--create-tags", "--yes").code
        == 0
    )
    plan = home.home / "e.plan"
    assert home("tags", "plan", facts.keys_csv(home, "n.csv", keys), "--remove", "小", "-o", str(plan)).code == 0
    result = home("apply", str(plan), "--yes")
    assert result.code == 7
    assert home("apply", str(plan), "--yes", "--max-removals", "100%").code == 0


def test_a_protected_profile_needs_the_corps_name(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 5)
    (home.home / "config.yaml").write_text(
        "profiles: {sandbox: {corp_id: wwsandbox00000001, name: 沙盒, protected: true}}", encoding="utf-8"
    )
    refused(home, plan)
    refused(home, plan, "--confirm", "another")
    assert home("apply", str(plan), "--yes", "--confirm", "沙盒").code == 0


def test_every_command_that_applies_takes_what_its_refusals_ask_for(synced: Wecrm) -> None:
    import typer

    from wecrm.cli.command import WRITING
    from wecrm.cli.registry import COMMANDS

    lacking = []
    for noun, (module, _summary) in COMMANDS.items():
        command = typer.main.get_command(importlib.import_module(module).app)
        for words, each in verbs(noun, command):
            names = {parameter.name for parameter in each.params}
            if words in WRITING and "yes" in names and "confirm" not in names:
                lacking.append(words)
    assert lacking == []
    home = synced
    (home.home / "config.yaml").write_text(
        "profiles: {sandbox: {corp_id: wwsandbox00000001, name: Sand, protected: true, limits: {max_changes: 1}}}"
    )
    for words in (
        ("tags", "create", "新", "a", "b"),
        ("tags", "rename", "新/a", "c"),
        ("tags", "delete", "新/b", "新/c"),
    ):
        result, more = home(*words, "--yes"), list[str]()
        while result.code == 7:
            asked = re.search(r"(--[a-z-]+) (\S+)$", result.err, re.MULTILINE)
            assert asked, result.err
            assert asked[1] not in more
            more += asked.groups()
            result = home(*words, "--yes", *more)
        assert (result.code, "--confirm" in more) == (0, True), result.err


def verbs(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command below this one, by its words."""
    yield words, command
    for name, each in getattr(command, "commands", {}).items():
        yield from verbs(f"{words} {name}", each)


def test_too_many_failures_stop_the_job_and_skip_the_rest(synced: Wecrm) -> None:
    home = synced
    plan = plan_of(home, 300)
    keys = facts.relations(home, 300, lacking=facts.tag(home, "客户等级", "VIP"))
    with home.world() as world:
        for key in keys[:60]:
            control.delete_relation(world, *key)
    result = home("apply", str(plan), "--yes")
    assert result.code == 3
    found = facts.statuses(home)
    assert found["failed"] >= 20
    assert found["skipped"] > 0
    assert "pending" not in found
    assert "unknown" not in found


def test_two_applies_at_once_the_second_exits_11(synced: Wecrm) -> None:
    from wecrm.store.locks import held

    home = synced
    plan = plan_of(home, 5)
    with held(home.database, "apply"):
        result = home("apply", str(plan), "--yes")
    assert result.code == 11
    assert "process" in result.err
    assert writes(home) == 0
    assert home("apply", str(plan), "--yes").code == 0


def test_no_writing_command_sends_anything_in_a_dry_run(synced: Wecrm) -> None:
    from wecrm.cli.command import WRITING
    from wecrm.cli.registry import COMMANDS

    home = synced
    former, taker = pair(home)
    moving, next_one, *_others, moved = customers(home, former, taker, 1000)
    described(home, former, [moved])
    gets = [
        str(home.csv(f"{external}.csv", "userid,external_userid,takeover", [(former, external, taker)]))
        for external in (moving, next_one)
    ]
    assert home("transfers", "apply", gets[0], "--yes").code == 0
    transferred(home, former, taker, [moved])
    with home.world() as world:
        control.advance(world, DAY_S)
    assert home.sql("SELECT state FROM job WHERE kind = 'transfers' ORDER BY state") == [("done",), ("waiting",)]
    plan = plan_of(home, 5)
    keys = facts.relations(home, 4)
    file = facts.keys_csv(home, "d.csv", keys)
    remarks = str(home.csv("m.csv", "userid,external_userid,remark", [(*key, "x") for key in keys]))
    done = home("tags", "apply", file, "--add", "潜在", "--yes")
    assert done.code == 0, done.err
    with home.world() as world:
        control.add_fault(world, kind="kill", path="mark_tag", times=1)
    half = home.home / "half.plan"
    assert (
        home(
            "tags", "plan", facts.keys_csv(home, "h.csv", facts.relations(home, 9)), "--add", "黑名单", "-o", str(half)
        ).code
        == 0
    )
    home.process("apply", str(half), "--yes").communicate()
    unfinished = home.sql("SELECT id FROM job WHERE state = 'running'")[0][0]
    library = home.home / "tags.yaml"
    assert home("tags", "pull", str(library)).code == 0
    library.write_text(library.read_text("utf-8") + "- group: 新组\n  tags:\n  - 新\n", "utf-8")
    one, other = (who for (who,) in home.sql("SELECT userid FROM member WHERE follows AND status = 1 LIMIT 2"))
    fair = home.home / "fair.yaml"
    fair.write_text(f"codes:\n- {{name: fair, channel: fair, members: [{one}], fallback: [{other}]}}\n", "utf-8")
    assert home("livecodes", "push", str(fair), "--yes").code == 0
    market = home.home / "market.yaml"
    hello = "welcomes:\n- {name: hello, text: hello}\n"
    market.write_text(f"codes:\n- {{name: market, members: [{one}]}}\n{hello}", "utf-8")
    away = str(home.csv("leave.csv", "userid,from,to", [(one, "2026-01-01", "2027-12-31")]))
    leaves = ("offboard", "start", one, "--to", other, "--due", "2026-01-01", "--yes", "--confirm", "wwsandbox00000001")
    assert home(*leaves).code == 0
    said = str(home.home / "words.yaml")
    Path(said).write_text(f"rules:\n- {{name: dots, regex: ['[a-z]'], owner: {one}}}\n", "utf-8")
    assert home("archive", "pull", "--no-media").code == 0
    assert home("archive", "words", "scan", "--rules", said).code == 0
    notify = ("archive", "words", "notify", "--rules", said, "--yes", "--confirm", "wwsandbox00000001")
    words: dict[str, Callable[[], tuple[str, ...]]] = {
        "archive words notify": lambda: notify,
        "livecodes push": lambda: ("livecodes", "push", str(market), "--yes"),
        "livecodes create": lambda: ("livecodes", "create", "海报", "--members", one, "--yes"),
        "livecodes update": lambda: ("livecodes", "update", "fair", "--channel", "other", "--yes"),
        "livecodes delete": lambda: ("livecodes", "delete", "fair", "--yes", "--max-removals", "100%"),
        "livecodes swap": lambda: ("livecodes", "swap", one, other, "--yes"),
        "livecodes rotate": lambda: ("livecodes", "rotate", "--leave", away, "--yes"),
        "tags push": lambda: ("tags", "push", str(library), "--yes"),
        "apply": lambda: ("apply", str(plan), "--yes"),
        "tags apply": lambda: ("tags", "apply", file, "--add", "VIP", "--yes"),
        "tags create": lambda: ("tags", "create", "新", "一", "--yes"),
        "tags rename": lambda: ("tags", "rename", "潜在", "潜", "--yes"),
        "tags delete": lambda: ("tags", "delete", "潜在", "--yes", "--max-removals", "100%"),
        "tags merge": lambda: ("tags", "merge", "潜在", "--into", "VIP", "--yes", "--max-removals", "100%"),
        "contacts remark": lambda: ("contacts", "remark", remarks, "--yes"),
        "offboard advance": lambda: ("offboard", "advance", "--all"),
        "transfers apply": lambda: ("transfers", "apply", gets[1], "--yes"),
        "transfers poll": lambda: ("transfers", "poll"),
        "transfers restore": lambda: ("transfers", "restore", JOB, "--yes"),
        "jobs resume": lambda: ("jobs", "resume", unfinished),
        "jobs retry": lambda: ("jobs", "retry", unfinished),
    }
    import importlib

    for module, _summary in COMMANDS.values():
        importlib.import_module(module)
    assert set(words) == WRITING, "a writing command has no example here"
    words["jobs cancel"] = lambda: ("jobs", "cancel", unfinished)  # these write only the journal
    words["offboard start"] = lambda: ("offboard", "start", other, "--to", former, "--due", "2026-01-01", "--yes")
    words["offboard cancel"] = lambda: ("offboard", "cancel", one, "--yes")
    before, truth, journal = writes(home), facts.truth(home), home.sql("SELECT * FROM job_row")
    for name in sorted(words):
        result = home(*words[name](), "--dry-run")
        assert result.code == 0, (name, result.err)
        assert "ry run" in result.err, name
        assert (writes(home), facts.truth(home), home.sql("SELECT * FROM job_row")) == (before, truth, journal), name
