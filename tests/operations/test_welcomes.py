"""Group welcome templates: described, pushed, lost, refused, undone, refreshed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.conftest import Result, Wecrm
from tests.operations.codes import calls, elsewhere, good, job
from wecrm.sandbox import control

Entry = dict[str, Any]

LINK = {"title": "会员日", "url": "https://example.com/vip", "picurl": "https://example.com/a.png", "desc": "每周三"}
PROGRAM = {"title": "商城", "appid": "wx1", "page": "pages/index", "pic_media_id": "M"}
ALL: Sequence[Entry] = (
    {"name": "会员群", "text": "您好 %NICKNAME%\n欢迎", "link": LINK, "notify": True},
    {"name": "图", "image": "https://wework.qpic.cn/wwpic/a/0"},
    {"name": "传图", "text": "看图", "image": "MEDIA1"},
    {"name": "商城", "miniprogram": PROGRAM},
    {"name": "文件", "file": "MEDIA2"},
    {"name": "视频", "text": "看", "video": "MEDIA3"},
)


def written(home: Wecrm, *entries: Entry, name: str = "codes.yaml") -> Path:
    path = home.home / name
    text = yaml.safe_dump({"codes": [], "welcomes": list(entries)}, allow_unicode=True, sort_keys=False)
    path.write_text(text, "utf-8")
    return path


def push(home: Wecrm, *entries: Entry, flags: Sequence[str] = ()) -> Result:
    return home("livecodes", "push", str(written(home, *entries)), "--yes", *flags)


def at_wecom(home: Wecrm) -> dict[str, Any]:
    """template_id → parts, as the sandbox really has them."""
    with home.world() as world:
        rows = world.db.connection.execute("SELECT id, parts FROM welcome_template").fetchall()
    return {id_: msgspec.json.decode(parts) for id_, parts in rows}


def texts(home: Wecrm) -> list[str]:
    return sorted(parts.get("text", {}).get("content", "") for parts in at_wecom(home).values())


def ids(home: Wecrm) -> dict[str, str]:
    return dict(home.sql("SELECT name, template_id FROM welcomes WHERE gone_at IS NULL AND name IS NOT NULL"))


def fault(home: Wecrm, kind: str, path: str, when: str = "after") -> None:
    with home.world() as world:
        control.add_fault(world, kind=kind, path=f"group_welcome_template/{path}", when=when, times=1)


def written_since(home: Wecrm, last: int) -> list[str]:
    """Calls since then that may change a template."""
    with home.world() as world:
        paths = [call.path for call in control.calls(world, path="group_welcome_template", after=last)]
    return [path for path in paths if not path.endswith("/get")]


def undone(home: Wecrm, *flags: str) -> Result:
    plan = str(home.home / "undo.plan")
    good(home("undo", job(home), "-o", plan))
    return home("apply", plan, "--yes", *flags)


def given_to(home: Wecrm, app: str, *names: str) -> None:
    """Make these templates another app's."""
    with home.world() as world, world.writing() as db:
        for name in names:
            db.execute("UPDATE welcome_template SET owner = ? WHERE id = ?", (app, ids(home)[name]))


def test_every_part_is_made_told_back_and_not_made_again(synced: Wecrm) -> None:
    good(push(synced, *ALL))
    there, known = at_wecom(synced), ids(synced)
    assert there[known["会员群"]] == {"text": {"content": "您好 %NICKNAME%\n欢迎"}, "link": LINK}
    assert there[known["商城"]] == {"miniprogram": PROGRAM}
    assert there[known["文件"]] == {"file": {"media_id": "MEDIA2"}}
    assert there[known["视频"]] == {"text": {"content": "看"}, "video": {"media_id": "MEDIA3"}}
    with synced.world() as world:
        bodies = [msgspec.json.decode(call.body) for call in control.calls(world, path="group_welcome_template/add")]
    assert sorted(body["notify"] for body in bodies) == [0, 0, 0, 0, 0, 1]
    last = calls(synced)
    path = synced.home / "codes.yaml"
    good(synced("sync", "livecodes"))  # a picture sent by media_id comes back with an address
    assert synced("livecodes", "diff", str(path)).code == 0
    assert "No changes" in push(synced, *ALL).err
    assert not written_since(synced, last)
    pulled = synced.home / "pulled.yaml"
    good(synced("livecodes", "pull", str(pulled)))
    assert "您好 %NICKNAME%\n    欢迎\n" in pulled.read_text("utf-8")
    told = yaml.safe_load(pulled.read_text("utf-8"))["welcomes"]
    assert sorted(told, key=str) == sorted(ALL, key=str)
    text = pulled.read_bytes()
    good(synced("livecodes", "pull", str(pulled)))
    assert pulled.read_bytes() == text


def test_an_edit_a_rename_and_a_deletion_are_undone(synced: Wecrm) -> None:
    good(push(synced, *ALL))
    before, first = at_wecom(synced), ids(synced)
    changed = [
        {"name": "VIP群", "was": "会员群", "text": "新的"},
        {"name": "图", "image": "MEDIA9"},
        *ALL[2:5],
        {"name": "又一个", "text": "x"},
    ]
    good(push(synced, *changed, flags=("--delete-missing", "--max-removals", "100%")))
    after = ids(synced)
    assert set(after) == {"VIP群", "图", "传图", "商城", "文件", "又一个"}
    assert after["VIP群"] == first["会员群"]
    assert at_wecom(synced)[after["VIP群"]] == {"text": {"content": "新的"}}
    good(undone(synced, "--max-removals", "100%"))
    again = ids(synced)
    assert set(again) == set(first)
    assert again["视频"] != first["视频"], "WeCom gives a new id"
    assert {name: at_wecom(synced)[id_] for name, id_ in again.items()} == {
        name: before[id_] for name, id_ in first.items()
    }
    assert "No changes" in push(synced, *ALL).err


def test_undo_leaves_alone_what_somebody_changed_since(synced: Wecrm) -> None:
    good(push(synced, {"name": "a", "text": "1"}))
    good(push(synced, {"name": "a", "text": "2"}))
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE welcome_template SET parts = ?", ('{"text":{"content":"3"}}',))
    assert undone(synced).code == 3
    assert texts(synced) == ["3"]
    assert synced.sql("SELECT count(*) FROM job_row WHERE status = 'conflict'") == [(1,)]


@pytest.mark.parametrize("kind", ["close", "cut", "garbage", "http502"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_template_whose_answer_was_lost_is_never_made_again_unasked(synced: Wecrm, kind: str, when: str) -> None:
    entries = [{"name": f"群{n}", "text": f"t{n}"} for n in range(4)]
    fault(synced, kind, "add", when)
    result = push(synced, *entries)
    assert result.code == 3, result.err
    rows = synced.sql("SELECT status, hint, json_extract(change, '$.key.name') FROM job_row ORDER BY status")
    assert [status for status, _hint, _name in rows] == ["failed", "ok", "ok", "ok"]
    assert "jobs retry" in rows[0][1]
    there, lost = len(at_wecom(synced)), rows[0][2]
    assert synced("livecodes", "diff", str(synced.home / "codes.yaml")).code == 10
    again = push(synced, *entries)
    assert again.code == 3
    assert f"in doubt, and not planned: {lost}" in again.err
    assert job(synced) in again.err
    assert len(at_wecom(synced)) == there
    good(synced("jobs", "retry", job(synced)))
    assert set(ids(synced)) == {entry["name"] for entry in entries}
    settled = good(push(synced, *entries))
    assert "No changes" in settled.err
    assert "in doubt" not in settled.err


def test_a_lost_template_is_taken_over_by_its_id(synced: Wecrm) -> None:
    fault(synced, "close", "add")
    assert push(synced, {"name": "a", "text": "1"}).code == 3
    [made] = at_wecom(synced)
    good(push(synced, {"name": "a", "text": "1", "id": made}))
    assert ids(synced) == {"a": made}
    assert list(at_wecom(synced)) == [made]
    good(undone(synced))
    assert ids(synced) == {}
    unknown = push(synced, {"name": "a", "text": "1", "id": "msgNOBODY"})
    assert unknown.code == 2
    assert "no welcome template with this `id`" in unknown.err


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", ["add", "edit", "del"])
def test_a_kill_loses_no_template_and_makes_none_twice(synced: Wecrm, path: str, when: str) -> None:
    good(push(synced, *({"name": f"a{n}", "image": f"M{n}"} for n in range(3))))
    entries = [{"name": "a0", "image": "N0"}, {"name": "b1", "was": "a1", "image": "N1"}, {"name": "c", "text": "3"}]
    plan = str(synced.home / "codes.plan")
    flags = ("--delete-missing", "-o", plan)
    good(synced("livecodes", "push", str(written(synced, *entries)), *flags))
    fault(synced, "kill", path, when)
    limits = ("--yes", "--max-removals", "100%")
    process = synced.process("apply", plan, *limits)
    process.communicate()
    assert process.returncode == -9
    result = synced("apply", plan, *limits)
    assert result.code == (3 if path == "add" else 0), result.err
    if path == "add":
        good(synced("jobs", "retry", job(synced)))
        assert texts(synced).count("3") == (2 if when == "after" else 1)  # asked for twice
    assert set(ids(synced)) == {"a0", "b1", "c"}
    assert "No changes" in push(synced, *entries).err


def test_what_one_app_made_another_can_not_change_and_the_others_go_on(synced: Wecrm) -> None:
    good(push(synced, *({"name": f"a{n}", "text": "1"} for n in range(3))))
    given_to(synced, "second", "a0", "a2")
    flags = ("--delete-missing", "--max-removals", "100%", "--max-failures", "9")
    result = push(synced, {"name": "a0", "text": "2"}, {"name": "a1", "text": "2"}, flags=flags)
    assert result.code == 3, result.err
    rows = dict(synced.sql("SELECT json_extract(change, '$.key.name'), errcode FROM job_row WHERE status = 'failed'"))
    assert rows == {"a0": 41058}
    assert texts(synced) == ["1", "1", "2"]
    assert "41058" in synced("jobs", "show", job(synced), "-f", "csv").out
    found = synced("livecodes", "audit", "--only", "other-app", "-f", "json")
    [finding] = msgspec.json.decode(found.out)
    assert (finding["code"], finding["fix"]) == ("a0", "wecrm explain 41058")
    given_to(synced, "contact", "a0")
    good(push(synced, {"name": "a0", "text": "3"}, {"name": "a1", "text": "2"}))
    assert msgspec.json.decode(synced("livecodes", "audit", "--only", "other-app", "-f", "json").out) == []


def test_a_sync_reads_what_changed_and_marks_what_is_gone(synced: Wecrm) -> None:
    good(push(synced, {"name": "a", "text": "1"}, {"name": "b", "text": "1"}, {"name": "c", "text": "1"}))
    known = ids(synced)
    with synced.world() as world, world.writing() as db:
        db.execute("DELETE FROM welcome_template WHERE id = ?", (known["a"],))
        db.execute("UPDATE welcome_template SET parts = ? WHERE id = ?", ('{"video":{"media_id":"V"}}', known["b"]))
    good(synced("sync", "livecodes"))
    rows = synced.sql("SELECT name, text, part, content, gone_at IS NOT NULL FROM welcomes ORDER BY name")
    assert rows == [("a", "1", None, None, 1), ("b", None, "video", "V", 0), ("c", "1", None, None, 0)]
    assert [line.split(",")[0] for line in synced("livecodes", "welcomes", "--where", "gone_at is null").lines] == [
        "name",
        "b",
        "c",
    ]
    with synced.world() as world, world.writing() as db:
        db.execute("DELETE FROM welcome_template WHERE id = ?", (known["c"],))
    result = good(push(synced, {"name": "a", "text": "1"}, {"name": "b", "text": "1"}, {"name": "c", "text": "1"}))
    assert "must be given them anew: c." in result.err
    assert texts(synced) == ["1", "1", "1"]
    assert ids(synced)["a"] != known["a"]
    assert ids(synced)["b"] == known["b"]


def test_a_template_that_can_not_be_read_is_not_gone(synced: Wecrm) -> None:
    good(push(synced, {"name": "a", "text": "1"}, {"name": "b", "text": "1"}))
    with synced.world() as world:
        control.add_fault(world, kind="garbage", path="group_welcome_template/get", times=99)
    assert synced("sync", "livecodes").code == 5
    assert synced("livecodes", "diff", str(synced.home / "codes.yaml")).code == 5
    assert set(ids(synced)) == {"a", "b"}


def test_a_slow_answer_after_making_loses_no_id(synced: Wecrm) -> None:
    with synced.world() as world:
        control.add_fault(world, kind="garbage", path="group_welcome_template/get", times=99)
    good(push(synced, {"name": "a", "image": "M"}))
    with synced.world() as world:
        control.clear_faults(world)
    assert ids(synced) == dict.fromkeys(["a"], next(iter(at_wecom(synced))))
    assert "No changes" in push(synced, {"name": "a", "image": "M"}).err


def test_a_corp_has_100_templates(synced: Wecrm) -> None:
    entries = [{"name": f"a{n}", "text": "1"} for n in range(91)]
    good(push(synced, *entries))
    found = synced("livecodes", "audit", "--only", "full", "-f", "json")
    assert [finding["code"] for finding in msgspec.json.decode(found.out)] == ["91 / 100"]
    more = [{"name": f"b{n}", "text": "1"} for n in range(10)]
    assert push(synced, *entries, *more).code == 2
    with synced.world() as world, world.writing() as db:  # another app's count, too, and no list tells of them
        db.execute("INSERT INTO welcome_template (id, owner, parts) VALUES ('other', 'second', '{}')")
    refused = push(synced, *entries, *more[:9])
    assert refused.code == 6, refused.err
    assert "41055" in refused.err
    assert len(at_wecom(synced)) == 100
    good(push(synced, *entries[:80], flags=("--delete-missing", "--max-removals", "100%")))
    good(synced("jobs", "resume", synced.sql("SELECT id FROM job WHERE state = 'running'")[0][0]))


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"name": "a"}, "it needs `text`"),
        ({"name": "", "text": "1"}, "`name` is empty"),
        ({"name": "a", "image": "M", "file": "F"}, "one of them"),
        ({"name": "a", "text": "字" * 1001}, "3003 bytes"),
        ({"name": "a", "text": "%nickname%"}, "capitals"),
        ({"name": "a", "link": {"title": "", "url": "u"}}, "`link.title` is empty"),
        ({"name": "a", "link": {"title": "t", "url": "u", "picUrl": "x"}}, "Did you mean picurl"),
        ({"name": "a", "miniprogram": {**PROGRAM, "title": "字" * 22}}, "66 bytes"),
        ({"name": "a", "tekst": "1"}, "Did you mean text"),
    ],
)
def test_what_can_not_be_made_is_refused_with_the_entry(synced: Wecrm, entry: Entry, told: str) -> None:
    result = push(synced, entry)
    assert result.code == 2
    assert told in result.err
    assert at_wecom(synced) == {}


def test_a_text_that_was_made_may_grow_and_two_entries_may_not_have_one_template(synced: Wecrm) -> None:
    good(push(synced, {"name": "a", "text": "x" * 3000}))
    good(push(synced, {"name": "a", "text": "x" * 4000}))
    both = push(synced, {"name": "b", "was": "a", "text": "1"}, {"name": "c", "was": "a", "text": "1"})
    assert both.code == 2
    assert texts(synced) == ["x" * 4000]


def test_a_file_without_templates_says_nothing_of_them(synced: Wecrm) -> None:
    good(push(synced, {"name": "a", "text": "1"}))
    path = synced.home / "none.yaml"
    path.write_text("codes: []\n")
    assert "No changes" in good(synced("livecodes", "push", str(path), "--delete-missing")).err
    assert "kept: a" in push(synced).err
    assert texts(synced) == ["1"]


def test_a_dry_run_and_a_plan_show_and_send_nothing(synced: Wecrm) -> None:
    last = calls(synced)
    path, plan = str(written(synced, {"name": "a", "text": "您好"})), str(synced.home / "w.plan")
    good(synced("livecodes", "push", path, "--dry-run", "--yes"))
    good(synced("livecodes", "push", path, "-o", plan))
    assert "text=您好" in good(synced("plan", "show", plan)).out
    assert not written_since(synced, last)


def test_a_file_with_ids_brings_the_register_back_elsewhere(synced: Wecrm) -> None:
    good(push(synced, *ALL))
    path = synced.home / "ids.yaml"
    good(synced("livecodes", "pull", str(path), "--ids"))
    other = elsewhere(synced)
    entries = yaml.safe_load(path.read_text("utf-8"))["welcomes"]
    last = calls(other)
    good(push(other, *entries))
    assert ids(other) == ids(synced)
    assert written_since(other, last) == []
