"""The client on the sandbox: tokens, repeats, waits, unread answers, dry runs, and what is never logged."""

import json
import logging
import stat
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Office
from wecrm.api import client as client_module
from wecrm.api import contacts, endpoints, groups, statistics, tags
from wecrm.api.answers import Envelope
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import Endpoint
from wecrm.errors import (
    ApiError,
    ConfigError,
    Exit,
    InterruptedRun,
    SafetyError,
    TemporaryError,
    UnansweredError,
    WecrmError,
)
from wecrm.models.clock import Run
from wecrm.models.contact import Relation
from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.routes import ROUTES

TOKEN = "/cgi-bin/gettoken"


def first(office: Office) -> control.Relation:
    return next(control.truth(office.world))


def tag_ids(office: Office) -> list[str]:
    return [tag.id for group in tags.library(office.client()) for tag in group.tag]


# -- tokens


def test_two_clients_share_one_token(office: Office) -> None:
    assert contacts.follow_users(office.client()) == contacts.follow_users(office.client())
    assert len(office.calls("gettoken")) == 1


def test_each_secret_has_a_token_of_its_own_in_a_file_for_this_user_alone(office: Office) -> None:
    client = office.client()
    client.check_token("contact")
    client.check_token("directory")
    files = list(office.cache.glob("token-*.json"))
    assert len(files) == len(office.calls("gettoken")) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert not any(SECRETS["contact"] in path.read_text() + path.name for path in files)


@pytest.mark.parametrize("kind", ["42001", "40014"])
def test_an_ended_token_is_renewed_once_and_the_call_repeated_once(office: Office, kind: str) -> None:
    client = office.client()
    contacts.follow_users(client)
    control.add_fault(office.world, kind=kind, path="get_follow_user_list")
    assert contacts.follow_users(client)
    assert [call.errcode for call in office.calls("get_follow_user_list")] == [0, int(kind), 0]
    assert len(office.calls("gettoken")) == 2


@pytest.mark.parametrize("kind", ["42001", "40014"])
def test_a_token_that_is_refused_again_ends_the_call_and_is_no_loop(office: Office, kind: str) -> None:
    control.add_fault(office.world, kind=kind, path="get_follow_user_list", times=50)
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(office.client())
    assert (caught.value.errcode, caught.value.code) == (int(kind), Exit.config)
    assert len(office.calls("get_follow_user_list")) == 2
    assert len(office.calls("gettoken")) == 2


def test_a_token_that_another_process_renewed_is_taken_over(office: Office) -> None:
    here, there = office.client(), office.client()
    contacts.follow_users(here)
    contacts.follow_users(there)
    control.end_tokens(office.world)
    contacts.follow_users(there)
    contacts.follow_users(here)
    assert len(office.calls("gettoken")) == 2


def test_a_token_is_not_used_in_its_last_five_minutes(office: Office) -> None:
    client = office.client()
    contacts.follow_users(client)
    control.advance(office.world, 7200 - 299)
    contacts.follow_users(client)
    assert len(office.calls("gettoken")) == 2
    assert [call.errcode for call in office.calls("get_follow_user_list")] == [0, 0]


def test_a_token_granted_again_near_its_end_is_not_asked_for_with_every_call(office: Office) -> None:
    client = office.client()
    client.check_token("contact")
    control.advance(office.world, 7200 - 280)
    for _call in range(50):
        client.check_token("contact")
    assert len(office.calls("gettoken")) == 2


def test_a_wrong_secret_is_asked_once_and_remembered(office: Office) -> None:
    for _run in range(3):
        client = office.client(secrets={"contact": "not-the-secret"})
        with pytest.raises(ApiError) as caught:
            contacts.follow_users(client)
        assert (caught.value.errcode, caught.value.code) == (40001, Exit.config)
    assert len(office.calls("gettoken")) == 1
    assert "--retry-secrets" in caught.value.fix


def test_a_remembered_refusal_ends_with_another_secret_or_on_demand(office: Office) -> None:
    with pytest.raises(ApiError):
        office.client(secrets={"contact": "new-secret"}).check_token("contact")
    office.client().check_token("contact")
    control.change_secret(office.world, "contact", "new-secret")
    client = office.client(secrets={"contact": "new-secret"})
    with pytest.raises(ApiError):
        client.check_token("contact")
    client.forget_refusals()
    client.check_token("contact")
    assert [call.errcode for call in office.calls("gettoken")] == [40001, 0, 0]


def test_a_missing_secret_is_told_without_a_call(office: Office) -> None:
    with pytest.raises(ConfigError, match="no secret for contact"):
        contacts.follow_users(office.client(secrets={}))
    assert office.calls("gettoken") == []


def test_an_untrusted_ip_is_told_with_the_ip_that_wecom_saw(office: Office) -> None:
    control.set_trusted_ips(office.world, ["203.0.113.7"])
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(office.client())
    assert (caught.value.errcode, caught.value.code) == (60020, Exit.config)
    assert "127.0.0.1" in caught.value.why
    assert len(office.calls("gettoken")) == 1


# -- repeats and waits


def test_a_busy_server_is_asked_again_three_times_at_most(office: Office) -> None:
    client = office.client()
    control.add_fault(office.world, kind="-1", path="get_follow_user_list", times=3)
    assert contacts.follow_users(client)
    control.add_fault(office.world, kind="-1", path="get_follow_user_list", times=9)
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(client)
    assert caught.value.code is Exit.temporary
    assert [call.errcode for call in office.calls("get_follow_user_list")] == [-1, -1, -1, 0, -1, -1, -1, -1]


def test_a_call_limit_is_waited_out_on_the_worlds_clock_and_the_call_goes_on(office: Office) -> None:
    client = office.client()
    control.set_limits(office.world, per_minute=2)
    for _call in range(5):
        contacts.follow_users(client)
    calls = office.calls("get_follow_user_list")
    assert [call.errcode for call in calls] == [0, 0, 45009, 0, 0, 45009, 0]
    gaps = [later.at - earlier.at for earlier, later in pairwise(calls)]
    assert [round(gap) >= 60 for gap in gaps] == [False, False, True, False, False, True]


def test_a_block_keeps_every_client_of_the_corp_from_calling(office: Office) -> None:
    control.add_fault(office.world, kind="45009", path="get_follow_user_list")
    here, there = office.client(), office.client(patient=False)
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(there)
    assert caught.value.code is Exit.temporary
    began = office.world.now()
    control.add_fault(office.world, kind="45009", path="get_follow_user_list")
    contacts.follow_users(here)
    contacts.follow_users(there)
    assert office.world.now() - began >= 60
    assert [call.errcode for call in office.calls("get_follow_user_list")] == [45009, 45009, 0, 0]


def test_a_lasting_block_ends_the_call_after_an_hour(office: Office) -> None:
    control.add_fault(office.world, kind="45009", path="get_follow_user_list", times=9)
    began = office.world.now()
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(office.client())
    assert caught.value.code is Exit.temporary
    assert 3720 <= office.world.now() - began < 3800
    assert len(office.calls("get_follow_user_list")) == 4


def test_a_stop_is_heard_while_a_block_is_waited_out(office: Office) -> None:
    began = office.world.now()

    def stop() -> WecrmError | None:
        return InterruptedRun("stopped") if office.world.now() > began + 5 else None

    control.add_fault(office.world, kind="45009", path="get_follow_user_list")
    with pytest.raises(InterruptedRun):
        contacts.follow_users(office.client(stop))
    assert office.world.now() < began + 10


def test_too_many_at_once_halves_what_is_in_flight(office: Office) -> None:
    client = office.client(parallel=4, parallel_max=6)
    gate = client._gate(contacts.FOLLOW_USERS.path)
    assert gate.limit == 4
    control.add_fault(office.world, kind="45033", path="get_follow_user_list", times=2)
    contacts.follow_users(client)
    assert gate.limit == 1
    for _call in range(6 * gate.CALM):
        gate.calm()
    assert gate.limit == 6


# -- answers that can't be read


@pytest.mark.parametrize("kind", ["http502", "cut", "garbage", "wrong_type", "close", "slow"])
def test_a_read_without_a_readable_answer_is_asked_again(office: Office, kind: str) -> None:
    client = office.client()
    control.add_fault(office.world, kind=kind, path="get_follow_user_list")
    assert contacts.follow_users(client)
    assert len(office.calls("get_follow_user_list")) == 2


@pytest.mark.parametrize("kind", ["http502", "cut", "garbage", "wrong_type", "close", "slow"])
def test_a_read_that_never_gets_an_answer_is_a_temporary_error_that_says_so(office: Office, kind: str) -> None:
    control.add_fault(office.world, kind=kind, path="get_follow_user_list", times=9)
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(office.client())
    assert caught.value.code is Exit.temporary
    assert "no answer" in caught.value.what
    assert len(office.calls("get_follow_user_list")) == 4


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["http502", "cut", "garbage", "close", "slow"])
def test_a_write_without_a_readable_answer_is_not_repeated(office: Office, kind: str, when: str) -> None:
    client, relation, tag = office.client(), first(office), tag_ids(office)[0]
    control.add_fault(office.world, kind=kind, path="mark_tag", when=when)
    with pytest.raises(UnansweredError) as caught:
        tags.mark(client, relation.userid, relation.external_userid, [tag], [])
    assert caught.value.code is Exit.temporary
    calls = office.calls("mark_tag")
    assert [call.applied for call in calls] == [when == "after"]


def test_a_write_whose_answer_lacks_what_it_made_is_unanswered(office: Office) -> None:
    control.add_fault(office.world, kind="wrong_type", path="add_corp_tag")
    with pytest.raises(UnansweredError):
        tags.add(office.client(), "新组", "新标签")
    assert len(office.calls("add_corp_tag")) == 1


def test_a_write_that_may_be_repeated_is_repeated_when_wecom_is_busy(office: Office) -> None:
    client, relation, tag = office.client(), first(office), tag_ids(office)[0]
    control.add_fault(office.world, kind="-1", path="mark_tag", times=2)
    tags.mark(client, relation.userid, relation.external_userid, [tag], [])
    assert [call.errcode for call in office.calls("mark_tag")] == [-1, -1, 0]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_that_makes_something_is_never_repeated_unread(office: Office, when: str) -> None:
    control.add_fault(office.world, kind="-1", path="add_corp_tag", when=when)
    with pytest.raises(UnansweredError):
        tags.add(office.client(), "新组", "新标签")
    assert len(office.calls("add_corp_tag")) == 1


def answering(tmp_path: Path, *answers: bytes) -> Client:
    """A client of a WeCom that grants a token and then sends these bodies, the last one for ever."""
    left = list(answers)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        if environ["PATH_INFO"] == TOKEN:
            return [b'{"errcode":0,"errmsg":"ok","access_token":"t","expires_in":7200}']
        return [left.pop(0) if len(left) > 1 else left[0]]

    class Clock:
        time = 1_793_494_800.0

        def now(self) -> float:
            return self.time

        def sleep(self, seconds: float) -> None:
            self.time += seconds

    return Client(Settings(CORP_ID, {"contact": "s"}, tmp_path / "cache"), Run(Clock()), app)


REFUSED = b'{"errcode":40001,"errmsg":"invalid credential"}'


def test_40001_to_a_token_of_a_good_secret_renews_it_and_the_call_is_repeated(tmp_path: Path) -> None:
    client = answering(tmp_path, REFUSED, b'{"errcode":0,"follow_user":["an.lu"]}')
    assert contacts.follow_users(client) == ("an.lu",)
    client.close()
    assert (client.sent[TOKEN], client.sent[contacts.FOLLOW_USERS.path]) == (2, 2)


def test_40001_to_the_renewed_token_ends_the_call_and_is_no_loop(tmp_path: Path) -> None:
    client = answering(tmp_path, REFUSED)
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(client)
    client.close()
    assert (caught.value.errcode, caught.value.code) == (40001, Exit.config)
    assert (client.sent[TOKEN], client.sent[contacts.FOLLOW_USERS.path]) == (2, 2)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"", b'{"errcode":null}', b'{"follow_user":[]}', b"[" * 5000, b"<html>"]
)
def test_json_without_an_errcode_is_no_answer_and_no_empty_list(tmp_path: Path, body: bytes) -> None:
    client = answering(tmp_path, body)
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(client)
    client.close()
    assert (caught.value.errcode, caught.value.code) == (-1, Exit.temporary)


@pytest.mark.parametrize(
    "name", [b"A\x1b[31mB\x07", b"A\nB\tC", b"half \\ud83d pair", b"bad \xff byte", b"nul \\u0000 nul"]
)
def test_names_with_broken_characters_keep_their_relation(tmp_path: Path, name: bytes) -> None:
    body = (
        b'{"errcode":0,"errmsg":"ok","external_contact_list":[{"external_contact":{"external_userid":"wm1","name":"'
        + name
        + b'","type":1},"follow_info":{"userid":"an.lu","createtime":1760000000,"remark":"'
        + name
        + b'"}}],"next_cursor":""}'
    )
    client = answering(tmp_path, body)
    ((relation,),) = contacts.batch_get(client, ["an.lu"])
    client.close()
    assert isinstance(relation, Relation)
    assert relation.key == ("an.lu", "wm1")
    assert relation.contact.name
    relation.contact.name.encode("utf-8")


def test_raw_control_characters_of_the_platform_lose_no_relation(office: Office) -> None:
    client = office.client()
    followers = contacts.follow_users(client)
    before = [r for page in contacts.batch_get(client, followers) for r in page]
    control.set_switch(office.world, "raw_controls", True)
    after = [r for page in contacts.batch_get(client, followers) for r in page]
    assert all(isinstance(relation, Relation) for relation in after)
    assert [r.key for r in after] == [r.key for r in before]  # type: ignore[union-attr]
    assert [r.contact.name for r in after] == [r.contact.name for r in before]  # type: ignore[union-attr]


def test_later_pages_may_leave_the_customer_out(tmp_path: Path) -> None:
    client = answering(
        tmp_path,
        b'{"errcode":0,"external_contact":{"external_userid":"wm1","name":"A"},'
        b'"follow_user":[{"userid":"an.lu","createtime":1}],"next_cursor":"c2"}',
        b'{"errcode":0,"follow_user":[{"userid":"bo.tan","createtime":2}]}',
    )
    found = contacts.get(client, "wm1")
    client.close()
    assert [r.key for r in found] == [("an.lu", "wm1"), ("bo.tan", "wm1")]  # type: ignore[union-attr]


def test_numbers_where_text_is_documented_are_read_as_text(tmp_path: Path) -> None:
    client = answering(
        tmp_path,
        b'{"errcode":"0","external_contact":{"external_userid":"wm1","name":12,"type":"1"},'
        b'"follow_user":[{"userid":7,"createtime":"1760000000","add_way":"16"}]}',
    )
    (relation,) = contacts.get(client, "wm1")
    client.close()
    assert isinstance(relation, Relation)
    assert (relation.contact.name, relation.contact.type) == ("12", 1)
    assert (relation.follow.userid, relation.follow.createtime, relation.follow.add_way) == ("7", 1760000000, 16)


# -- pages


def test_a_page_by_number_that_comes_again_is_an_error_and_no_endless_loop(tmp_path: Path) -> None:
    page = b'{"errcode":0,"errmsg":"ok","total":9,"items":[{"owner":"an.lu","data":{}}]}'
    client = answering(tmp_path, page, page, b'{"errcode":0,"errmsg":"ok","total":9,"items":[]}')
    with pytest.raises(TemporaryError, match="same page twice"):
        statistics.groups(client, ["an.lu"], 1_793_494_800)
    client.close()


@pytest.mark.parametrize("listing", ["batch", "groups", "get"])
def test_a_cursor_that_comes_again_is_an_error_and_no_endless_loop(tmp_path: Path, listing: str) -> None:
    client = answering(
        tmp_path,
        b'{"errcode":0,"errmsg":"ok","next_cursor":"again","external_contact":{"external_userid":"wm1"}}',
    )
    ask = {
        "batch": lambda: list(contacts.batch_get(client, ["an.lu"])),
        "groups": lambda: list(groups.statuses(client)),
        "get": lambda: contacts.get(client, "wm1"),
    }
    with pytest.raises(TemporaryError, match="same page cursor twice"):
        ask[listing]()
    client.close()


@pytest.mark.parametrize("last", ["empty", "absent"])
@pytest.mark.parametrize("short", [False, True])
def test_a_listing_ends_with_its_cursor_and_not_at_a_short_page(office: Office, last: str, short: bool) -> None:
    control.set_switch(office.world, "last_cursor", last)
    control.set_switch(office.world, "short_pages", short)
    client = office.client()
    pages = list(contacts.batch_get(client, contacts.follow_users(client)))
    followed = {userid.lower() for userid in contacts.follow_users(client)}
    truth = {(r.userid, r.external_userid) for r in control.truth(office.world) if r.userid.lower() in followed}
    assert {r.key for page in pages for r in page} == truth  # type: ignore[union-attr]


def test_a_member_without_customers_has_an_empty_list(office: Office) -> None:
    relation = first(office)
    for each in list(control.truth(office.world)):
        if each.userid == relation.userid:
            control.delete_relation(office.world, each.userid, each.external_userid)
    assert contacts.external_userids(office.client(), relation.userid) == ()


# -- what errors say


def test_the_hint_is_kept_for_wecoms_support(office: Office) -> None:
    with pytest.raises(ApiError) as caught:
        tags.mark(office.client(), first(office).userid, "wmNOBODY", [tag_ids(office)[0]], [])
    error = caught.value
    assert error.path == "/cgi-bin/externalcontact/mark_tag"
    assert error.hint.count("_") == 2
    assert "hint" not in error.errmsg
    assert "from ip" not in error.errmsg


def test_an_unknown_errcode_is_told_and_not_repeated(tmp_path: Path) -> None:
    client = answering(tmp_path, b'{"errcode":987654,"errmsg":"something new, hint: [1_2_3], from ip: 203.0.113.5"}')
    with pytest.raises(ApiError) as caught:
        contacts.follow_users(client)
    assert client.sent[contacts.FOLLOW_USERS.path] == 1
    client.close()
    assert (caught.value.errcode, caught.value.errmsg, caught.value.hint) == (987654, "something new", "1_2_3")


@pytest.mark.parametrize("proxy", ["not a proxy", "ftp://127.0.0.1:1"])
def test_a_proxy_that_can_not_be_used_is_a_mistake_of_the_configuration(tmp_path: Path, proxy: str) -> None:
    settings = Settings(CORP_ID, {"contact": "s"}, tmp_path, proxy=proxy)
    with pytest.raises(ConfigError, match="proxy"):
        Client(settings, Run(answering(tmp_path, b"{}").run.clock))


def test_a_cache_folder_that_is_a_file_is_a_mistake_of_the_configuration(office: Office) -> None:
    office.cache.write_text("")
    with pytest.raises(ConfigError, match="cache folder"):
        office.client()


# -- dry run


WRITES = [endpoint for endpoint in endpoints.ALL if endpoint.effect != "read"]
NEVER_CALLED = {
    "/cgi-bin/externalcontact/close_temp_chat",  # ends a customer's conversation
    "/cgi-bin/externalcontact/send_welcome_msg",  # wants a code that lives 20 seconds, from a callback
}
"""Writes of the sandbox, for programs that are tested on it."""


@pytest.mark.parametrize("endpoint", WRITES, ids=lambda endpoint: endpoint.name)
def test_a_dry_run_refuses_whatever_does_not_just_read(office: Office, endpoint: Endpoint) -> None:
    client = office.client(dry_run=True)
    with pytest.raises(SafetyError):
        client.call(endpoint, Envelope, body={})
    assert list(control.calls(office.world)) == []


def test_everything_that_the_sandbox_carries_out_counts_as_writing() -> None:
    writes = {path for path, route in ROUTES.items() if route.writes}
    assert {endpoint.path for endpoint in WRITES} == writes - NEVER_CALLED
    assert writes >= NEVER_CALLED


def test_a_dry_run_reads(office: Office) -> None:
    assert contacts.follow_users(office.client(dry_run=True))


# -- through the command line


def test_several_commands_ask_for_each_token_once(wecrm: Any) -> None:
    assert wecrm("sync", "members").code == 0
    assert wecrm("sync", "tags").code == 0
    assert wecrm("doctor", "-f", "json").code == 0
    with wecrm.world() as world:
        # contact, directory, archive, and once more by the archive's library, which keeps no token
        assert len(list(control.calls(world, path="gettoken"))) == 4


def test_a_secret_that_was_reset_stops_every_later_command_without_asking_again(wecrm: Any) -> None:
    with wecrm.world() as world:
        control.change_secret(world, "contact", "another-secret")
        control.change_secret(world, "directory", "another-secret-too")
    for _run in range(3):
        result = wecrm("sync", "tags")
        assert result.code == 4
        assert "40001" in result.err
    with wecrm.world() as world:
        assert [call.errcode for call in control.calls(world, path="gettoken")] == [40001]


def test_no_secret_and_no_token_is_ever_logged(wecrm: Any, tmp_path: Path) -> None:
    with wecrm.world() as world:
        control.add_fault(world, kind="42001", path="get_corp_tag_list")
        control.add_fault(world, kind="close", path="get_follow_user_list")
    log = tmp_path / "all.log"
    results = [wecrm("-vv", "--log-file", str(log), "--debug", *words) for words in (["sync"], ["doctor"])]
    tokens = [json.loads(path.read_text())["token"] for path in (wecrm.home / "cache").rglob("token-*.json")]
    assert len(tokens) == 3
    everything = log.read_text() + "".join(result.out + result.err for result in results)
    assert "get_follow_user_list" in everything
    for hidden in (*tokens, *SECRETS.values(), "access_token=", "corpsecret="):
        assert hidden not in everything


def test_libraries_log_nothing_where_wecrm_logs_everything(wecrm: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert wecrm("-vv", "sync", "tags").code == 0
    assert [record.name for record in caplog.records if record.name.startswith("http")] == []


def test_the_settings_never_show_the_secrets(office: Office) -> None:
    assert SECRETS["contact"] not in repr(office.client().settings)
    assert "secret" not in repr(client_module.Settings(CORP_ID, {"contact": "a-secret"}, office.cache))
