"""What the field does otherwise: a script of the usual kind, and wechatpy 2, each one call after another."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from wecrm.sandbox.identity import CORP_ID, SECRETS

WECOM = "https://qyapi.weixin.qq.com"
NO_CUSTOMER = 84061
COLUMNS = "(userid, external_userid, name, remark, tags)"


class Usual:
    """A script: one member per listing, the default page size, one commit per page."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/cgi-bin", timeout=60)
        asked = {"corpid": CORP_ID, "corpsecret": SECRETS["contact"]}
        self.token = {"access_token": self.http.get("/gettoken", params=asked).json()["access_token"]}

    def sync(self, path: Path) -> float:
        """Every relation into a table; seconds."""
        began = time.perf_counter()
        db = sqlite3.connect(path)
        db.execute(f"CREATE TABLE r {COLUMNS}")
        members = self.http.get("/externalcontact/get_follow_user_list", params=self.token).json()["follow_user"]
        for userid in members:
            for page in self._pages(userid):
                for pair in page:
                    contact, follow = pair["external_contact"], pair["follow_info"]
                    row = (userid, contact["external_userid"], contact["name"], follow["remark"], str(follow["tag_id"]))
                    db.execute("INSERT INTO r VALUES (?, ?, ?, ?, ?)", row)
                db.commit()
        return time.perf_counter() - began

    def _pages(self, userid: str) -> Iterator[list[Any]]:
        cursor = ""
        while True:
            body = {"userid_list": [userid], "cursor": cursor}
            page = self.http.post("/externalcontact/batch/get_by_user", params=self.token, json=body).json()
            yield page.get("external_contact_list", [])
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return

    def mark(self, rows: Sequence[tuple[str, str]], tag: str) -> float:
        """One mark after another, nothing read back; seconds."""
        began = time.perf_counter()
        for userid, external in rows:
            body = {"userid": userid, "external_userid": external, "add_tag": [tag]}
            self.http.post("/externalcontact/mark_tag", params=self.token, json=body).json()
        return time.perf_counter() - began


class Wechatpy:
    """wechatpy 2, its own way, pointed at the sandbox.

    Its `batch_get_by_user` sends a field that WeCom took back years ago, so its users list a member's customers and
    get them one by one.
    """

    def __init__(self, url: str) -> None:
        from requests.adapters import HTTPAdapter
        from wechatpy.work import WeChatClient

        class ToSandbox(HTTPAdapter):
            """Sends to the sandbox what is meant for WeCom."""

            def send(self, request: Any, *args: Any, **options: Any) -> Any:
                request.url = url + request.url.removeprefix(WECOM)
                return super().send(request, *args, **options)

        client: Any = WeChatClient(CORP_ID, SECRETS["contact"])
        client._http.mount(WECOM, ToSandbox())
        self.contacts = client.external_contact

    def sync(self, path: Path, customers: int) -> tuple[float, int]:
        """So many customers into a table; seconds, and how many relations that gave."""
        began, found = time.perf_counter(), 0
        db = sqlite3.connect(path)
        db.execute(f"CREATE TABLE r {COLUMNS}")
        for userid in self.contacts.get_follow_user_list()["follow_user"]:
            for external in self._customers(userid):
                if found >= customers:
                    return time.perf_counter() - began, found
                got = self.contacts.get(external)
                follow = next(one for one in got["follow_user"] if one["userid"] == userid)
                tags = str([tag.get("tag_id") for tag in follow["tags"]])
                row = (userid, external, got["external_contact"]["name"], follow["remark"], tags)
                db.execute("INSERT INTO r VALUES (?, ?, ?, ?, ?)", row)
                found += 1
            db.commit()
        return time.perf_counter() - began, found

    def _customers(self, userid: str) -> list[str]:
        from wechatpy.exceptions import WeChatClientException

        try:
            return list(self.contacts.list(userid)["external_userid"])
        except WeChatClientException as error:
            if error.errcode == NO_CUSTOMER:
                return []
            raise

    def mark(self, rows: Sequence[tuple[str, str]], tag: str) -> float:
        """One mark after another, nothing read back; seconds."""
        began = time.perf_counter()
        for userid, external in rows:
            self.contacts.mark_tag(userid, external, add_tag=[tag])
        return time.perf_counter() - began
