"""Live codes through the client: what is sent for each kind, what comes back, the picture, whose secret it takes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.api.conftest import Office
from tests.api.documented import JOIN, LINK, TEMPLATE, WAY, Replay, StillClock, read
from wecrm.api import acquisitions, contacts, contactways, groups, joinways, livecodes, welcomes
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import GETTOKEN, Endpoint
from wecrm.errors import ApiError, Exit, TemporaryError, UsageError
from wecrm.models.clock import Run
from wecrm.models.livecode import KINDS, LISTED_SINCE, Kind, LiveCode
from wecrm.models.welcome import Link, Text, WelcomeTemplate
from wecrm.sandbox import control
from wecrm.sandbox.identity import SECRETS

PICTURE = "https://wework.qpic.cn/wwpic/GOLDEN0001/0"


@pytest.fixture
def replay() -> Replay:
    return Replay()


def connected(app: Any, cache: Path, **secrets: str) -> Client:
    return Client(Settings("wwgolden000000001", secrets or {"contact": "c"}, cache), Run(StillClock()), app)


@pytest.fixture
def client(replay: Replay, tmp_path: Path) -> Iterator[Client]:
    client = connected(replay, tmp_path)
    yield client
    client.close()


def body(replay: Replay, endpoint: Endpoint) -> dict[str, Any]:
    (request,) = replay.asked(endpoint)
    return request["body"]  # type: ignore[no-any-return]


# -- reading


@pytest.mark.parametrize(
    ("kind", "id_", "endpoint", "part"),
    [
        ("contact", WAY, contactways.GET, "contact_way"),
        ("group", JOIN, joinways.GET, "join_way"),
        ("link", LINK, acquisitions.GET, ""),
    ],
)
def test_a_code_of_each_kind_comes_with_the_bytes_it_came_from(
    client: Client, kind: Kind, id_: str, endpoint: Endpoint, part: str
) -> None:
    code, raw = livecodes.get(client, kind, id_)
    assert (code.kind, code.id) == (kind, id_)
    answer = read(endpoint)["answer"]
    assert json.loads(raw) == (answer[part] if part else answer)


@pytest.mark.parametrize(
    ("since", "sent"), [(0, LISTED_SINCE), (1, LISTED_SINCE), (1_793_000_000, 1_793_000_000)], ids=str
)
def test_contact_ways_are_always_listed_from_a_time_on(client: Client, replay: Replay, since: int, sent: int) -> None:
    assert livecodes.ids(client, "contact", since) == (WAY, "cfgGOLDENway0002")
    assert body(replay, contactways.LIST) == {"start_time": sent, "limit": 1000, "cursor": ""}


def test_a_listing_follows_the_cursor_to_its_end(client: Client, replay: Replay) -> None:
    first = {"errcode": 0, "contact_way": [{"config_id": "a"}], "next_cursor": "more"}
    replay.answers = {contactways.LIST.path: [first, {"errcode": 0, "next_cursor": "on"}]}
    assert livecodes.ids(client, "contact") == ("a", WAY, "cfgGOLDENway0002")
    assert [request["body"]["cursor"] for request in replay.asked(contactways.LIST)] == ["", "more", "on"]


def test_a_listing_over_too_long_a_time_is_asked_for_in_parts_without_a_gap(client: Client, replay: Replay) -> None:
    replay.answers = {contactways.LIST.path: [{"errcode": 40058, "errmsg": "invalid times"}]}
    since = int(StillClock().now()) - 70 * 86400
    assert livecodes.ids(client, "contact", since) == (WAY, "cfgGOLDENway0002")
    parts = [(one["body"]["start_time"], one["body"]["end_time"]) for one in replay.asked(contactways.LIST)[1:]]
    assert [start for start, _ in parts] == [since, *(end for _, end in parts[:-1])]
    assert parts[-1][1] > StillClock().now()
    assert {end - start for start, end in parts} == {30 * 86400}


def test_links_are_listed_and_join_ways_can_not_be(client: Client, replay: Replay) -> None:
    assert livecodes.ids(client, "link") == (LINK, "caGOLDENlink0002")
    with pytest.raises(ValueError, match="no list"):
        livecodes.ids(client, "group")
    assert set(KINDS) - set(livecodes.LIST) == {"group"}


def test_fields_left_out_of_an_answer_stand_at_their_defaults(client: Client, replay: Replay) -> None:
    link = {"errcode": 0, "link": {"link_id": LINK, "link_name": "x"}}
    way = {"errcode": 0, "contact_way": {"config_id": WAY, "type": 2, "scene": 2}}
    join = {"errcode": 0, "join_way": {"config_id": JOIN, "scene": 2}}
    replay.answers = {acquisitions.GET.path: [link], contactways.GET.path: [way], joinways.GET.path: [join]}
    assert livecodes.get(client, "link", LINK)[0] == LiveCode("link", LINK, remark="x")
    assert livecodes.get(client, "contact", WAY)[0] == LiveCode("contact", WAY)
    assert livecodes.get(client, "group", JOIN)[0] == LiveCode("group", JOIN)


# -- writing


def test_a_code_of_one_member_is_made_without_departments_and_a_qr_code_without_style(
    client: Client, replay: Replay
) -> None:
    code = LiveCode("contact", users=("an.lu",), departments=(41,), type=1, style=2)
    assert livecodes.add(client, code) == WAY
    assert body(replay, contactways.ADD) == {"type": 1, "scene": 2, "skip_verify": True, "user": ["an.lu"]}


def test_a_button_has_a_style_and_a_temporary_way_says_so(client: Client, replay: Replay) -> None:
    livecodes.add(client, LiveCode("contact", users=("an.lu",), type=1, scene=1, style=2, is_temp=True))
    sent = body(replay, contactways.ADD)
    assert (sent["scene"], sent["style"], sent["is_temp"]) == (1, 2, True)


def test_a_change_of_a_contact_way_sends_what_was_touched_also_when_it_is_empty(client: Client, replay: Replay) -> None:
    code = LiveCode("contact", WAY, remark="stays", users=("bo.tan",), url=PICTURE)
    livecodes.update(client, code, ["departments", "state", "skip_verify", "style", "url", "chats"])
    assert body(replay, contactways.UPDATE) == {"config_id": WAY, "party": [], "state": "", "skip_verify": True}


def test_a_change_of_a_join_way_sends_all_of_it(client: Client, replay: Replay) -> None:
    code = LiveCode("group", JOIN, remark="a", state="b", chats=("wr1", "wr2"), room_base_name="n", room_base_id=3)
    livecodes.update(client, code, ["remark"])
    assert body(replay, joinways.UPDATE) == {
        "config_id": JOIN,
        "scene": 2,
        "auto_create_room": 1,
        "chat_id_list": ["wr1", "wr2"],
        "remark": "a",
        "state": "b",
        "room_base_name": "n",
        "room_base_id": 3,
    }


def test_a_change_of_a_join_way_loses_nothing_that_stands_there_without_effect(client: Client, replay: Replay) -> None:
    code = LiveCode("group", JOIN, chats=("wr1",), auto_create_room=False, room_base_name="n", mark_source=False)
    livecodes.update(client, code, ["chats"])
    assert body(replay, joinways.UPDATE) == {
        "config_id": JOIN,
        "scene": 2,
        "auto_create_room": 0,
        "chat_id_list": ["wr1"],
        "room_base_name": "n",
        "mark_source": False,
    }


def test_a_join_way_without_automatic_groups_needs_no_name(client: Client, replay: Replay) -> None:
    livecodes.add(client, LiveCode("group", chats=("wr1",), auto_create_room=False))
    assert body(replay, joinways.ADD) == {"scene": 2, "auto_create_room": 0, "chat_id_list": ["wr1"]}


@pytest.mark.parametrize(
    ("touched", "sent"),
    [
        (["departments"], {"range": {"user_list": ["an.lu"], "department_list": [41]}}),
        (["remark", "skip_verify"], {"link_name": "广告", "skip_verify": False}),
        (["priority_type"], {"priority_option": {"priority_type": 1}}),
        (["state", "url"], {}),
    ],
    ids=str,
)
def test_a_change_of_a_link_sends_what_was_touched_and_the_range_as_a_whole(
    client: Client, replay: Replay, touched: list[str], sent: dict[str, Any]
) -> None:
    code = LiveCode(
        "link", LINK, remark="广告", users=("an.lu",), departments=(41,), skip_verify=False, priority_type=1
    )
    livecodes.update(client, code, touched)
    assert body(replay, acquisitions.UPDATE) == {"link_id": LINK, **sent}


@pytest.mark.parametrize("kind", KINDS)
def test_deleting_what_is_not_there_any_more_counts_as_deleted(client: Client, replay: Replay, kind: Kind) -> None:
    replay.answers = {livecodes.DELETE[kind].path: [{"errcode": 41044, "errmsg": "invalid config_id"}]}
    livecodes.delete(client, kind, "x")
    assert len(replay.asked(livecodes.DELETE[kind])) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_any_other_refusal_to_delete_is_told(client: Client, replay: Replay, kind: Kind) -> None:
    replay.answers = {livecodes.DELETE[kind].path: [{"errcode": 60011, "errmsg": "no privilege"}]}
    with pytest.raises(ApiError) as caught:
        livecodes.delete(client, kind, "x")
    assert caught.value.errcode == 60011


def test_what_is_read_of_a_contact_way_can_be_sent_back_without_its_conclusions(client: Client, replay: Replay) -> None:
    code, _raw = livecodes.get(client, "contact", WAY)
    livecodes.update(client, code, LiveCode.__struct_fields__)
    assert set(body(replay, contactways.UPDATE)) == {
        "config_id",
        "remark",
        "skip_verify",
        "state",
        "user",
        "is_exclusive",
        "style",
    }


def test_a_template_is_made_loud_or_silent_and_edited_without_saying_either(client: Client, replay: Replay) -> None:
    parts = welcomes.get(client, TEMPLATE)
    welcomes.add(client, parts, notify=True)
    welcomes.edit(client, TEMPLATE, parts)
    assert body(replay, welcomes.ADD)["notify"] == 1
    assert "notify" not in body(replay, welcomes.EDIT)


# -- whose secret


@pytest.mark.parametrize(("secrets", "used"), [({"contact": "c"}, "c"), ({"contact": "c", "links": "l"}, "l")], ids=str)
def test_links_take_a_secret_of_their_own_where_there_is_one(
    replay: Replay, tmp_path: Path, secrets: dict[str, str], used: str
) -> None:
    client = connected(replay, tmp_path, **secrets)
    acquisitions.quota(client)
    assert [request["query"]["corpsecret"] for request in replay.asked(GETTOKEN)] == [used]
    client.close()


def test_contact_ways_never_take_the_secret_of_links(replay: Replay, tmp_path: Path) -> None:
    client = connected(replay, tmp_path, contact="c", links="l")
    livecodes.ids(client, "contact")
    assert [request["query"]["corpsecret"] for request in replay.asked(GETTOKEN)] == ["c"]
    client.close()


def refused(client: Client, replay: Replay, endpoint: Endpoint, call: Callable[[Client], object]) -> ApiError:
    replay.answers = {endpoint.path: [{"errcode": 48002, "errmsg": "api forbidden"}]}
    with pytest.raises(ApiError) as caught:
        call(client)
    return caught.value


def test_a_secret_that_links_refuse_is_told_with_the_place_for_another_one(client: Client, replay: Replay) -> None:
    error = refused(client, replay, acquisitions.LIST, lambda c: livecodes.ids(c, "link"))
    assert error.code is Exit.refused
    assert "客户联系" in error.why
    assert "secrets: links:" in error.fix
    other = refused(client, replay, contactways.LIST, lambda c: livecodes.ids(c, "contact"))
    assert "links:" not in other.fix


# -- the picture


class Host:
    """A public host that answers one way and remembers what it was asked."""

    def __init__(self, content: bytes, status: str = "200 OK") -> None:
        self.content, self.status = content, status
        self.asked: list[tuple[str, str, str, str]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked.append(
            (environ["REQUEST_METHOD"], environ["HTTP_HOST"], environ["PATH_INFO"], environ["QUERY_STRING"])
        )
        start_response(self.status, [("Content-Type", "image/png")])
        return [self.content]


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 1000 + b"IEND\xaeB`\x82"


@pytest.mark.parametrize("kind", ["contact", "group"])
def test_the_picture_is_fetched_from_its_own_host_without_a_token(tmp_path: Path, kind: Kind) -> None:
    host = Host(PNG)
    client = connected(host, tmp_path)
    assert livecodes.picture(client, LiveCode(kind, WAY, url=PICTURE)) == PNG
    assert host.asked == [("GET", "wework.qpic.cn", "/wwpic/GOLDEN0001/0", "")]
    client.close()


def test_a_picture_at_the_address_of_the_profile_needs_no_https(tmp_path: Path) -> None:
    host = Host(PNG)
    settings = Settings("wwgolden000000001", {"contact": "c"}, tmp_path, base_url="http://127.0.0.1:8080")
    client = Client(settings, Run(StillClock()), host)
    assert livecodes.picture(client, LiveCode("contact", WAY, url="http://127.0.0.1:8080/wwpic/a/0")) == PNG
    for url in ("http://127.0.0.1:8081/wwpic/a/0", "http://127.0.0.1:8080@example.com/wwpic/a/0"):
        with pytest.raises(UsageError):
            livecodes.picture(client, LiveCode("contact", WAY, url=url))
    assert host.asked == [("GET", "127.0.0.1:8080", "/wwpic/a/0", "")]
    client.close()


@pytest.mark.parametrize(
    "code",
    [
        LiveCode("contact", WAY),
        LiveCode("contact", WAY, url="http://wework.qpic.cn/wwpic/GOLDEN0001/0"),
        LiveCode("contact", WAY, url="file:///etc/passwd"),
        LiveCode("link", LINK, url="https://work.weixin.qq.com/ca/caGOLDENlink0001"),
    ],
    ids=["none", "http", "file", "link"],
)
def test_what_has_no_picture_is_not_asked_for(tmp_path: Path, code: LiveCode) -> None:
    host = Host(PNG)
    client = connected(host, tmp_path)
    with pytest.raises(UsageError):
        livecodes.picture(client, code)
    assert host.asked == []
    client.close()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (Host(PNG, "404 Not Found"), "HTTP 404"),
        (Host(PNG, "302 Found"), "HTTP 302"),
        (Host(PNG + b"0" * livecodes.PICTURE_MAX), "1,000,000"),
        (Host(b"<html>please log in</html>"), "proxy"),
        (Host(PNG[:500]), "in the middle"),
        (Host(b"\xff\xd8\xff\xe0" + b"0" * 500), "in the middle"),
    ],
    ids=["gone", "elsewhere", "huge", "no-picture", "half a PNG", "half a JPEG"],
)
def test_an_answer_that_is_no_picture_is_an_error_and_no_file(tmp_path: Path, host: Host, said: str) -> None:
    client = connected(host, tmp_path)
    with pytest.raises(TemporaryError) as caught:
        livecodes.picture(client, LiveCode("contact", WAY, url=PICTURE))
    assert said in caught.value.why
    client.close()


def test_a_host_out_of_reach_is_temporary(tmp_path: Path) -> None:
    def away(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ConnectionResetError

    client = connected(away, tmp_path)
    with pytest.raises(TemporaryError) as caught:
        livecodes.picture(client, LiveCode("contact", WAY, url=PICTURE))
    assert "ConnectionResetError" in caught.value.why
    client.close()


# -- against the sandbox, an independent reading of the same pages


def chats(client: Client) -> tuple[str, ...]:
    return tuple(group.chat_id for group in groups.statuses(client))


@pytest.mark.parametrize("window", [0, 30])
def test_a_contact_way_is_made_listed_read_changed_and_deleted(office: Office, window: int) -> None:
    control.set_switch(office.world, "list_window_days", window)
    client = office.client()
    one, two = contacts.follow_users(client)[:2]
    made = livecodes.add(client, LiveCode("contact", remark="展会", state="fair", users=(one,)))
    assert made in livecodes.ids(client, "contact")
    code, _raw = livecodes.get(client, "contact", made)
    assert code == LiveCode("contact", made, remark="展会", state="fair", users=(one,), url=code.url)
    wanted = replace(code, users=(two,), state="fair-2")
    livecodes.update(client, wanted, {"users", "state"})
    assert livecodes.get(client, "contact", made)[0] == wanted
    livecodes.delete(client, "contact", made)
    livecodes.delete(client, "contact", made)
    assert made not in livecodes.ids(client, "contact")


def test_a_join_way_is_made_read_changed_and_deleted(office: Office) -> None:
    client = office.client()
    made = livecodes.add(client, LiveCode("group", remark="茶友", state="tea", chats=chats(client)[:2]))
    code, _raw = livecodes.get(client, "group", made)
    assert code == LiveCode("group", made, remark="茶友", state="tea", chats=chats(client)[:2], url=code.url)
    wanted = replace(code, auto_create_room=False, remark="茶友二")
    livecodes.update(client, wanted, {"auto_create_room", "remark"})
    assert livecodes.get(client, "group", made)[0] == wanted
    livecodes.delete(client, "group", made)
    with pytest.raises(ApiError) as caught:
        livecodes.get(client, "group", made)
    assert caught.value.errcode in livecodes.UNKNOWN["group"]


@pytest.mark.parametrize("repeated", [False, True])
def test_a_link_is_made_listed_read_changed_and_deleted(office: Office, repeated: bool) -> None:
    control.set_switch(office.world, "link_id_in_get", repeated)
    client = office.client()
    one, two = contacts.follow_users(client)[:2]
    made = livecodes.add(client, LiveCode("link", remark="广告", users=(one,)))
    assert made in livecodes.ids(client, "link")
    code, _raw = livecodes.get(client, "link", made)
    assert (code.id, code.remark, code.users) == (made, "广告", (one,))
    wanted = replace(code, users=(two,), priority_type=2, priority_users=(two,))
    livecodes.update(client, wanted, {"users", "priority_type"})
    assert livecodes.get(client, "link", made)[0] == wanted
    assert list(acquisitions.customers(client, made)) == []
    livecodes.delete(client, "link", made)
    assert made not in livecodes.ids(client, "link")


def test_the_picture_of_the_sandbox_is_fetched_in_process(office: Office) -> None:
    client = office.client()
    made = livecodes.add(client, LiveCode("contact", users=contacts.follow_users(client)[:1]))
    code, _raw = livecodes.get(client, "contact", made)
    assert livecodes.picture(client, code).startswith(b"\x89PNG")
    with pytest.raises(TemporaryError):
        livecodes.picture(client, replace(code, url="https://wework.qpic.cn/wwpic/unknown/0"))


def test_links_refuse_the_secret_of_customer_contact_itself_and_take_one_of_their_own(office: Office) -> None:
    system = {"contact": SECRETS["system"]}
    with pytest.raises(ApiError) as caught:
        livecodes.ids(office.client(secrets=system), "link")
    assert caught.value.errcode == 48002
    own = LiveCode("link", remark="广告", users=contacts.follow_users(office.client())[:1])
    made = livecodes.add(office.client(), own)
    assert made in livecodes.ids(office.client(secrets={**system, "links": SECRETS["contact"]}), "link")


def test_a_template_is_made_read_edited_and_deleted(office: Office) -> None:
    client = office.client()
    hello = WelcomeTemplate(Text("%NICKNAME% 你好"), link=Link("茶单", "https://example.com"))
    made = welcomes.add(client, hello, notify=False)
    assert welcomes.get(client, made) == hello
    welcomes.edit(client, made, WelcomeTemplate(Text("欢迎")))
    assert welcomes.get(client, made) == WelcomeTemplate(Text("欢迎"))
    welcomes.delete(client, made)
    with pytest.raises(ApiError):
        welcomes.get(client, made)
