"""Tokens, secrets, addresses, permissions, rates."""

import re
import threading
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.app import wsgi
from wecrm.sandbox.identity import SECRETS
from wecrm.sandbox.world import World


def test_the_same_token_is_answered_while_it_is_valid(office: Any) -> None:
    first = office.gettoken()
    assert first["expires_in"] == 7200
    control.advance(office.world, 7000)
    second = office.gettoken()
    assert second["access_token"] == first["access_token"]
    assert 0 < second["expires_in"] <= 200
    control.advance(office.world, 300)
    assert office.gettoken()["access_token"] != first["access_token"]


def test_tokens_of_two_apps_differ(office: Any) -> None:
    assert office.token("contact") != office.token("second")


def test_a_token_survives_in_the_world_file(office: Any) -> None:
    token = office.token()
    other = type(office)(World.open(office.world.db.path))
    assert other.gettoken()["access_token"] == token


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41002),
        ({"corpid": "wwsandbox00000001"}, 41004),
        ({"corpid": "wwsandbox00000001", "corpsecret": "wrong"}, 40001),
        ({"corpid": "ww1", "corpsecret": "sandbox-contact-secret"}, 40013),
    ],
)
def test_gettoken_says_what_is_wrong(office: Any, query: dict[str, str], errcode: int) -> None:
    answer = office.http.get("/cgi-bin/gettoken", params=query)
    assert answer.status_code == 200
    assert answer.json()["errcode"] == errcode


def test_a_refusal_has_a_hint_the_address_and_a_link(office: Any) -> None:
    text = office.gettoken(corpsecret="wrong")["errmsg"]
    assert re.fullmatch(
        r"invalid credential, hint: \[\d+_\d+_[0-9a-f]{32}\], from ip: 127\.0\.0\.1, "
        r"more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=40001",
        text,
    )


def test_wrong_secrets_block_the_address_for_an_hour(office: Any) -> None:
    control.set_limits(office.world, wrong_secrets=3)
    codes = [office.gettoken(corpsecret="wrong")["errcode"] for _ in range(4)]
    assert codes == [40001, 40001, 40001, 45009]
    assert office.gettoken()["errcode"] == 45009
    other = type(office)(office.world, remote_addr="127.0.0.2")
    assert other.gettoken()["errcode"] == 0
    control.advance(office.world, 3600)
    assert office.gettoken()["errcode"] == 0


def test_a_blocked_address_may_be_shut_out_of_everything(office: Any) -> None:
    control.set_switch(office.world, "wrong_secret_blocks", "all")
    control.set_limits(office.world, wrong_secrets=1)
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0
    office.gettoken(corpsecret="wrong")
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 45009


def test_a_missing_unknown_or_expired_token_is_refused(office: Any) -> None:
    path = "/cgi-bin/externalcontact/get_follow_user_list"
    assert office.http.get(path).json()["errcode"] == 41001
    assert office.http.get(path, params={"access_token": "x"}).json()["errcode"] == 40014
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0
    control.advance(office.world, 7200)
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 42001
    control.set_switch(office.world, "token_overlap_s", 300)
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0


def test_a_token_ended_early_is_40014_and_a_new_one_is_made(office: Any) -> None:
    old = office.token()
    office.token("second")
    control.end_tokens(office.world, "second")
    assert office.get("externalcontact/get_follow_user_list", "second")["errcode"] == 40014
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0
    control.end_tokens(office.world)
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 40014
    assert office.gettoken()["access_token"] != old


def test_a_disabled_app_and_a_changed_secret_are_40001(office: Any) -> None:
    office.token()
    control.disable_secret(office.world, "contact")
    assert office.gettoken()["errcode"] == 40001
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 40014
    control.change_secret(office.world, "contact", "new")
    assert office.gettoken()["errcode"] == 40001
    assert office.gettoken(corpsecret="new")["errcode"] == 0


@pytest.mark.parametrize("app", ["other", "directory", "archive"])
def test_an_app_that_is_not_allowed_gets_48002(office: Any, app: str) -> None:
    assert office.get("externalcontact/get_follow_user_list", app)["errcode"] == 48002


@pytest.mark.parametrize("app", ["contact", "second", "system", "archive", "other"])
def test_only_contacts_sync_lists_ids(office: Any, app: str) -> None:
    assert office.post("user/list_id", app, limit=10)["errcode"] == 48002
    assert office.post("user/list_id", "directory", limit=10)["errcode"] == 0


def test_an_untrusted_address_meets_60020_at_gettoken_or_at_the_first_call(office: Any) -> None:
    control.set_trusted_ips(office.world, ["203.0.113.5"])
    assert office.gettoken()["errcode"] == 60020
    control.set_switch(office.world, "trusted_ip_at", "call")
    assert office.gettoken()["errcode"] == 0
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 60020
    control.set_trusted_ips(office.world, ["127.0.0.1"])
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0


def test_an_unknown_path_is_refused_and_logged(office: Any) -> None:
    assert office.post("externalcontact/send_flowers")["errcode"] == 48005
    assert office.last().notes == "unknown path"


def test_the_wrong_method_is_an_errcode_not_http_405(office: Any) -> None:
    answer = office.raw("externalcontact/get_follow_user_list", json={})
    assert (answer.status_code, answer.json()["errcode"]) == (200, 40058)
    control.set_switch(office.world, "wrong_method", 40063)
    assert office.get("externalcontact/mark_tag")["errcode"] == 40063


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"userid": "\xff"}', b"a=1"])
def test_a_body_that_is_no_json_object_is_40058(office: Any, body: bytes) -> None:
    assert office.raw("externalcontact/mark_tag", content=body).json()["errcode"] == 40058


def test_escapes_are_read_or_refused(office: Any) -> None:
    body = b'{"group_name":"\\u65b0\\u7ec4","tag":[{"name":"a"}]}'
    answer = office.raw("externalcontact/add_corp_tag", content=body).json()
    assert answer["tag_group"]["group_name"] == "新组"
    control.set_switch(office.world, "escapes", "refuse")
    assert office.raw("externalcontact/add_corp_tag", content=body).json()["errcode"] == 40033


def test_an_unknown_field_is_ignored_and_logged_or_refused_where_strict(office: Any) -> None:
    assert office.ec("get_corp_tag_list", colour="red")["errcode"] == 0
    assert office.last().notes == "unknown field: colour"
    control.set_switch(office.world, "strict", True)
    assert office.ec("get_corp_tag_list", colour="red")["errcode"] == 40058
    assert office.get("externalcontact/get_follow_user_list", page=1)["errcode"] == 40058


def test_too_many_calls_in_a_minute_block_for_a_minute(office: Any) -> None:
    control.set_limits(office.world, per_minute=3)
    codes = [office.ec("get_corp_tag_list")["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 45009]
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0  # another API
    control.advance(office.world, 59)
    assert office.ec("get_corp_tag_list")["errcode"] == 45009
    control.advance(office.world, 1)
    assert office.ec("get_corp_tag_list")["errcode"] == 0


def test_too_many_calls_in_an_hour_block_for_an_hour(office: Any) -> None:
    control.set_limits(office.world, per_hour=2)
    assert [office.ec("get_corp_tag_list")["errcode"] for _ in range(3)] == [0, 0, 45009]
    office.token("second")
    control.advance(office.world, 3500)
    assert office.ec("get_corp_tag_list", "second")["errcode"] == 45009  # the whole corp
    control.advance(office.world, 101)
    assert office.ec("get_corp_tag_list", "second")["errcode"] == 0


@pytest.mark.parametrize(("limit", "window"), [("per_minute", 60), ("per_hour", 3600)])
def test_a_block_lasts_a_whole_window_from_the_call_too_many(office: Any, limit: str, window: int) -> None:
    control.set_limits(office.world, **{limit: 1})
    assert office.ec("get_corp_tag_list")["errcode"] == 0
    control.advance(office.world, window - 5)
    assert office.ec("get_corp_tag_list")["errcode"] == 45009
    control.advance(office.world, window - 5)  # the counted window is long over
    assert office.ec("get_corp_tag_list")["errcode"] == 45009
    control.advance(office.world, 5)
    assert office.ec("get_corp_tag_list")["errcode"] == 0


def test_an_address_has_its_own_limit_and_limits_scale(office: Any) -> None:
    control.set_limits(office.world, ip_per_minute=20, scale=0.1)
    assert [office.ec("get_corp_tag_list")["errcode"] for _ in range(3)] == [0, 0, 45009]
    other = type(office)(office.world, remote_addr="127.0.0.2")
    assert other.ec("get_corp_tag_list")["errcode"] == 0


def test_more_calls_in_flight_than_allowed_are_45033(office: Any) -> None:
    office.token()
    control.set_limits(office.world, concurrency=2)
    slow = type(office)(office.world, latency_s=0.2)
    slow.tokens = office.tokens
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(slow.ec("get_corp_tag_list")["errcode"])) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 0, 45033, 45033, 45033]


def test_secrets_and_tokens_stay_out_of_the_call_log(office: Any) -> None:
    office.get("externalcontact/get_follow_user_list")
    log = "".join(call.request for call in control.calls(office.world))
    assert "access_token=***" in log
    assert office.token() not in log
    assert SECRETS["contact"] not in log


def test_the_application_is_plain_wsgi(world: World) -> None:
    import io

    seen: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/cgi-bin/gettoken",
        "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(),
    }
    body = b"".join(wsgi(world)(environ, lambda status, headers, exc=None: seen.append(status)))  # type: ignore[arg-type,return-value]
    assert seen == ["200 OK"]
    assert b"41002" in body
