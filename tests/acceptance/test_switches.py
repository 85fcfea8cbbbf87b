"""A corp at work while WeCom is read in another way than the sandbox reads it by itself: the cache is the truth."""

from collections.abc import Mapping

import pytest

from tests.acceptance import facts, working
from tests.acceptance.listening import listening, undocumented_answers, undocumented_requests
from tests.acceptance.working import Corp
from tests.conftest import Wecrm
from tests.operations.readings import EACH, Readings, read
from wecrm.api import endpoints
from wecrm.sandbox.settings import SWITCHES

FIRST: Readings = {name: others[0] for name, (_default, others, _doc) in SWITCHES.items()}
LAST: Readings = {name: others[-1] for name, (_default, others, _doc) in SWITCHES.items()}
MEDIA = {"archive_file_ids", "archive_md5"}
"""Switches that media files meet; without one of them no file is fetched, which takes longer than all the rest."""


def work(corp: Corp, readings: Readings) -> None:
    """Everything that writes, reads and counts, but the case of a leaver, which has its own proof of every reading."""
    working.all_ours(corp.home)
    corp.do("sync")
    working.tag_library(corp)
    working.marks(corp)
    working.many_tags(corp)
    working.come_back(corp)
    working.elsewhere(corp)
    working.live_codes(corp)
    working.rename_channel(corp)
    working.move(corp)
    working.inherit(corp)
    if readings.keys() & MEDIA:
        working.archive(corp, pulled=3 if readings.get("archive_md5") == "wrong" else 0)
    else:
        working.archive(corp, "--no-media")
    corp.later(24)
    corp.do("sync", "stats")
    corp.do("report", "followers")
    corp.do("sync", "--max-removals", "100%")


def groups(home: Wecrm) -> Mapping[str, str]:
    """chat_id → owner, as it really is."""
    with home.world() as world:
        rows = world.db.connection.execute(
            "SELECT c.chat_id, m.userid FROM chat c JOIN member m ON m.id = c.owner WHERE m.left_at IS NULL"
        ).fetchall()
    return dict(rows)


def names_in_groups(home: Wecrm, *, alias: bool) -> set[str]:
    """What colleagues are called in groups."""
    with home.world() as world:
        rows = world.db.connection.execute(
            "SELECT m.value ->> 'name', p.detail ->> 'alias' FROM chat c, json_each(c.members) m "
            "JOIN member p ON p.userid = m.value ->> 'userid'"
        ).fetchall()
    return {(alias and other) or name for name, other in rows}


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param(FIRST, id="first"),
        pytest.param(LAST, id="last"),
        *(pytest.param(one, id=name, marks=pytest.mark.long) for name, one in EACH.items()),
    ],
)
def test_the_cache_is_the_truth_however_wecom_is_read(synced: Wecrm, readings: Readings) -> None:
    read(synced, readings)
    with listening() as heard:
        work(Corp(synced), readings)
    assert facts.cached(synced) == facts.truth(synced)
    assert facts.cached_beginnings(synced) == facts.beginnings(synced)
    genders = {gender for (gender,) in synced.sql("SELECT DISTINCT gender FROM contact")}
    assert genders == ({0, 1, 2} if readings.get("gender_told", True) else {0})
    called = {name for (name,) in synced.sql("SELECT DISTINCT name FROM group_member WHERE type = 1")}
    assert called == names_in_groups(synced, alias=readings.get("group_names") == "alias")
    assert dict(synced.sql("SELECT chat_id, owner FROM group_chat")) == groups(synced)
    for endpoint in endpoints.ALL:
        assert undocumented_requests(endpoint, heard[endpoint.path]) == set()
        assert undocumented_answers(endpoint, heard[endpoint.path]) == set()
