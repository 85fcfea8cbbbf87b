"""Live codes as a file: described, pushed, pulled, renamed, refused and undone."""

import json
from typing import Any

import pytest

from tests.conftest import Wecrm
from tests.operations.codes import (
    Entry,
    calls,
    channels,
    elsewhere,
    entries_of,
    good,
    job,
    made,
    push,
    rewrite,
    truth,
    written,
    written_since,
)
from wecrm.sandbox import control


@pytest.mark.parametrize("count", [40, pytest.param(300, marks=pytest.mark.long)])
def test_described_channels_come_back_byte_for_byte(
    synced: Wecrm, members: list[str], chats: list[str], count: int
) -> None:
    path = written(synced, channels(count, members, chats))
    text = path.read_bytes()
    before = made(synced, "").total()
    good(push(synced, path))
    assert made(synced, "").total() == before + count
    good(synced("livecodes", "pull", str(path)))
    assert path.read_bytes() == text
    last = calls(synced)
    again = good(push(synced, path))
    assert "No changes" in again.err
    assert synced("livecodes", "diff", str(path)).code == 0
    assert not written_since(synced, last)
    other = synced.home / "other.yaml"
    good(synced("livecodes", "pull", str(other)))
    assert sorted(map(str, entries_of(other))) == sorted(map(str, entries_of(path)))


def test_what_is_described_is_what_wecom_has(synced: Wecrm, members: list[str], chats: list[str]) -> None:
    good(push(synced, written(synced, channels(10, members, chats))))
    codes = truth(synced)
    contact, button, link, group = (codes[f"渠道{n * 7 % 10:03}"] for n in (3, 5, 6, 7))
    assert contact.fields["user"] == sorted(contact.fields["user"], key=str.lower)
    assert contact.fields["party"] == [1, 2]
    assert (contact.state, contact.fields["type"], contact.fields["scene"]) == ("c3", 2, 2)
    assert (button.fields["scene"], button.fields["style"]) == (1, 2)
    assert (button.fields["skip_verify"], button.fields["is_exclusive"]) == (False, True)
    assert codes["a"].fields["type"] == 1
    assert link.fields["priority_option"] == {"priority_type": 2, "priority_userid_list": [members[6]]}
    assert sorted(group.fields["chat_id_list"]) == sorted(chats[:2])
    assert (group.fields["room_base_name"], group.fields["room_base_id"]) == ("粉丝群", 3)


def test_undo_of_a_push_gives_the_old_codes_back(synced: Wecrm, members: list[str], chats: list[str]) -> None:
    first = written(synced, channels(12, members, chats))
    good(push(synced, first))
    text, before = first.read_bytes(), {name: one.fields for name, one in truth(synced).items()}
    entries = channels(12, members, chats)
    entries[0] |= {"members": members[4:6], "cap": 7}
    entries[1] |= {"name": "新名", "was": entries[1]["name"]}
    entries[7] |= {"groups": chats[2:4]}
    del entries[9]
    entries.append({"name": "又一个", "members": members[:1]})
    second = written(synced, entries, "second.yaml")
    good(push(synced, second, "--delete-missing", "--max-removals", "100%"))
    assert {name: one.fields for name, one in truth(synced).items()} != before
    plan = str(synced.home / "undo.plan")
    good(synced("undo", job(synced), "-o", plan))
    good(synced("apply", plan, "--yes", "--max-removals", "100%"))
    assert {name: one.fields for name, one in truth(synced).items()} == before
    good(synced("livecodes", "pull", str(first)))
    assert first.read_bytes() == text


def test_codes_that_wecom_refuses_are_explained_and_the_others_are_made(synced: Wecrm, members: list[str]) -> None:
    gone, without = members[0], members[1]
    entries = [{"name": f"渠道{n}", "members": members[2:4]} for n in range(5)]
    entries += [{"name": "走了", "members": [gone, members[2]]}, {"name": "没有权限", "members": [without, members[2]]}]
    old = written(synced, [{"name": "老码", "members": members[2:4]}])
    good(push(synced, old))
    path = written(synced, [*entries, {"name": "老码", "members": members[2:5]}])
    plan = str(synced.home / "codes.plan")
    good(synced("livecodes", "push", str(path), "-o", plan))
    with synced.world() as world:
        control.delete_member(world, gone)
        control.set_customer_contact(world, without, False)
        [deleted] = [one for one in control.code_truth(world) if one.fields.get("remark") == "老码"]
        with world.writing() as db:
            db.execute("UPDATE live_code SET deleted = 1 WHERE id = ?", (deleted.id,))
    result = synced("apply", plan, "--yes")
    assert result.code == 3, result.err
    rows = synced.sql(
        "SELECT json_extract(change, '$.key.name'), status, errcode, hint FROM job_row WHERE status <> 'ok'"
    )
    assert {name: (status, errcode) for name, status, errcode, _hint in rows} == {
        "走了": ("failed", 40003),
        "没有权限": ("failed", 41054),
        "老码": ("failed", 41044),
    }
    assert made(synced, "渠道").total() == 5
    shown = synced("jobs", "show", synced.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0], "-f", "csv").out
    assert "41054" in shown


def test_members_who_can_receive_nobody_are_named_before_and_a_code_of_only_such_is_refused(
    synced: Wecrm, members: list[str]
) -> None:
    with synced.world() as world:
        control.set_customer_contact(world, members[0], False)
    good(synced("sync", "members"))
    path = written(synced, [{"name": "海报", "members": members[:2]}])
    told = good(synced("livecodes", "push", str(path), "-o", str(synced.home / "x.plan"))).err
    assert f"海报: {members[0]}" in told
    refused = push(synced, written(synced, [{"name": "海报", "members": members[:1]}]))
    assert refused.code == 2
    assert "not one of its members" in refused.err
    assert made(synced, "海报") == {}


def test_a_member_who_left_stays_in_the_file_and_asks_for_no_push(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "channel": "c", "members": members[:2]}])
    text = path.read_bytes()
    good(push(synced, path))
    with synced.world() as world:
        control.delete_member(world, members[0])
    good(synced("sync", "members"))
    for listed in (True, False):
        with synced.world() as world:
            control.set_switch(world, "departed_listed", listed)
        good(synced("livecodes", "pull", str(path)))
        assert path.read_bytes() == text
        assert "No changes" in push(synced, path).err
    good(push(synced, written(synced, [{"name": "海报", "channel": "c", "members": members[1:2]}])))
    assert "No changes" in push(synced, path).err


def test_codes_that_nobody_described_are_listed_and_taken_over_only_when_asked(synced: Wecrm) -> None:
    path = written(synced, [])
    told = good(push(synced, path)).err
    assert "No changes" in told
    assert "--all" in told
    before = {name: one.fields for name, one in truth(synced).items()}
    good(synced("livecodes", "pull", str(path), "--all"))
    entries = entries_of(path)
    count = synced.sql("SELECT count(*) FROM live_code WHERE kind <> 'group'")[0][0]
    assert len(entries) == count > 0
    assert all(entry["id"] for entry in entries)
    assert synced("livecodes", "diff", str(path)).code == 10
    last = calls(synced)
    good(push(synced, path))
    assert not written_since(synced, last)
    assert "No changes" in push(synced, path).err
    good(synced("livecodes", "pull", str(path)))
    assert [entry["name"] for entry in entries_of(path)] == [e["name"] for e in entries]
    assert "No changes" in push(synced, path).err
    assert {name: one.fields for name, one in truth(synced).items()} == before


def test_codes_in_no_list_are_taken_over_as_they_are_by_id_and_name_alone(synced: Wecrm) -> None:
    old, group = (next(one for one in truth(synced).values() if one.kind == kind) for kind in ("contact", "group"))
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE live_code SET created = 1577836800 WHERE id = ?", (old.id,))
    home = elsewhere(synced)
    good(home("sync", "livecodes"))
    assert home.sql("SELECT count(*) FROM live_code WHERE id IN (?, ?)", old.id, group.id) == [(0,)]
    path = written(home, [{"name": "老官网", "id": old.id}, {"name": "老群", "kind": "group", "id": group.id}])
    before, last = {name: one.fields for name, one in truth(home).items()}, calls(home)
    good(push(home, path))
    assert not written_since(home, last)
    good(home("livecodes", "pull", str(path)))
    new, club = entries_of(path)
    assert new["members"] == old.fields["user"]
    assert (new["channel"], new["remark"]) == (old.state, old.fields["remark"])
    assert club["groups"] == group.fields["chat_id_list"]
    assert "No changes" in push(home, path).err
    assert {name: one.fields for name, one in truth(home).items()} == before
    unknown = push(home, written(home, [{"name": "没有", "id": "f" * 32}]))
    assert (unknown.code, "no code" in unknown.err) == (2, True)


def test_a_lost_register_comes_back_from_the_file(synced: Wecrm, members: list[str], chats: list[str]) -> None:
    entries = channels(12, members, chats)
    path = written(synced, entries)
    text = path.read_bytes()
    good(push(synced, path))
    with_ids = synced.home / "ids.yaml"
    good(synced("livecodes", "pull", str(with_ids), "--ids"))
    other = elsewhere(synced)
    before = made(other, "")
    good(push(other, with_ids))
    assert made(other, "") == before
    again = written(other, entries)
    assert "No changes" in push(other, again).err
    good(other("livecodes", "pull", str(again)))
    assert again.read_bytes() == text


def test_without_ids_codes_are_known_again_by_their_looks(synced: Wecrm, members: list[str], chats: list[str]) -> None:
    entries = [entry for entry in channels(12, members, chats) if entry.get("kind") != "group"]
    good(push(synced, written(synced, entries)))
    other = elsewhere(synced)
    before = made(other, "")
    told = good(push(other, written(other, entries))).err
    assert "taken over" in told
    assert made(other, "") == before


def test_two_codes_of_one_remark_get_names_of_their_own(synced: Wecrm, members: list[str]) -> None:
    entries = [{"name": n, "remark": "海报", "channel": "海报", "members": members[:1]} for n in ("a", "b", "c")]
    good(push(synced, written(synced, entries)))
    rewrite(synced, truth(synced)["海报"].id, remark="")
    other = elsewhere(synced)
    path = other.home / "all.yaml"
    good(other("livecodes", "pull", str(path), "--all"))
    names = [entry["name"] for entry in entries_of(path)]
    assert {"海报", "海报 (2)", "海报 (3)"} <= set(names)
    with other.world() as world:
        before = [(one.id, one.fields) for one in control.code_truth(world)]
    good(push(other, path))
    with other.world() as world:
        assert [(one.id, one.fields) for one in control.code_truth(world)] == before
    assert "No changes" in push(other, path).err


def test_a_rename_keeps_the_printed_code(synced: Wecrm, members: list[str]) -> None:
    good(push(synced, written(synced, [{"name": "旧", "members": members[:1]}])))
    before = truth(synced)["旧"]
    path = written(synced, [{"name": "新", "was": "旧", "members": members[:1]}])
    good(push(synced, path))
    after = truth(synced)["新"]
    assert (after.id, after.target) == (before.id, before.target)
    assert "No changes" in push(synced, path).err
    both = written(synced, [{"name": "旧", "members": members[1:2]}, *entries_of(path)])
    good(push(synced, both))
    assert truth(synced)["新"].id == before.id
    assert truth(synced)["旧"].id != before.id


def test_two_entries_can_not_mean_one_code(synced: Wecrm, members: list[str]) -> None:
    good(push(synced, written(synced, [{"name": name, "members": members[:1]} for name in ("一", "二")])))
    path = written(
        synced,
        [
            {"name": "二", "was": "一", "members": members[:1]},
            {"name": "三", "was": "二", "members": members[:1]},
        ],
    )
    result = push(synced, path)
    assert result.code == 2
    assert "三: means the same code as 二" in result.err
    result = push(synced, written(synced, [{"name": "一", "id": truth(synced)["二"].id, "members": members[:1]}]))
    assert result.code == 2
    assert "一: `id` is another code" in result.err
    result = push(synced, written(synced, [{"name": "四", "id": "f" * 32, "members": members[:1]}]))
    assert result.code == 2
    assert "四: WeCom has no code of kind contact with this `id`" in result.err


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ({}, {"kind": "link"}, "stays of its kind, contact"),
        ({}, {"scene": "button"}, "keeps its `scene`, qr"),
        ({}, {"single": True}, "`single` can't be changed"),
        ({"kind": "link", "priority": 1}, {"kind": "link"}, "`priority` of a link"),
    ],
)
def test_what_can_never_be_changed_asks_for_a_new_code(
    synced: Wecrm, members: list[str], first: Entry, then: Entry, words: str
) -> None:
    entry = {"name": "海报", "members": members[:1]}
    good(push(synced, written(synced, [{**entry, **first}])))
    result = push(synced, written(synced, [{**entry, **then}]))
    assert result.code == 2
    assert "海报: " in result.err
    assert words in result.err
    assert "under another name" in result.err


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"members": ["nobody.here"]}, ["there is no member nobody.here"]),
        ({"members": ["{misspelt}"]}, ["Did you mean {member}?"]),
        ({"members": ["{name}"]}, ["is a name; entries take userids: ", "{member}"]),
        ({"members": ["{member}"], "fallback": ["x1"]}, ["there is no member x1"]),
        ({"departments": [999]}, ["there is no department 999"]),
        ({"kind": "group", "groups": ["wrNone"]}, ["there is no group wrNone"]),
        ({"kind": "group", "groups": ["{group}"]}, ["is a name; entries take chat_ids: ", "{chat}"]),
        ({"members": ["{member}"], "tags": ["VIPP"]}, ["VIPP", "no such tag", "Did you mean VIP?"]),
    ],
)
def test_names_that_do_not_exist_are_refused_with_the_nearest(
    synced: Wecrm, members: list[str], chats: list[str], fields: Entry, words: list[str]
) -> None:
    name = synced.sql("SELECT name FROM member WHERE userid = ?", members[0])[0][0]
    group = synced.sql("SELECT name FROM group_chat WHERE chat_id = ?", chats[0])[0][0]
    texts = {"member": members[0], "misspelt": members[0] + "x", "name": name, "group": group, "chat": chats[0]}

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        return value.format(**texts) if isinstance(value, str) else value

    path = written(synced, [{"name": "海报", **{field: filled(value) for field, value in fields.items()}}])
    result = push(synced, path)
    assert result.code == 2, result.err
    assert "海报: " in result.err
    assert all(filled(word) in result.err for word in words), result.err
    assert made(synced, "海报") == {}


def test_userids_are_written_as_the_directory_writes_them(synced: Wecrm, members: list[str]) -> None:
    path = written(
        synced,
        [
            {
                "name": "海报",
                "members": [members[0].upper(), members[1]],
                "channel": "c",
                "caps": {members[0].upper(): 3},
            }
        ],
    )
    good(push(synced, path))
    assert sorted(truth(synced)["海报"].fields["user"]) == sorted(members[:2])
    assert "No changes" in push(synced, path).err


def test_push_does_not_fight_the_rotation_but_mends_what_is_outside_of_it(synced: Wecrm, members: list[str]) -> None:
    path = written(
        synced, [{"name": "海报", "channel": "c", "members": members[:3], "cap": 5, "fallback": members[3:4]}]
    )
    text = path.read_bytes()
    good(push(synced, path))
    code = truth(synced)["海报"]
    for users in (members[1:2], members[3:4], members[:4]):
        rewrite(synced, code.id, user=users)
        assert "No changes" in push(synced, path).err
        good(synced("livecodes", "pull", str(path)))
        assert path.read_bytes() == text
    for users in ([], members[4:5], members[2:5]):
        rewrite(synced, code.id, user=users, party=[1])
        assert synced("livecodes", "diff", str(path)).code == 10
    good(push(synced, path, "--max-removals", "100%"))
    assert set(truth(synced)["海报"].fields["user"]) <= set(members[:4])
    assert truth(synced)["海报"].fields["party"] == []


def test_what_others_changed_is_shown_pulled_and_put_right(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "channel": "c1", "members": members[:2]}])
    text = path.read_bytes()
    good(push(synced, path))
    rewrite(synced, truth(synced)["海报"].id, state="c2", user=members[2:4], skip_verify=False)
    diff = synced("livecodes", "diff", str(path), "-f", "json")
    assert diff.code == 10
    [row] = json.loads(diff.out)
    assert row["before"] == f"skip_verify=False channel=c2 members={members[2]},{members[3]}"
    assert row["after"] == f"skip_verify=True channel=c1 members={members[0]},{members[1]}"
    drifted = synced.home / "drifted.yaml"
    good(synced("livecodes", "pull", str(drifted)))
    assert entries_of(drifted) == [{"name": "海报", "channel": "c2", "members": members[2:4], "skip_verify": False}]
    assert "No changes" in push(synced, drifted).err
    good(push(synced, path, "--max-removals", "100%"))
    good(synced("livecodes", "pull", str(path)))
    assert path.read_bytes() == text


def test_a_code_that_leads_to_nobody_is_pulled_told_and_pulled_again(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "members": members[:1]}])
    good(push(synced, path))
    rewrite(synced, truth(synced)["海报"].id, user=[])
    good(synced("livecodes", "pull", str(path)))
    result = push(synced, path)
    assert result.code == 2
    assert "海报: it needs `members`" in result.err
    rewrite(synced, truth(synced)["海报"].id, user=members[1:2])
    good(synced("livecodes", "pull", str(path)))
    assert entries_of(path) == [{"name": "海报", "members": members[1:2]}]


def test_a_pull_does_not_lose_what_was_never_pushed(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "members": members[:1]}])
    text = path.read_bytes()
    result = synced("livecodes", "pull", str(path))
    assert result.code == 2
    assert "never pushed: 海报" in result.err
    assert path.read_bytes() == text
    good(push(synced, path))
    good(synced("livecodes", "delete", "海报", "--yes", "--max-removals", "100%"))
    good(synced("livecodes", "pull", str(path)))
    assert entries_of(path) == []


def test_another_yaml_file_is_not_overwritten(synced: Wecrm) -> None:
    path = synced.home / "tags.yaml"
    good(synced("tags", "pull", str(path)))
    text = path.read_bytes()
    assert synced("livecodes", "pull", str(path)).code == 2
    assert path.read_bytes() == text


def test_codes_missing_in_the_file_stay_unless_their_deletion_is_asked_for(synced: Wecrm, members: list[str]) -> None:
    good(push(synced, written(synced, [{"name": name, "members": members[:1]} for name in ("留", "去")])))
    path = written(synced, [{"name": "留", "members": members[:1]}])
    told = good(push(synced, path)).err
    assert "Not in the file, and kept: 去" in told
    assert set(made(synced, "")) >= {"留", "去"}
    result = push(synced, path, "--delete-missing")
    assert result.code == 7
    assert "--max-removals" in result.err
    good(push(synced, path, "--delete-missing", "--max-removals", "100%"))
    assert "去" not in truth(synced)
    assert "留" in truth(synced)
    assert "No changes" in push(synced, path, "--delete-missing").err


def test_a_missing_code_that_is_deleted_at_wecom_already_is_forgotten(synced: Wecrm, members: list[str]) -> None:
    good(push(synced, written(synced, [{"name": "去", "members": members[:1]}])))
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE live_code SET deleted = 1 WHERE id = ?", (truth(synced)["去"].id,))
    path = written(synced, [])
    good(push(synced, path, "--delete-missing", "--max-removals", "100%"))
    assert "No changes" in push(synced, path, "--delete-missing").err


def test_a_code_that_comes_back_does_not_take_its_name_from_its_successor(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "members": members[:1]}])
    good(push(synced, path))
    old = truth(synced)["海报"].id
    for deleted in (1, 0):
        with synced.world() as world, world.writing() as db:
            db.execute("UPDATE live_code SET deleted = ? WHERE id = ?", (deleted, old))
        good(push(synced, path) if deleted else synced("sync", "livecodes"))
    names = dict(synced.sql("SELECT code_id, name FROM live_code WHERE gone_at IS NULL AND remark = '海报'"))
    assert len(names) == 2
    assert names[old] is None
    assert "No changes" in push(synced, path).err


def test_a_name_that_was_given_away_since_planning_is_a_conflict(synced: Wecrm, members: list[str]) -> None:
    good(push(synced, written(synced, [{"name": "旧", "members": members[:1]}])))
    path = written(synced, [{"name": "新", "was": "旧", "members": members[:1]}])
    plan = str(synced.home / "codes.plan")
    good(synced("livecodes", "push", str(path), "-o", plan))
    good(synced("livecodes", "create", "新", "--members", members[1], "--yes"))
    assert synced("apply", plan, "--yes").code == 3
    row = synced.sql("SELECT status, evidence FROM job_row WHERE op = 'livecode.update'")
    assert row == [("conflict", "read back: another code has this name by now")]


def test_a_plan_is_shown_in_the_words_of_the_file(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "channel": "c1", "members": members[:2], "cap": 5}])
    plan = str(synced.home / "codes.plan")
    good(synced("livecodes", "push", str(path), "-o", plan))
    [row] = json.loads(good(synced("plan", "show", plan, "-f", "json")).out)
    assert f"channel=c1 members={members[0]},{members[1]} cap=5" in row["after"]
    assert "{" not in row["after"]


def test_a_code_deleted_at_wecom_is_made_again_and_that_is_told(synced: Wecrm, members: list[str]) -> None:
    path = written(synced, [{"name": "海报", "members": members[:1]}])
    good(push(synced, path))
    old = truth(synced)["海报"].id
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE live_code SET deleted = 1 WHERE id = ?", (old,))
    told = good(push(synced, path)).err
    assert "Deleted at WeCom meanwhile" in told
    assert truth(synced)["海报"].id != old


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("strict", True),
        ("type2_empty", "accept"),
        ("update_checks_stored", True),
        ("qr_changes", True),
        ("auto_rooms_listed", True),
        ("link_id_in_get", True),
        ("unknown_link", 40058),
    ],
)
def test_a_push_ends_as_described_whichever_way_wecom_works(
    synced: Wecrm, members: list[str], chats: list[str], switch: str, value: str | int
) -> None:
    with synced.world() as world:
        control.set_switch(world, switch, value)
    first = channels(10, members, chats)
    good(push(synced, written(synced, first)))
    second = [entry | {"channel": f"{entry['channel']}x"} for entry in first[2:]]
    path = written(synced, second)
    text = path.read_bytes()
    good(push(synced, path, "--delete-missing", "--max-removals", "100%"))
    good(synced("livecodes", "pull", str(path)))
    assert path.read_bytes() == text
    assert "No changes" in push(synced, path).err
    assert {one.state for one in truth(synced).values()} >= {e["channel"] for e in second if e.get("kind") != "link"}


@pytest.mark.parametrize("kept", [True, False])
def test_an_update_leaves_alone_what_it_does_not_touch(synced: Wecrm, members: list[str], kept: bool) -> None:
    with synced.world() as world:
        control.set_switch(world, "update_keeps", kept)
    entry = {"name": "海报", "channel": "c1", "members": members[:2], "skip_verify": False, "exclusive": True}
    good(push(synced, written(synced, [entry])))
    before = truth(synced)["海报"].fields
    path = written(synced, [{**entry, "channel": "c2"}])
    good(push(synced, path))
    assert truth(synced)["海报"].fields == {**before, "state": "c2"}
    assert "No changes" in push(synced, path).err


@pytest.mark.parametrize("channel", ["x" * 64, "渠" * 21])
def test_a_link_has_room_for_a_longer_channel_than_other_codes(synced: Wecrm, members: list[str], channel: str) -> None:
    link = {"name": "广告", "kind": "link", "channel": channel, "members": members[:1]}
    path = written(synced, [link])
    good(push(synced, path))
    assert "No changes" in push(synced, path).err
    shown = good(synced("livecodes", "list", "--where", "name = '广告'", "-f", "json")).out
    assert [row["channel"] for row in json.loads(shown)] == [channel]
    longer = push(synced, written(synced, [{**link, "channel": f"{channel}xx"}]))
    assert longer.code == 2
    assert "bytes; there may be 64" in longer.err


@pytest.mark.parametrize("kept", [True, False])
def test_an_update_leaves_alone_what_the_register_does_not_know(
    synced: Wecrm, members: list[str], chats: list[str], kept: bool
) -> None:
    with synced.world() as world:
        control.set_switch(world, "update_keeps", kept)
    entries: list[Entry] = [
        {"name": "海报", "members": members[:1]},
        {"name": "会员群", "kind": "group", "groups": chats[:1]},
        {"name": "广告", "kind": "link", "members": members[:1]},
    ]
    good(push(synced, written(synced, entries)))
    for entry in entries:
        rewrite(synced, truth(synced)[entry["name"]].id, mark_source=False)
    changes = {"海报": {"channel": "c2"}, "会员群": {"channel": "c2"}, "广告": {"skip_verify": False}}
    good(push(synced, written(synced, [{**entry, **changes[entry["name"]]} for entry in entries])))
    after = truth(synced)
    assert [after[name].fields["mark_source"] for name in changes] == [False] * 3
    assert [after[name].state for name in changes] == ["c2", "c2", ""]


@pytest.mark.parametrize("described", [{}, {"room_name": "粉丝群", "room_number": 3}])
def test_names_of_groups_that_are_not_made_any_more_stay_and_ask_for_nothing(
    synced: Wecrm, chats: list[str], described: Entry
) -> None:
    path = written(synced, [{"name": "会员群", "kind": "group", "groups": chats[:1], **described}])
    good(push(synced, path))
    rewrite(synced, truth(synced)["会员群"].id, auto_create_room=0, room_base_name="茶友", room_base_id=10)
    good(synced("livecodes", "pull", str(path)))
    assert entries_of(path) == [{"name": "会员群", "kind": "group", "groups": chats[:1], "auto_create": False}]
    assert "No changes" in good(push(synced, path)).err
    good(synced("livecodes", "update", "会员群", "--channel", "c2", "--yes"))
    after = truth(synced)["会员群"].fields
    assert (after["state"], after["auto_create_room"]) == ("c2", 0)
    assert (after["room_base_name"], after["room_base_id"]) == ("茶友", 10)


def test_groups_that_wecom_added_by_itself_ask_for_no_push(synced: Wecrm, chats: list[str]) -> None:
    path = written(synced, [{"name": "会员群", "kind": "group", "groups": chats[:1]}])
    good(push(synced, path))
    rewrite(synced, truth(synced)["会员群"].id, chat_id_list=chats[:3])
    assert "No changes" in push(synced, path).err


def test_one_code_is_made_changed_and_deleted_by_name(synced: Wecrm, members: list[str]) -> None:
    a, b, c = members[:3]
    home = synced
    good(home("livecodes", "create", "海报", "--channel", "c1", "--members", f"{a},{b}", "--tags", "VIP", "--yes"))
    assert home("livecodes", "create", "海报", "--members", a, "--yes").code == 2
    good(home("livecodes", "update", "海报", "--members", f"{b},{c}", "--until", "2027-01-31", "--yes"))
    code = truth(home)["海报"]
    assert sorted(code.fields["user"]) == sorted((b, c))
    assert code.state == "c1"
    good(home("livecodes", "update", code.id, "--name", "立牌", "--tags", "", "--yes"))
    path = home.home / "codes.yaml"
    good(home("livecodes", "pull", str(path)))
    assert entries_of(path)[0]["name"] == "立牌"
    assert "tags" not in entries_of(path)[0]
    assert "No changes" in good(home("livecodes", "update", "立牌", "--yes")).err
    assert home("livecodes", "delete", "立牌", "--yes").code == 7
    good(home("livecodes", "delete", "立牌", "--yes", "--max-removals", "100%"))
    assert "立牌" not in truth(home)
    plan = str(home.home / "undo.plan")
    good(home("undo", job(home), "-o", plan))
    good(home("apply", plan, "--yes"))
    assert sorted(truth(home)["立牌"].fields["user"]) == sorted((b, c))


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("create", "x" * 31, "--members", "a"), "31 characters"),
        (("create", "x", "--kind", "poster", "--members", "a"), "--kind"),
        (("create", "x", "--departments", "two"), "--departments"),
        (("create", "x"), "needs `members`"),
        (("update", "没有这个", "--cap", "5"), "没有这个"),
        (("delete", "没有这个"), "没有这个"),
    ],
)
def test_a_wrong_command_for_one_code_is_refused(synced: Wecrm, argv: tuple[str, ...], words: str) -> None:
    result = synced("livecodes", *argv, "--yes")
    assert result.code == 2, result.err
    assert words in result.err
