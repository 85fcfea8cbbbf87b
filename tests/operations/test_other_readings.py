"""What nobody does on purpose, and what WeCom may answer, which nobody could confirm: the row says what to do."""

import csv
import io
import json

import pytest
import yaml

from tests.conftest import Wecrm
from tests.operations.handing import session
from tests.operations.moving import (
    CONFIRMED,
    DAY_S,
    GIVER,
    LARGE,
    TAKER,
    advance,
    apply,
    customers,
    job,
    plan,
    rows,
    switch,
    wishes,
)
from wecrm.api import tags as tags_api
from wecrm.api.errcodes import find
from wecrm.sandbox import control
from wecrm.sandbox.settings import JSON, SWITCHES


def positions(name: str) -> list[JSON]:
    """Every value of a switch."""
    default, others, _decides = SWITCHES[name]
    return [default, *others]


def exported(home: Wecrm, *flags: str) -> list[dict[str, str]]:
    """Rows of the result file of the newest job."""
    return list(csv.DictReader(io.StringIO(home("jobs", "export", job(home), *flags).out)))


def departments(home: Wecrm, *userids: str) -> list[int]:
    found = home.sql(
        "SELECT DISTINCT department FROM member_department WHERE userid IN (SELECT value FROM json_each(?))",
        json.dumps(userids),
    )
    return [id_ for (id_,) in found]


@pytest.mark.parametrize("errcode", positions("taker_outside"))
def test_a_taker_whom_the_app_does_not_see_fails_their_rows_and_the_others_go_on(synced: Wecrm, errcode: int) -> None:
    switch(synced, "taker_outside", errcode)
    seen = departments(synced, GIVER, TAKER)
    ((outside,), *_) = synced.sql(
        "SELECT userid FROM member m WHERE status = 1 AND follows AND NOT EXISTS (SELECT 1 FROM member_department d "
        "WHERE d.userid = m.userid AND department IN (SELECT value FROM json_each(?))) ORDER BY 1",
        json.dumps(seen),
    )
    ids = customers(synced, GIVER, 4, unknown_to=(TAKER, outside))
    path = plan(synced, [*wishes(GIVER, ids[:2]), *wishes(GIVER, ids[2:], outside)])
    with synced.world() as world:
        control.set_visible_range(world, "contact", seen)
    apply(synced, path, code=3)
    assert [rows(synced)[external].status for external in ids] == ["submitted"] * 2 + ["failed"] * 2
    assert {rows(synced)[external].errcode for external in ids[2:]} == {errcode}
    told = {row["external_userid"]: row["hint"] for row in exported(synced, "--status", "failed")}
    assert told.keys() == {*ids[2:]}
    assert all(find(errcode).fix in hint for hint in told.values())


def test_customers_of_somebody_who_left_a_year_ago_are_told_apart_from_those_who_can_be_moved(synced: Wecrm) -> None:
    late, others = customers(synced, GIVER, 2), customers(synced, LARGE, 2)
    assert synced("sandbox", "member", GIVER, "--delete").code == 0
    advance(synced, 364.9 * DAY_S)
    path = plan(synced, [*wishes(GIVER, late), *wishes(LARGE, others)])
    advance(synced, DAY_S / 2)
    apply(synced, path, *CONFIRMED, code=3)
    assert {external: rows(synced)[external].status for external in (*late, *others)} == {
        **dict.fromkeys(late, "failed"),
        **dict.fromkeys(others, "submitted"),
    }
    assert all("more than a year ago" in row["hint"] for row in exported(synced, "--status", "failed"))


@pytest.mark.parametrize("allowed", positions("foreign_group_add"))
def test_a_tag_in_a_group_of_the_console_is_made_or_the_row_says_who_can(synced: Wecrm, allowed: bool) -> None:
    switch(synced, "foreign_group_add", allowed)
    result = synced("tags", "create", "Stage", "Nurture", "--yes")
    (row,) = exported(synced)
    made = synced.sql("SELECT count(*) FROM corp_tag WHERE name = 'Nurture'") == [(1,)]
    if allowed:
        assert (result.code, row["status"], row["hint"], made) == (0, "ok", "", True)
        return
    assert (result.code, row["status"], row["errcode"], made) == (3, "failed", "60011", False)
    assert "with the app that made it" in row["hint"]
    ((support,),) = synced.sql("SELECT hint FROM job_row")
    assert row["hint"].endswith(f"({support})")


def test_a_tag_that_a_colleague_made_meanwhile_is_told_and_not_made_twice(synced: Wecrm) -> None:
    file, saved = synced.home / "tags.yaml", str(synced.home / "tags.plan")
    assert synced("tags", "pull", str(file)).code == 0
    book = yaml.safe_load(file.read_text("utf-8"))
    group = book["groups"][0]
    group["tags"].append("新客户")
    file.write_text(yaml.safe_dump(book, allow_unicode=True), "utf-8")
    assert synced("tags", "push", str(file), "-o", saved).code == 0
    with session(synced) as s:
        tags_api.add(s.client, group["group"], "新客户")
    assert synced("apply", saved, "--yes").code == 3
    (row,) = exported(synced, "--status", "conflict")
    assert "plan it again" in row["hint"]
    assert synced("sync", "tags").code == 0
    assert synced.sql("SELECT count(*) FROM corp_tag WHERE name = '新客户' AND deleted_at IS NULL") == [(1,)]
    assert synced("tags", "push", str(file), "--yes").code == 0


@pytest.mark.parametrize("repeated", positions("repeat_contact"))
def test_a_customer_of_more_members_than_a_page_holds_is_read_whole(synced: Wecrm, repeated: bool) -> None:
    switch(synced, "repeat_contact", repeated)
    crowd = [f"crowd{n}" for n in range(501)]
    with synced.world() as world:
        with world.writing() as db:
            db.executemany(
                "INSERT INTO member VALUES (?, ?, 'x', 1, 1, '[1]', '{\"order\":[0]}', NULL)",
                [(n, userid) for n, userid in enumerate(crowd, 1000)],
            )
            world.changed()
        customer = control.add_relation(world, crowd[0])
        for userid in crowd[1:]:
            control.add_relation(world, userid, customer)
    assert synced("sync", "new").code == 0
    ((followers, names),) = synced.sql(
        "SELECT count(*), count(DISTINCT c.name) FROM relation r JOIN contact c USING (external_userid) "
        "WHERE external_userid = ? AND r.status = 'active'",
        customer,
    )
    assert (followers, names) == (501, 1)
