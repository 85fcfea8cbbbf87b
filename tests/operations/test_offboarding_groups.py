"""Offboarding: a taker gets so many groups a day, and what is over waits for the next day."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.conftest import Wecrm
from tests.operations.closed import usual_end
from tests.operations.handing import session
from tests.operations.leaving import DAY_S, FULL, Scene, Size, scene
from wecrm.operations import offboardwares
from wecrm.sandbox import control

ALONE = replace(FULL, full=0)
TWENTIETH = Size(62, 21, 15, 3, 1, refuse=3, full=0, gone=1, known=6, moving=1, moved=1)


def days(found: Scene) -> list[int]:
    """How many of the leaver's groups really moved on each of WeCom's days."""
    with found.home.world() as world:
        times = [move.at for move in control.group_moves(world) if move.chat_id in found.chats]
    return [n for _day, n in sorted(Counter((at + 8 * 3600) // DAY_S for at in times).items())]


@pytest.mark.parametrize("counts", ["both", "taker", "owner"])
@pytest.mark.parametrize("size", [TWENTIETH, pytest.param(ALONE, marks=pytest.mark.long)])
def test_one_taker_gets_all_420_groups_in_two_days(synced: Wecrm, size: Size, counts: str) -> None:
    found = scene(synced, size)
    taker = found.takers[1]
    with synced.world() as world:
        control.set_switch(world, "group_day_counts", counts)
    assert found.start(takers=[taker]).code == 0
    assert found.run().code == 3  # some refused
    usual_end(found)
    assert days(found) == [size.groups_a_day, size.groups - size.groups_a_day]
    assert {found.owners()[chat] for chat in found.chats} == {taker}
    assert {ending.takeover for ending in found.endings().values() if ending.fate == "verified"} == {taker}


def test_groups_of_an_owner_who_cant_be_named_are_known_in_a_corp_too_large_for_one_list(synced: Wecrm) -> None:
    owner, count = synced.sql(
        "SELECT owner, count(*) FROM group_chat WHERE owner NOT IN "
        "(SELECT userid FROM member_department WHERE department = 3) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    )[0]
    with synced.world() as world:
        control.set_limits(world, list_people=1)
        control.set_visible_range(world, "contact", [3])
    with session(synced) as s:
        assert len(offboardwares.groups(s.work, owner)) == count
