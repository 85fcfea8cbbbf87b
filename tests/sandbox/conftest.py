"""A small world and somebody who calls it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from wecrm.sandbox import control
from wecrm.sandbox.app import wsgi
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World


class Office:
    """Calls a world's API through HTTP, in process."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world = world
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=wsgi(world, **options)), base_url="https://qyapi.weixin.qq.com"
        )
        self.tokens: dict[str, str] = {}

    def gettoken(self, corpid: str = CORP_ID, corpsecret: str = SECRETS["contact"]) -> dict[str, Any]:
        params = {"corpid": corpid, "corpsecret": corpsecret}
        return self.http.get("/cgi-bin/gettoken", params=params).json()

    def token(self, app: str = "contact") -> str:
        if app not in self.tokens:
            self.tokens[app] = self.gettoken(corpsecret=SECRETS[app])["access_token"]
        return self.tokens[app]

    def get(self, path: str, app: str = "contact", **query: Any) -> dict[str, Any]:
        params = {"access_token": self.token(app), **query}
        return self.http.get(f"/cgi-bin/{path}", params=params).json()

    def post(self, path: str, app: str = "contact", **body: Any) -> dict[str, Any]:
        return self.raw(path, app, json=body).json()

    def raw(self, path: str, app: str = "contact", **options: Any) -> httpx.Response:
        return self.http.post(f"/cgi-bin/{path}", params={"access_token": self.token(app)}, **options)

    def ec(self, path: str, app: str = "contact", **body: Any) -> dict[str, Any]:
        """POST externalcontact/..."""
        return self.post(f"externalcontact/{path}", app, **body)

    def later(self, seconds: float = 86_400) -> None:
        """Let time pass; tokens end meanwhile."""
        control.advance(self.world, seconds)
        self.tokens.clear()

    def last(self) -> control.Call:
        """The last line of the call log."""
        return list(control.calls(self.world))[-1]

    def relation(self, n: int = 0) -> control.Relation:
        return list(control.truth(self.world))[n]

    def read(self, relation: control.Relation) -> control.Relation:
        """The relation as it is now."""
        key = relation.userid, relation.external_userid
        return next(r for r in control.truth(self.world) if (r.userid, r.external_userid) == key)

    def tag(self, name: str, group: str = "") -> str:
        """The id of a tag."""
        for one in self.ec("get_corp_tag_list")["tag_group"]:
            for tag in one["tag"]:
                if tag["name"] == name and group in ("", one["group_name"]):
                    return str(tag["id"])
        raise KeyError(name)

    def group(self, name: str) -> str:
        """The id of a tag group."""
        groups = self.ec("get_corp_tag_list")["tag_group"]
        return next(str(g["group_id"]) for g in groups if g["group_name"] == name)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of 60 members and 600 relations, made once."""
    path = tmp_path_factory.mktemp("world") / "template.world"
    World.create(path, members=60, contacts=600, groups=12).close()
    return path


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    path = tmp_path / "a.world"
    path.write_bytes(template.read_bytes())
    world = World.open(path)
    yield world
    world.close()


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


@pytest.fixture(scope="session")
def scratch(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office of a world that many examples may share."""
    path = tmp_path_factory.mktemp("scratch") / "a.world"
    path.write_bytes(template.read_bytes())
    return Office(World.open(path))
