"""A WeCom client library that somebody else wrote, against a served world.

wechatpy 2.0.0a26 comes with the test extra; without it this is skipped. It is driven
unchanged but for the address that it sends to. What it can't do, here as with WeCom itself:

- `batch_get_by_user` and `gen_all_by_user` send the retired field `userid` and are refused;
- `transfer` and `get_group_msg_result` call APIs that are retired;
- `media.download` has the host written into it and can't be led elsewhere: the test asks for the address by itself;
- contact ways: no list, no `is_exclusive`; nothing at all of join ways, acquisition links, on-job and resigned
  transfers and the archive.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World

work: Any = pytest.importorskip("wechatpy.work", reason="wechatpy 2 is not installed: pip install --pre wechatpy")
adapters: Any = pytest.importorskip("requests.adapters")

SERVER = """
import sys
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World

serve(World.open(Path(sys.argv[1])), ready=lambda url: print(url, flush=True))
"""
WECOM = "https://qyapi.weixin.qq.com"


class ToSandbox(adapters.HTTPAdapter):  # type: ignore[misc]
    """Sends what is meant for WeCom to the sandbox; the library itself is left as it is."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        request.url = self.url + request.url.removeprefix(WECOM)
        return super().send(request, *args, **options)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    env = {**os.environ, "PYTHONPATH": str(Path(control.__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, world.db.path], stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    process.wait(5)
    process.stdout.close()


@pytest.fixture
def client(url: str) -> Any:
    client = work.WeChatClient(CORP_ID, SECRETS["contact"])
    client._http.mount(WECOM, ToSandbox(url))
    return client


def test_it_reads_members_customers_tags_and_groups(client: Any, world: World) -> None:
    users = client.external_contact.get_follow_user_list()["follow_user"]
    relation = next(control.truth(world))
    assert relation.userid in users
    listed = client.external_contact.list(relation.userid)["external_userid"]
    assert relation.external_userid in listed
    got = client.external_contact.get(relation.external_userid)
    assert got["external_contact"]["name"] == relation.name
    names = [g["group_name"] for g in client.external_contact.get_corp_tag_list()["tag_group"]]
    assert "客户等级" in names
    chats = client.external_contact.get_group_chat_list(limit=5)["group_chat_list"]
    group = client.external_contact.get_group_chat_info(chats[0]["chat_id"])["group_chat"]
    assert group["member_list"]
    assert client.user.get(relation.userid)["userid"] == relation.userid
    assert client.department.get(1)["id"] == 1


def test_it_makes_a_tag_puts_it_on_and_deletes_it(client: Any, world: World) -> None:
    relation = next(control.truth(world))
    made = client.external_contact.add_corp_tag(None, "新组", None, [{"name": "新标签"}])["tag_group"]
    tag = made["tag"][0]["id"]
    client.external_contact.mark_tag(relation.userid, relation.external_userid, [tag], None)
    assert tag in next(control.truth(world)).tag_ids
    client.external_contact.edit_corp_tag(tag, "改名")
    client.external_contact.del_corp_tag([tag])
    assert tag not in next(control.truth(world)).tag_ids


def test_it_makes_a_contact_way_changes_and_deletes_it(client: Any, world: World) -> None:
    from wechatpy.exceptions import WeChatClientException  # type: ignore[import-not-found,unused-ignore]

    contact = client.external_contact
    users = contact.get_follow_user_list()["follow_user"]
    first, second = [userid for userid in users if contact_ok(world, userid)][:2]
    made = contact.add_contact_way(2, 2, remark="展会", state="fair", user=[first])
    assert made["qr_code"].startswith("http")
    contact.update_contact_way(made["config_id"], "展会二", user=[first, second], skip_verify=False)
    way = contact.get_contact_way(made["config_id"])["contact_way"]
    assert (way["remark"], way["state"], way["user"], way["skip_verify"]) == ("展会二", "fair", [first, second], False)
    (known,) = [code for code in control.code_truth(world) if code.id == made["config_id"]]
    assert known.fields["remark"] == "展会二"
    contact.del_contact_way(made["config_id"])
    with pytest.raises(WeChatClientException) as caught:
        contact.get_contact_way(made["config_id"])
    assert caught.value.errcode == 41044


def contact_ok(world: World, userid: str) -> bool:
    """Whether the member may stand on a code."""
    sql = "SELECT 1 FROM member WHERE userid = ? AND status = 1 AND follows AND left_at IS NULL"
    return world.db.connection.execute(sql, (userid,)).fetchone() is not None


def test_it_keeps_welcome_templates(client: Any) -> None:
    contact = client.external_contact
    made = contact.add_group_welcome_template({"text": {"content": "您好 %NICKNAME%"}})["template_id"]
    contact.update_group_welcome_template({"text": {"content": "欢迎"}}, made)
    assert contact.get_group_welcome_template(made)["text"] == {"content": "欢迎"}
    contact.del_group_welcome_template(made)


def test_it_reads_groups_of_an_owner_and_both_statistics(client: Any, world: World) -> None:
    control.advance(world, 86_400)
    yesterday = int(control.now(world)) // 86_400 * 86_400 - 86_400 - 8 * 3600
    chats = client.external_contact_group_chat.list_all(limit=5)
    owner = client.external_contact_group_chat.get(chats[0]["chat_id"])["group_chat"]["owner"]
    own = client.external_contact_group_chat.list_all(owner_userid_list=[owner])
    assert {chat["chat_id"] for chat in own} <= {chat["chat_id"] for chat in chats}
    figures = client.external_contact_group_chat.statistic(yesterday, owner_userid_list=[owner])
    assert [item["data"]["chat_total"] for item in figures["items"]] == [len(own)]
    member = next(control.truth(world)).userid
    days = client.external_contact.get_user_behavior_data([member], yesterday - 86_400, yesterday)["behavior_data"]
    assert [day["stat_time"] for day in days] == [yesterday - 86_400, yesterday]


def test_it_uploads_media_and_gets_them_back_for_three_days(client: Any, world: World, url: str) -> None:
    import requests  # type: ignore[import-untyped,unused-ignore]
    from wechatpy.exceptions import WeChatClientException  # type: ignore[import-not-found,unused-ignore]

    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9
    sent = client.media.upload("image", ("茶单.png", content, "image/png"))
    assert (sent["type"], sent["created_at"]) == ("image", str(sent["created_at"]))
    address = url + client.media.get_url(sent["media_id"]).removeprefix(WECOM)
    got = requests.get(address, timeout=10)
    assert (got.content, got.headers["Content-Type"]) == (content, "image/png")
    assert "attachment" in got.headers["Content-Disposition"]
    for kind, body, errcode in (("image", b"GIF89a......", 40004), ("icon", content, 40005), ("file", b"12345", 40006)):
        with pytest.raises(WeChatClientException) as caught:
            client.media.upload(kind, ("a.bin", body))
        assert caught.value.errcode == errcode
    control.advance(world, 3 * 86_400 + 60)
    control.end_tokens(world)
    client.external_contact.get_follow_user_list()
    gone = requests.get(url + client.media.get_url(sent["media_id"]).removeprefix(WECOM), timeout=10)
    assert gone.json()["errcode"] == 40007


def test_it_understands_a_refusal_and_refreshes_an_expired_token(client: Any, world: World) -> None:
    from wechatpy.exceptions import WeChatClientException  # type: ignore[import-not-found,unused-ignore]

    with pytest.raises(WeChatClientException) as caught:
        client.external_contact.list("nobody")
    assert caught.value.errcode == 60111
    control.end_tokens(world)
    assert client.external_contact.get_follow_user_list()["errcode"] == 0
    control.advance(world, 7200)
    assert client.external_contact.get_follow_user_list()["errcode"] == 0
    assert len(list(control.calls(world, path="gettoken"))) == 3


def test_the_sandbox_shows_that_it_sends_a_retired_field(client: Any, world: World) -> None:
    from wechatpy.exceptions import WeChatClientException  # type: ignore[import-not-found,unused-ignore]

    with pytest.raises(WeChatClientException) as caught:
        list(client.external_contact.gen_all_by_user(next(control.truth(world)).userid))
    assert caught.value.errcode == 40063
    assert [call.notes for call in control.calls(world)][-1] == "unknown field: userid"
