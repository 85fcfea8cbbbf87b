"""What has to hold when the case of a leaver is closed, against what the sandbox really has."""

import json
from collections import Counter

from tests.conftest import Wecrm
from tests.operations.handing import Pair
from tests.operations.leaving import Scene, codes_naming, unread_repeats
from wecrm.sandbox import control


def settled(found: Scene) -> None:
    """Each customer and group ended as it is told, with tags and remarks where they belong; the numbers add up."""
    truth, endings = found.truth(), found.endings()
    with found.home.world() as world:
        transfers = list(control.transfers(world))
    done = {
        (t.takeover_userid, t.external_userid) for t in transfers if t.status == 1 and t.handover_userid == found.leaver
    }
    assert not [t for t in transfers if t.status == 2]
    assert {e for e in endings if e in found.customers} == found.customers
    for external in found.customers:
        ending = endings[external]
        with_taker = [userid for userid in found.takers if (userid, external) in done]
        assert (ending.fate == "verified") is bool(with_taker), (external, ending)
        assert ending.fate != "waiting"
        if ending.fate != "verified":
            assert ending.reason, ending
            continue
        taker = with_taker[0]
        was, now = found.before[found.leaver, external], truth[taker, external]
        own = found.before.get((taker, external))
        assert now.remark == ((own.remark if own else "") or was.remark), external
        assert now.description == ((own.description if own else "") or was.description)
        assert set(now.tag_ids) == set(was.tag_ids) | set(own.tag_ids if own else ())
        assert set(now.remark_mobiles) == set(was.remark_mobiles) | set(own.remark_mobiles if own else ())
    owners = found.owners()
    for chat in found.chats:
        assert (endings[chat].fate == "verified") is (owners[chat] in found.takers), endings[chat]
    told = found.step("evidence")
    fates = Counter(endings[e].fate for e in found.customers)
    assert told["answered"]["customers"] == fates
    assert told["answered"]["groups"] == Counter(endings[chat].fate for chat in found.chats)
    _reported(found, {pair for pair in done if pair[0] in found.takers}, owners)


def _reported(found: Scene, done: set[Pair], owners: dict[str, str]) -> None:
    """The numbers of the report are the sandbox's."""
    (told,) = json.loads(found.home("offboard", "report", found.leaver).out)
    chats = Counter(owners[chat] for chat in found.chats)
    customers = Counter(taker for taker, _external in done)
    moved = {(one["takeover"], one["id"]) for one in told["items"] if one["outcome"] == "verified"}
    assert moved == done | {(owners[chat], chat) for chat in found.chats if owners[chat] in found.takers}
    assert {what: sum(counts.values()) for what, counts in told["after"].items()} == {
        "customer": len(found.customers),
        "group": len(found.chats),
    }
    for taker in told["takers"]:
        assert (taker["customers"], taker["groups"]) == (customers[taker["userid"]], chats[taker["userid"]])


def members_here(home: Wecrm) -> set[str]:
    """Who really works here."""
    with home.world() as world:
        return {u for (u,) in world.db.connection.execute("SELECT userid FROM member WHERE left_at IS NULL")}


def usual_end(found: Scene) -> None:
    """Who is where, and why, when nobody interfered but those who were made to."""
    settled(found)
    fates = {external: ending.fate for external, ending in found.endings().items()}
    assert {e for e in found.customers if fates[e] == "refused"} == found.refuse | found.gone
    assert {e for e in found.customers if fates[e] == "failed"} == found.moving
    assert found.leaver not in members_here(found.home)
    assert not codes_naming(found.home, found.leaver)
    assert all(owner in found.takers for chat, owner in found.owners().items() if chat in found.chats)
    assert not unread_repeats(found.home)
    assert {state for (state,) in found.home.sql("SELECT state FROM job")} == {"done"}
