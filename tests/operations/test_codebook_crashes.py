"""Pushes that are killed and answers that get lost: no code is made twice, none is forgotten."""

from collections import Counter

import pytest

from tests.conftest import Wecrm
from tests.operations.codes import Entry, channels, good, job, made, push, truth, written
from wecrm.sandbox import control


def without_groups(entries: list[Entry]) -> list[Entry]:
    """Only codes that WeCom lists, each with its name as the remark."""
    return [{f: v for f, v in entry.items() if f != "remark"} for entry in entries if entry.get("kind") != "group"]


CALLS = ("add_contact_way", "create_link", "add_join_way", "update_contact_way", "update_link", "del_contact_way")


def killed(home: Wecrm, seed: int, share: float, when: str, *argv: str) -> bool:
    """Run a command whose calls that make codes may kill it; whether one did."""
    with home.world() as world:
        control.clear_faults(world)
        for path in CALLS:
            control.add_fault(world, kind="kill", path=path, share=share, seed=seed, when=when)
    process = home.process(*argv)
    process.communicate()
    with home.world() as world:
        control.clear_faults(world)
    return process.returncode == -9


@pytest.mark.parametrize(
    ("seed", "count", "kills"),
    [(1, 24, 1), (2, 24, 1), *(pytest.param(seed, 300, 6, marks=pytest.mark.long) for seed in range(3, 8))],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_killed_again_and_again_makes_no_code_twice_and_forgets_none(
    synced: Wecrm, members: list[str], chats: list[str], seed: int, count: int, kills: int, when: str
) -> None:
    entries = without_groups(channels(count, members, chats))
    path, plan = written(synced, entries), str(synced.home / "codes.plan")
    good(synced("livecodes", "push", str(path), "-o", plan))
    for n in range(kills):
        assert killed(synced, seed * 100 + n, 6 * kills / count, when, "apply", plan, "--yes"), (
            f"run {n} was not killed"
        )
    good(synced("apply", plan, "--yes"))
    assert made(synced, "渠道") == Counter(entry["name"] for entry in entries)
    registered = synced.sql("SELECT name FROM live_code WHERE gone_at IS NULL AND name IS NOT NULL")
    assert sorted(name for (name,) in registered) == sorted(entry["name"] for entry in entries)
    assert "No changes" in push(synced, path).err


@pytest.mark.parametrize(("count", "kills"), [(24, 1), pytest.param(300, 6, marks=pytest.mark.long)])
@pytest.mark.parametrize("when", ["before", "after"])
def test_changes_killed_again_and_again_end_as_described(
    synced: Wecrm, members: list[str], chats: list[str], count: int, kills: int, when: str
) -> None:
    entries = without_groups(channels(count, members, chats))
    good(push(synced, written(synced, entries)))
    for n, entry in enumerate(entries):
        entry |= {"was": entry["name"], "name": f"新{n:03}"} if n % 3 else {"channel": f"other{n}"}
    new = [{"name": f"加{n}", "members": members[:2]} for n in range(3)]
    path, plan = written(synced, [*entries[:-2], *new]), str(synced.home / "codes.plan")
    good(synced("livecodes", "push", str(path), "--delete-missing", "-o", plan))
    flags = ("--yes", "--max-removals", "100%")
    for n in range(kills):
        assert killed(synced, n, 6 * kills / count, when, "apply", plan, *flags), f"run {n} was not killed"
    good(synced("apply", plan, *flags))
    assert "No changes" in push(synced, path).err
    described = {entry["name"]: entry["channel"] for entry in entries[:-2]} | {f"加{n}": "" for n in range(3)}
    named = synced.sql(
        "SELECT name, json_extract(entry, '$.channel') FROM live_code WHERE name NOT NULL AND gone_at IS NULL"
    )
    assert {name: channel or "" for name, channel in named} == described
    assert made(synced, "渠道") + made(synced, "新") + made(synced, "加") == Counter(described.keys())


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3, 4))])
def test_pushing_again_after_a_kill_takes_over_what_was_made(
    synced: Wecrm, members: list[str], chats: list[str], seed: int
) -> None:
    entries = without_groups(channels(24, members, chats))
    path = written(synced, entries)
    assert killed(synced, seed, 0.3, "after", "livecodes", "push", str(path), "--yes")
    with synced.world() as world:
        control.advance(world, 3 * 86400)
    good(push(synced, path))
    assert made(synced, "渠道") == Counter(entry["name"] for entry in entries)
    assert "No changes" in push(synced, path).err


@pytest.mark.parametrize("kind", ["close", "cut", "garbage", "http502"])
@pytest.mark.parametrize(("call", "of_kind"), [("add_contact_way", "contact"), ("create_link", "link")])
def test_a_code_whose_answer_was_lost_is_found_again(
    synced: Wecrm, members: list[str], kind: str, call: str, of_kind: str
) -> None:
    path = written(synced, [{"name": "海报", "kind": of_kind, "channel": "c", "members": members[:2], "cap": 9}])
    with synced.world() as world:
        control.add_fault(world, kind=kind, path=call, when="after")
    good(push(synced, path))
    assert made(synced, "海报") == {"海报": 1}
    assert synced.sql("SELECT code_id, made_by_job FROM live_code WHERE name = '海报'") == [
        (truth(synced)["海报"].id, job(synced))
    ]
    assert synced.sql("SELECT status, evidence FROM job_row") == [("ok", "read back: done")]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_group_code_whose_answer_was_lost_is_never_made_again_unasked(
    synced: Wecrm, chats: list[str], when: str
) -> None:
    names = [f"群{n}" for n in range(6)]
    path = written(synced, [{"name": name, "kind": "group", "groups": chats[:1]} for name in names])
    with synced.world() as world:
        control.add_fault(world, kind="close", path="add_join_way", times=1, when=when)
    result = push(synced, path)
    assert result.code == 3, result.err
    rows = synced.sql("SELECT status, hint FROM job_row ORDER BY status")
    assert [status for status, _hint in rows] == ["failed", *["ok"] * 5]
    assert "jobs retry" in rows[0][1]
    lost = synced.sql("SELECT json_extract(change, '$.key.name') FROM job_row WHERE status = 'failed'")[0][0]
    before = made(synced, "群")
    assert synced("livecodes", "diff", str(path)).code == 10
    again = push(synced, path)
    assert again.code == 3
    assert f"in doubt, and not planned: {lost}" in again.err
    assert job(synced) in again.err
    assert made(synced, "群") == before
    good(synced("jobs", "retry", job(synced)))
    assert set(made(synced, "群")) == set(names)
    settled = good(push(synced, path))
    assert "No changes" in settled.err
    assert lost not in settled.err


def test_a_kill_leaves_one_group_code_in_doubt_at_most(synced: Wecrm, chats: list[str]) -> None:
    names = [f"群{n}" for n in range(12)]
    path = written(synced, [{"name": name, "kind": "group", "groups": chats[:1]} for name in names])
    plan = str(synced.home / "codes.plan")
    good(synced("livecodes", "push", str(path), "-o", plan))
    assert killed(synced, 2, 0.3, "after", "apply", plan, "--yes")
    assert synced("apply", plan, "--yes").code == 3
    assert Counter(status for (status,) in synced.sql("SELECT status FROM job_row")) == {"ok": 11, "failed": 1}
    assert set(made(synced, "群").values()) == {1}


def test_a_lost_group_code_is_taken_over_by_its_id(synced: Wecrm, chats: list[str]) -> None:
    entry = {"name": "会员群", "kind": "group", "groups": chats[:1]}
    path = written(synced, [entry])
    with synced.world() as world:
        control.add_fault(world, kind="close", path="add_join_way", when="after")
    assert push(synced, path).code == 3
    good(push(synced, written(synced, [{**entry, "id": truth(synced)["会员群"].id}])))
    assert made(synced, "会员群") == {"会员群": 1}
    assert "No changes" in push(synced, path).err
