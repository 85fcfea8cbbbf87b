"""What a former member knew moves along: kept before a transfer, put back after it, told in a file."""

import io
import re
import stat
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.operations.handing import JOB, customers, described, pair, plan, session, transferred, truth
from wecrm.api.contacts import BATCH_GET
from wecrm.models.plan import Outcome
from wecrm.operations import memory
from wecrm.sandbox import control
from wecrm.store import jobs, memories

EVIL = '=HYPERLINK("http://x")</dd><script>alert(1)</script>\x1b[31m\u202e'


def switch(home: Wecrm, **readings: bool) -> None:
    with home.world() as world:
        for name, value in readings.items():
            control.set_switch(world, name, value)


def calls(home: Wecrm, path: str) -> int:
    with home.world() as world:
        return sum(1 for _call in control.calls(world, path=path))


def tags(home: Wecrm) -> dict[str, str]:
    """`group/name` of a tag → its id."""
    return dict(home.sql("SELECT group_name || '/' || name, tag_id FROM corp_tag JOIN tag_group USING (group_id)"))


def restored(home: Wecrm, code: int = 0) -> str:
    result = home("transfers", "restore", JOB, "--yes", "--max-changes", "5000")
    assert result.code == code, result.err
    return result.err


@pytest.mark.parametrize(("tags_follow", "notes_follow"), [(True, False), (False, True), (False, False), (True, True)])
def test_all_that_can_be_written_is_back_whatever_followed_by_itself(
    synced: Wecrm, tags_follow: bool, notes_follow: bool
) -> None:
    switch(synced, tags_follow=tags_follow, notes_follow=notes_follow)
    former, taker = pair(synced)
    every = customers(synced, former, taker, 1000)
    chosen = every[:18] + [external for external in every if external.startswith("wo")][:2]
    described(synced, former, chosen)
    own = chosen[:2]  # 10 % know the taker already
    mine = sorted(tags(synced).values())[:1]
    with synced.world() as world:
        for external in own:
            control.add_relation(world, taker, external, remark="我的客户", tags=mine)
    assert synced("sync", "contacts").code == 0
    mobiles = synced.csv("mine.csv", "userid,external_userid,mobiles", [(taker, each, "13700000000") for each in own])
    assert synced("contacts", "remark", str(mobiles), "--yes").code == 0
    before = truth(synced)
    transferred(synced, former, taker, chosen)
    told = restored(synced)
    after = truth(synced)
    for external in chosen:
        was, now = before[former, external], after[taker, external]
        first = before.get((taker, external))
        assert (former, external) not in after
        assert now.remark == ("我的客户" if first else was.remark)
        assert now.description == was.description
        assert set(now.remark_mobiles) == set(was.remark_mobiles) | set(first.remark_mobiles if first else ())
        assert set(now.tag_ids) == set(was.tag_ids) | set(first.tag_ids if first else ())
        assert now.remark_company == was.remark_company
    assert "20 restored" in told
    assert not synced.sql("SELECT 1 FROM handover_memory WHERE restored_at IS NULL OR result <> 'restored'")


def test_a_nickname_is_no_remark_but_what_the_taker_wrote_since_stays(synced: Wecrm) -> None:
    former, taker = pair(synced)
    shown, written = customers(synced, former, taker, 2)
    described(synced, former, [shown, written])
    transferred(synced, former, taker, [shown, written])
    with synced.world() as world:
        control.set_remark(world, taker, shown, truth(synced)[taker, shown].name)
        control.set_remark(world, taker, written, "刚认识")
    assert "has other words: 1" in restored(synced)
    after = truth(synced)
    assert (after[taker, shown].remark, after[taker, written].remark) == ("老客户0", "刚认识")
    assert after[taker, written].description == "喜欢茶 1"


def test_what_somebody_changes_while_it_is_put_back_is_a_conflict_and_tried_again(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 2)
    described(synced, former, chosen)
    transferred(synced, former, taker, chosen)
    path = str(synced.home / "restore.plan")
    assert synced("transfers", "restore", JOB, "-o", path).code == 0
    with synced.world() as world:
        control.set_remark(world, taker, chosen[0], "刚认识")
    assert synced("apply", path, "--yes").code == 3
    assert truth(synced)[taker, chosen[0]].remark == "刚认识"
    assert truth(synced)[taker, chosen[0]].description == ""
    assert "2 restored" in restored(synced)
    assert truth(synced)[taker, chosen[0]].description == "喜欢茶 0"


def test_what_followed_by_itself_is_not_sent_again(synced: Wecrm) -> None:
    switch(synced, tags_follow=True, notes_follow=True)
    former, taker = pair(synced)
    transferred(synced, former, taker, customers(synced, former, taker, 5))
    sent = calls(synced, "mark_tag"), calls(synced, "externalcontact/remark")
    assert "Nothing has to be put back." in restored(synced)
    assert (calls(synced, "mark_tag"), calls(synced, "externalcontact/remark")) == sent
    assert "Nothing has to be put back." in restored(synced)  # and a second time nothing is even looked at
    job_count = synced.sql("SELECT count(*) FROM job")
    assert job_count == [(1,)]


def test_restoring_in_a_dry_run_sends_and_notes_nothing(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 3)
    described(synced, former, chosen)
    transferred(synced, former, taker, chosen)
    before = truth(synced)
    result = synced("transfers", "restore", JOB, "--dry-run")
    assert result.code == 0, result.err
    assert truth(synced) == before
    assert synced.sql("SELECT count(*) FROM handover_memory WHERE result IS NULL") == [(3,)]


def test_a_plan_of_the_restoration_is_undone_exactly(synced: Wecrm) -> None:
    switch(synced, tags_follow=False)
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 6)
    described(synced, former, chosen)
    transferred(synced, former, taker, chosen)
    before = truth(synced)
    path = str(synced.home / "restore.plan")
    assert synced("transfers", "restore", JOB, "-o", path).code == 0
    assert truth(synced) == before
    assert synced("apply", path, "--yes").code == 0
    assert truth(synced) != before
    assert "6 restored" in restored(synced)
    job = synced.sql("SELECT id FROM job WHERE kind = 'memory'")[0][0]
    undo = str(synced.home / "undo.plan")
    assert synced("undo", job, "-o", undo).code == 0
    result = synced("apply", undo, "--yes", "--max-removals", "100%")
    assert result.code == 0, result.err
    assert truth(synced) == before


def test_the_first_memory_of_a_job_stays(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 4)
    described(synced, former, chosen)
    first = transferred(synced, former, taker, chosen)
    with session(synced) as s:  # resumed after the customers left: nothing is read over it
        assert memory.snapshot(s.work, JOB, plan(former, taker, chosen)) == 0
        assert list(memories.of_job(s.store, JOB)) == first
    assert [kept.memory.side.remark for kept in first] == [f"老客户{n}" for n in range(4)]
    assert all(kept.memory.fresh for kept in first)


def test_a_memory_is_what_wecom_has_now_and_not_what_a_sync_saw(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 3)
    with synced.world() as world:
        for external in chosen:
            control.set_remark(world, former, external, "昨天改的")
    for detailed in (1000, 0):
        with session(synced) as s:
            memory.snapshot(s.work, f"job-{detailed}", plan(former, taker, chosen), detailed=detailed)
            kept = list(memories.of_job(s.store, f"job-{detailed}"))
        assert [each.memory.side.remark for each in kept] == ["昨天改的"] * 3


def test_many_customers_cost_a_call_for_a_hundred_and_only_lose_personal_tags(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 1000)
    with synced.world() as world:
        control.add_relation(world, taker, chosen[0], remark="我的客户")
    with session(synced) as s:
        memory.snapshot(s.work, "one-by-one", plan(former, taker, chosen))
        before = calls(synced, "externalcontact/get"), calls(synced, "batch/get_by_user")
        told = memory.calls(s.store, {("onjob", former, taker): len(chosen)}, detailed=0)
        memory.snapshot(s.work, "listed", plan(former, taker, chosen), detailed=0)
        single, listed = (
            {k.external_userid: k.memory for k in memories.of_job(s.store, j)} for j in ("one-by-one", "listed")
        )
    assert calls(synced, "externalcontact/get") == before[0]
    made = calls(synced, "batch/get_by_user") - before[1]
    assert made <= 2 + 2 * 200 // 100
    assert sum(told.values()) == told[BATCH_GET.path] == made
    assert single.keys() == listed.keys() == set(chosen)
    personal = 0
    for external, each in single.items():
        other = listed[external]
        assert (other.side.remark, other.side.tags, other.chats, other.first) == (
            each.side.remark,
            each.side.tags,
            each.chats,
            each.first,
        )
        assert (other.own is None) == (each.own is None) == (external != chosen[0])
        personal += bool(each.side.personal_tags)
    assert personal


def test_of_a_leaver_the_cache_remembers(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 5)
    described(synced, former, chosen)
    before = truth(synced)
    with synced.world() as world:
        control.delete_member(world, former)
    kept = transferred(synced, former, taker, chosen, "resigned")
    assert not any(each.memory.fresh for each in kept)
    restored(synced)
    after = truth(synced)
    for external in chosen:
        assert after[taker, external].remark == before[former, external].remark
        assert set(after[taker, external].remark_mobiles) == set(before[former, external].remark_mobiles)
        assert set(after[taker, external].tag_ids) >= set(before[former, external].tag_ids)


def test_customers_who_have_not_arrived_are_left_out_and_told(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 4)
    described(synced, former, chosen)
    transferred(synced, former, taker, chosen)
    with session(synced) as s:
        rows = list(jobs.rows(s.store, JOB))
        jobs.record(s.store, JOB, [(row.n, row.change, Outcome("failed")) for row in rows[:3]])
    assert "3 failed" in restored(synced)
    assert truth(synced)[taker, chosen[0]].remark == ""
    assert truth(synced)[taker, chosen[3]].remark == "老客户3"


def test_the_takers_stage_and_a_deleted_tag_stay_and_are_told(synced: Wecrm) -> None:
    library = synced.home / "tags.yaml"
    assert synced("tags", "pull", str(library)).code == 0
    text = library.read_text("utf-8").replace("- group: Stage\n", "- group: Stage\n  exclusive: true\n")
    library.write_text(text, "utf-8")
    assert synced("tags", "push", str(library), "--yes").code == 0
    switch(synced, tags_follow=False)
    former, taker = pair(synced)
    one, two = customers(synced, former, taker, 2)
    ids = tags(synced)
    stages = [id_ for name, id_ in ids.items() if name.startswith("Stage/")]
    gone = next(name for name in ids if name.startswith("客户等级/") and not name.endswith("/VIP"))
    with synced.world() as world:
        keys = [(former, one), (former, two)]
        control.edit_tags(world, keys, [], stages)
        control.edit_tags(world, keys, [ids["Stage/Won"], ids[gone], ids["客户等级/VIP"]])
        control.add_relation(world, taker, one, tags=[ids["Stage/Lead"]])
    transferred(synced, former, taker, [one, two])
    assert synced("tags", "delete", gone, "--yes", "--max-removals", "100%").code == 0
    restored(synced)
    after = truth(synced)
    assert {ids["客户等级/VIP"], ids["Stage/Lead"]} <= set(after[taker, one].tag_ids)
    assert ids["Stage/Won"] not in after[taker, one].tag_ids
    assert {ids["客户等级/VIP"], ids["Stage/Won"]} <= set(after[taker, two].tag_ids)
    page = text_of(handed(synced, "html"))
    assert re.search(r"Stage\s*Won\s*Lead", page)
    assert f"Tag: {gone} (the library has no such tag any more)" in page


# -- the file


class Page(HTMLParser):
    """Tags, attributes and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _value in attrs]
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data


def handed(home: Wecrm, fmt: str, *more: str) -> Path:
    """The only file of the job."""
    folder = home.home / "handover"
    result = home("transfers", "handover", JOB, "-o", str(folder), "--format", fmt, *more)
    assert result.code == 0, result.err
    (path,) = folder.glob(f"*.{fmt}")
    return path


def text_of(path: Path) -> str:
    return Page(path.read_text("utf-8")).text


def cells(path: Path) -> list[dict[str, str]]:
    from python_calamine import CalamineWorkbook

    heads, *found = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, heads), map(str, row), strict=True)) for row in found]


def with_strangers(home: Wecrm) -> tuple[str, str, list[str]]:
    """A hostile customer, one who knows the taker, and one whom a personal tag marks, all transferred and restored."""
    former, taker = pair(home)
    with home.world() as world:
        evil = control.add_relation(world, former, name=EVIL, remark=EVIL[:20], description=EVIL, state=EVIL[:20])
        known = customers(home, former, taker, 1)[0]
        personal = next(
            external
            for external in customers(home, former, taker, 1000)
            if external != known and _has_personal(home, external)
        )
    assert home("sync", "contacts").code == 0
    described(home, former, [known])
    with home.world() as world:
        control.add_relation(world, taker, known, remark="我的客户")
    chosen = [evil, known, personal]
    transferred(home, former, taker, chosen)
    restored(home)
    return former, taker, chosen


def _has_personal(home: Wecrm, external: str) -> bool:
    with home.world() as world:
        sql = (
            "SELECT 1 FROM relation r JOIN contact c ON c.id = r.contact "
            "WHERE c.external_userid = ? AND r.personal <> '[]'"
        )
        return world.db.connection.execute(sql, (external,)).fetchone() is not None


def test_the_file_tells_what_was_known_came_over_and_differs(synced: Wecrm) -> None:
    _former, _taker, (evil, known, personal) = with_strangers(synced)
    path = handed(synced, "xlsx")
    rows = {row["Customer id"]: row for row in cells(path)}
    assert set(rows) == {evil, known, personal}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    row = rows[known]
    assert row["What differs"] == "Remark: 老客户0 (your own: 我的客户)"
    assert "Description: 喜欢茶 0" in row["What came over"]
    assert "Mobiles: 13800000000" in row["What came over"]
    assert row["What is missing"] == ""
    assert row["Note"] == "You knew this customer already: your own words were kept."
    by_hand = next(name for name in row if name.startswith("To be written by hand"))
    assert rows[personal][by_hand].startswith("Personal tag ")
    assert rows[evil][by_hand] == ""
    assert rows[evil]["Customer"] == EVIL
    assert "What came over" in rows[evil]
    page = text_of(handed(synced, "html"))
    assert re.search(r"Remark\s*老客户0\s*我的客户", page)
    assert rows[personal][by_hand].split(";")[0] in page


def test_what_strangers_wrote_is_shown_in_the_file_and_never_run(synced: Wecrm) -> None:
    with_strangers(synced)
    found = Page(handed(synced, "html").read_text("utf-8"))
    assert not {"script", "iframe", "object", "link", "base", "form", "img"} & set(found.tags)
    assert not [name for name in found.attributes if name.startswith("on") or name in ("src", "href")]
    assert '=HYPERLINK("http://x")</dd><script>alert(1)</script>\\e[31m\\u202e' in found.text
    raw = handed(synced, "xlsx").read_bytes()
    sheet = zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink " not in sheet


def test_the_file_is_written_in_chinese_too(synced: Wecrm) -> None:
    with_strangers(synced)
    page = text_of(handed(synced, "html", "--lang", "zh"))
    assert "移交" in page
    assert not re.search(r"What differs|Former member|Customers handed", page)


def test_before_the_restoration_the_file_says_what_is_missing(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 2)
    described(synced, former, chosen)
    transferred(synced, former, taker, chosen)
    rows = cells(handed(synced, "xlsx"))
    assert "Remark: 老客户0" in rows[0]["What is missing"]
    assert "Remark" not in rows[0]["What came over"]


def test_a_job_without_memories_is_refused(synced: Wecrm) -> None:
    former, taker = pair(synced)
    chosen = customers(synced, former, taker, 2)
    transferred(synced, former, taker, chosen)
    with session(synced) as s:
        rows = list(jobs.rows(s.store, JOB))
        jobs.record(s.store, JOB, [(row.n, row.change, Outcome("submitted")) for row in rows])
    for words in (("restore", JOB), ("handover", JOB, "-o", str(synced.home / "x"))):
        result = synced("transfers", *words)
        assert result.code == 2
        assert "2 submitted" in result.err
    assert not (synced.home / "x").exists()
