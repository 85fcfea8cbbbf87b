"""A WeCom client library that somebody else wrote, against a served world.

wechatpy 2.0.0a26 (pip install --pre wechatpy) is not among the dependencies; without it this is skipped.
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
