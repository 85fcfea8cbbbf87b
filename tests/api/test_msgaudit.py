"""Consent of many customers, asked for in as many calls as WeCom wants."""

from pathlib import Path

from tests.api.documented import Replay, StillClock
from wecrm.api import msgaudit
from wecrm.api.client import Client, Settings
from wecrm.models.archive import Agreement
from wecrm.models.clock import Run


def test_pairs_are_asked_a_hundred_at_a_time_and_their_order_is_kept(tmp_path: Path) -> None:
    pairs = [("an.lu", f"wmCUSTOMER{n:04}") for n in range(201)]
    told = [
        {"userid": userid, "exteranalopenid": customer, "agree_status": "Agree", "status_change_time": 1}
        for userid, customer in pairs
    ]
    answers = [{"errcode": 0, "errmsg": "ok", "agreeinfo": told[n : n + 100]} for n in (0, 100, 200)]
    replay = Replay({msgaudit.SINGLE_AGREE.path: answers})
    client = Client(Settings("wwgolden000000001", {"archive": "s"}, tmp_path), Run(StillClock()), replay)
    found = msgaudit.check_single_agree(client, pairs)
    client.close()
    assert found == tuple(Agreement(customer, "Agree", 1, userid) for userid, customer in pairs)
    asked = [request["body"]["info"] for request in replay.asked(msgaudit.SINGLE_AGREE)]
    assert [len(info) for info in asked] == [100, 100, 1]
    assert asked[2] == [{"userid": "an.lu", "exteranalopenid": "wmCUSTOMER0200"}]
