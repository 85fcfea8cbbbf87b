"""Transfers, blocked members and notices through the client: what is sent, what comes back, what is never repeated."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Office, PassingClock
from tests.api.documented import CUSTOMER, FROM_NOW_ON, MEMBER, OTHER_CUSTOMER, THIRD_CUSTOMER, Replay
from wecrm.api import contacts, groups, members, notices, transfers
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import GETTOKEN, Endpoint
from wecrm.errors import ApiError, ConfigError, Exit, UnansweredError
from wecrm.models.clock import Run
from wecrm.models.transfer import FINISHED, KINDS, MEANINGS, WAITING, GroupFailure, Kind, Submitted, TransferRow
from wecrm.sandbox import control
from wecrm.sandbox.identity import AGENTIDS, SECRETS

BO = "bo.tan"
CHATS = ["wrGOLDENgroup0001", "wrGOLDENgroup0002"]


@pytest.fixture
def replay() -> Replay:
    return Replay()


def connected(app: Any, cache: Path, agentid: int | None = None) -> Client:
    secrets = {"contact": "c", "directory": "d"}
    return Client(Settings("wwgolden000000001", secrets, cache, agentid), Run(PassingClock()), app)


@pytest.fixture
def client(replay: Replay, tmp_path: Path) -> Iterator[Client]:
    client = connected(replay, tmp_path)
    yield client
    client.close()


def body(replay: Replay, endpoint: Endpoint) -> dict[str, Any]:
    (request,) = replay.asked(endpoint)
    return request["body"]  # type: ignore[no-any-return]


def refused(errcode: int) -> dict[str, Any]:
    return {"errcode": errcode, "errmsg": "refused"}


# -- customers


@pytest.mark.parametrize("kind", KINDS)
def test_a_transfer_without_words_of_its_own_sends_no_message(client: Client, replay: Replay, kind: Kind) -> None:
    transfers.submit(client, kind, MEMBER, BO, [CUSTOMER])
    sent = {"handover_userid": MEMBER, "takeover_userid": BO, "external_userid": [CUSTOMER]}
    assert body(replay, transfers.SUBMIT[kind]) == sent


def test_a_message_for_a_resigned_transfer_is_refused_before_anything_is_sent(client: Client, replay: Replay) -> None:
    with pytest.raises(ValueError, match="no message"):
        transfers.submit(client, "resigned", MEMBER, BO, [CUSTOMER], FROM_NOW_ON)
    assert replay.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_customer_whom_the_answer_leaves_out_is_left_out_and_not_called_good(
    client: Client, replay: Replay, kind: Kind
) -> None:
    told = {"errcode": 0, "customer": [{"external_userid": OTHER_CUSTOMER, "errcode": "40129"}]}
    replay.answers = {transfers.SUBMIT[kind].path: [told, {"errcode": 0}]}
    sent = [CUSTOMER, OTHER_CUSTOMER]
    assert transfers.submit(client, kind, MEMBER, BO, sent) == (Submitted(OTHER_CUSTOMER, 40129),)
    assert transfers.submit(client, kind, MEMBER, BO, sent) == ()


def test_an_answer_without_an_errcode_for_a_customer_is_no_answer(client: Client, replay: Replay) -> None:
    replay.answers = {transfers.ONJOB.path: [{"errcode": 0, "customer": [{"external_userid": CUSTOMER}]}]}
    with pytest.raises(UnansweredError):
        transfers.submit(client, "onjob", MEMBER, BO, [CUSTOMER])


@pytest.mark.parametrize("errcode", [40097, 40099, 40128, 40130, 40131])
def test_a_refusal_of_the_whole_call_is_an_error_and_no_outcome(client: Client, replay: Replay, errcode: int) -> None:
    replay.answers = {transfers.RESIGNED.path: [refused(errcode)]}
    with pytest.raises(ApiError) as caught:
        transfers.submit(client, "resigned", MEMBER, BO, [CUSTOMER])
    assert caught.value.errcode == errcode


@pytest.mark.parametrize("kind", KINDS)
def test_results_are_read_to_the_last_page_with_every_attempt(client: Client, replay: Replay, kind: Kind) -> None:
    path = transfers.RESULT[kind].path
    first = [{"external_userid": CUSTOMER, "status": 3, "takeover_time": 0}]
    last = [{"external_userid": CUSTOMER, "status": 2, "takeover_time": 9}, {"external_userid": "wm3", "status": 77}]
    replay.answers = {
        path: [
            {"errcode": 0, "customer": first, "next_cursor": "more"},
            {"errcode": 0, "customer": [], "next_cursor": "on"},
            {"errcode": 0, "customer": last},
        ]
    }
    rows = list(transfers.results(client, kind, MEMBER, BO))
    assert rows == [TransferRow(CUSTOMER, 3), TransferRow(CUSTOMER, 2, 9), TransferRow("wm3", 77)]
    asked = [request["body"] for request in replay.asked(transfers.RESULT[kind])]
    pair = {"handover_userid": MEMBER, "takeover_userid": BO}
    assert asked == [{**pair, "cursor": cursor} for cursor in ("", "more", "on")]


def test_every_documented_status_means_something() -> None:
    assert sorted(MEANINGS) == [1, 2, 3, 4, 5]
    assert "deleted" in MEANINGS[3]  # nobody need have refused


def test_who_waits_for_a_new_member_is_read_to_the_last_page(client: Client, replay: Replay) -> None:
    row = {"handover_userid": MEMBER, "external_userid": CUSTOMER, "dimission_time": 1}
    pages = [
        {"errcode": 0, "info": [row], "is_last": False, "next_cursor": "more"},
        {"errcode": 0, "info": [{**row, "external_userid": THIRD_CUSTOMER}], "is_last": True, "next_cursor": ""},
    ]
    replay.answers = {transfers.UNASSIGNED.path: pages}
    assert [row.external_userid for row in transfers.unassigned(client)] == [CUSTOMER, THIRD_CUSTOMER]
    assert [request["body"] for request in replay.asked(transfers.UNASSIGNED)] == [
        {"page_size": 1000, "cursor": ""},
        {"page_size": 1000, "cursor": "more"},
    ]


# -- groups


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("told", [{}, {"failed_chat_list": []}], ids=["absent", "empty"])
def test_no_list_of_failures_means_that_all_groups_moved(
    client: Client, replay: Replay, kind: Kind, told: dict[str, Any]
) -> None:
    replay.answers = {transfers.GROUPS[kind].path: [{"errcode": 0, **told}]}
    assert transfers.move_groups(client, kind, CHATS, BO) == ()


def test_a_group_that_did_not_move_comes_with_its_reason(client: Client, replay: Replay) -> None:
    told = {"errcode": 0, "failed_chat_list": [{"chat_id": CHATS[1], "errcode": 90504, "errmsg": "owner unchanged"}]}
    replay.answers = {transfers.RESIGNED_GROUPS.path: [told]}
    assert transfers.move_groups(client, "resigned", CHATS, BO) == (GroupFailure(CHATS[1], 90504, "owner unchanged"),)


# -- members


def test_members_are_changed_with_the_secret_of_contact_sync(client: Client, replay: Replay) -> None:
    members.disable(client, MEMBER)
    members.enable(client, MEMBER)
    members.delete(client, MEMBER)
    assert [request["body"] for request in replay.asked(members.UPDATE)] == [
        {"userid": MEMBER, "enable": 0},
        {"userid": MEMBER, "enable": 1},
    ]
    assert [request["query"]["corpsecret"] for request in replay.asked(GETTOKEN)] == ["d"]


@pytest.mark.parametrize("errcode", [48009, 48002])
def test_a_member_is_read_by_the_app_where_contact_sync_may_not(client: Client, replay: Replay, errcode: int) -> None:
    replay.answers = {members.MEMBER.path: [refused(errcode)]}
    assert members.get(client, MEMBER).status == 2
    assert [request["query"]["corpsecret"] for request in replay.asked(GETTOKEN)] == ["d", "c"]


def test_a_member_who_is_unknown_to_contact_sync_is_not_looked_for_elsewhere(client: Client, replay: Replay) -> None:
    replay.answers = {members.MEMBER.path: [refused(60111)]}
    with pytest.raises(ApiError) as caught:
        members.get(client, MEMBER)
    assert caught.value.errcode == 60111
    assert len(replay.asked(members.MEMBER)) == 1


@pytest.mark.parametrize("call", [members.disable, members.enable, members.delete])
def test_an_app_that_may_not_change_members_is_told_whose_secret_may(
    client: Client, replay: Replay, call: Callable[[Client, str], None]
) -> None:
    replay.answers = {endpoint.path: [refused(48002)] for endpoint in (members.UPDATE, members.DELETE)}
    with pytest.raises(ApiError) as caught:
        call(client, MEMBER)
    assert caught.value.code is Exit.refused
    assert "通讯录同步" in caught.value.why
    assert "secrets: directory:" in caught.value.fix


# -- notices


def test_a_notice_tells_who_does_not_get_it_in_the_spelling_of_the_request(client: Client, replay: Replay) -> None:
    told = {"errcode": 0, "msgid": "m1", "invaliduser": "an.lu|nobody", "unlicenseduser": "bo.tan"}
    replay.answers = {notices.SEND.path: [told, {"errcode": 0, "msgid": "m2"}]}
    sent = notices.send(client, 1000002, ["An.Lu", "Bo.Tan", "cai"], "您好")
    assert sent == notices.Sent("m1", invalid=("An.Lu", "nobody"), unlicensed=("Bo.Tan",))
    assert notices.send(client, 1000002, ["cai"], "您好") == notices.Sent("m2")


@pytest.mark.parametrize("userids", [[], ["@all"], ["an.lu", "@ALL"], ["an.lu|bo.tan"]], ids=str)
def test_a_notice_can_not_reach_others_than_the_members_it_names(
    client: Client, replay: Replay, userids: list[str]
) -> None:
    with pytest.raises(ValueError, match="not a list of members"):
        notices.send(client, 1000002, userids, "您好")
    assert replay.requests == []


def test_a_profile_that_names_no_app_can_not_send_notices(client: Client, replay: Replay, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        notices.sender(client)
    assert "AgentId" in caught.value.fix
    named = connected(replay, tmp_path, 1000002)
    assert notices.sender(named) == 1000002
    named.close()


# -- what is never sent twice


ONCE: dict[str, tuple[Endpoint, Callable[[Client], object]]] = {
    "onjob": (transfers.ONJOB, lambda c: transfers.submit(c, "onjob", MEMBER, BO, [CUSTOMER])),
    "resigned": (transfers.RESIGNED, lambda c: transfers.submit(c, "resigned", MEMBER, BO, [CUSTOMER])),
    "onjob groups": (transfers.ONJOB_GROUPS, lambda c: transfers.move_groups(c, "onjob", CHATS, BO)),
    "resigned groups": (transfers.RESIGNED_GROUPS, lambda c: transfers.move_groups(c, "resigned", CHATS, BO)),
    "delete": (members.DELETE, lambda c: members.delete(c, MEMBER)),
    "notice": (notices.SEND, lambda c: notices.send(c, 1000002, [MEMBER], "您好")),
}


@pytest.mark.parametrize("what", ONCE)
def test_a_busy_server_does_not_make_the_client_repeat_what_counts(client: Client, replay: Replay, what: str) -> None:
    endpoint, call = ONCE[what]
    replay.answers = {endpoint.path: [refused(-1)]}
    with pytest.raises(UnansweredError):
        call(client)
    assert len(replay.asked(endpoint)) == 1


@pytest.mark.parametrize("what", ONCE)
def test_a_lost_answer_is_unanswered_and_the_call_was_sent_once(replay: Replay, tmp_path: Path, what: str) -> None:
    endpoint, call = ONCE[what]

    def losing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        answer = replay(environ, start_response)
        if environ["PATH_INFO"] == endpoint.path:
            raise ConnectionResetError
        return answer

    client = connected(losing, tmp_path)
    with pytest.raises(UnansweredError):
        call(client)
    assert len(replay.asked(endpoint)) == 1
    client.close()


def test_blocking_a_member_is_simply_tried_again(client: Client, replay: Replay) -> None:
    replay.answers = {members.UPDATE.path: [refused(-1)]}
    members.disable(client, MEMBER)
    assert len(replay.asked(members.UPDATE)) == 2


# -- against the sandbox, an independent reading of the same pages


DAY_S = 86_400


def giver_and_taker(client: Client) -> tuple[str, str, list[str]]:
    """The member with the most customers, another one without any of them, and some of those customers."""
    customers = {userid: contacts.external_userids(client, userid) for userid in contacts.follow_users(client)}
    giver = max(customers, key=lambda userid: len(customers[userid]))
    taker = next(userid for userid, theirs in customers.items() if not set(theirs) & set(customers[giver]))
    return giver, taker, list(customers[giver][:3])


def test_an_on_job_transfer_waits_for_a_day_and_is_then_finished(office: Office) -> None:
    client = office.client()
    giver, taker, some = giver_and_taker(client)
    begun = transfers.submit(client, "onjob", giver, taker, [*some, "wmNobody"], FROM_NOW_ON)
    assert begun == (*(Submitted(customer, 0) for customer in some), Submitted("wmNobody", 40096))
    assert {row.errcode for row in transfers.submit(client, "onjob", giver, taker, some)} == {40129}
    waiting = list(transfers.results(client, "onjob", giver, taker))
    assert {row.external_userid: row.status for row in waiting} == dict.fromkeys(some, WAITING)
    now = client.run.clock.now()
    assert all(now < row.takeover_time <= now + DAY_S for row in waiting)
    client.run.clock.sleep(DAY_S)
    done = list(transfers.results(client, "onjob", giver, taker))
    assert {row.external_userid: row.status for row in done} == dict.fromkeys(some, FINISHED)
    assert set(some) <= set(contacts.external_userids(client, taker))
    assert not set(some) & set(contacts.external_userids(client, giver))


def test_the_customers_of_a_deleted_member_wait_until_they_are_assigned(office: Office) -> None:
    client = office.client()
    giver, taker, some = giver_and_taker(client)
    theirs = set(contacts.external_userids(client, giver))
    with pytest.raises(ApiError) as caught:
        transfers.submit(client, "resigned", giver, taker, some)
    assert caught.value.errcode == 40097
    members.delete(client, giver)
    waiting = [row for row in transfers.unassigned(client) if row.handover_userid == giver]
    assert {row.external_userid for row in waiting} == theirs
    assert transfers.submit(client, "resigned", giver, taker, some) == tuple(Submitted(each, 0) for each in some)
    left = {row.external_userid for row in transfers.unassigned(client) if row.handover_userid == giver}
    assert left == theirs - set(some)
    assert {row.external_userid for row in transfers.results(client, "resigned", giver, taker)} == set(some)
    assert list(transfers.results(client, "onjob", giver, taker)) == []


@pytest.mark.parametrize("no_failures", ["empty", "absent"])
def test_a_group_moves_at_once_and_a_second_call_is_refused(office: Office, no_failures: str) -> None:
    control.set_switch(office.world, "no_failures", no_failures)
    client = office.client()
    chat_id = next(group.chat_id for group in groups.statuses(client))
    owner = groups.get(client, chat_id)[0].owner
    new = next(userid for userid in contacts.follow_users(client) if userid != owner)
    (failure,) = transfers.move_groups(client, "resigned", [chat_id], new)
    assert (failure.chat_id, failure.errcode) == (chat_id, 90500)
    assert transfers.move_groups(client, "onjob", [chat_id], new) == ()
    assert groups.get(client, chat_id)[0].owner == new
    (failure,) = transfers.move_groups(client, "onjob", [chat_id], new)
    assert failure.errcode == 90504


def test_a_group_of_a_deleted_owner_takes_the_other_call(office: Office) -> None:
    client = office.client()
    chat_id = next(group.chat_id for group in groups.statuses(client))
    owner = groups.get(client, chat_id)[0].owner
    new = next(userid for userid in contacts.follow_users(client) if userid != owner)
    members.delete(client, owner)
    assert [group.status for group in groups.statuses(client) if group.chat_id == chat_id] == [1]
    (failure,) = transfers.move_groups(client, "onjob", [chat_id], new)
    assert failure.errcode == 90502
    assert transfers.move_groups(client, "resigned", [chat_id], new) == ()
    assert groups.get(client, chat_id)[0].owner == new


def test_a_member_is_blocked_let_in_again_and_deleted(office: Office) -> None:
    client = office.client()
    userid = contacts.follow_users(client)[0]
    members.disable(client, userid)
    members.disable(client, userid)
    assert members.get(client, userid).status == 2
    members.enable(client, userid)
    assert members.get(client, userid).status == 1
    members.delete(client, userid)
    assert userid not in {member.userid for member in members.member_ids(client)}
    for call in (members.get, members.delete, members.disable):
        with pytest.raises(ApiError) as caught:
            call(client, userid)
        assert caught.value.errcode in (60111, 40003)


def test_the_app_of_customer_contact_may_not_delete_members(office: Office) -> None:
    client = office.client(secrets={"contact": SECRETS["contact"]})
    userid = contacts.follow_users(client)[0]
    with pytest.raises(ApiError) as caught:
        members.delete(client, userid)
    assert caught.value.errcode == 48002
    assert members.get(client, userid).status == 1


def test_a_notice_reaches_members_and_names_those_it_does_not(office: Office) -> None:
    client = office.client(agentid=AGENTIDS["contact"])
    one, two = contacts.follow_users(client)[:2]
    sent = notices.send(client, notices.sender(client), [one, two, "Nobody.Here"], "今天有 3 位客户等您确认")
    assert sent.msgid
    assert sent.invalid == ("Nobody.Here",)
    with pytest.raises(ApiError) as caught:
        notices.send(client, notices.sender(client), ["Nobody.Here"], "您好")
    assert caught.value.errcode == 81013
    with pytest.raises(ApiError) as caught:
        notices.send(client, AGENTIDS["second"], [one], "您好")
    assert caught.value.errcode == 301002
