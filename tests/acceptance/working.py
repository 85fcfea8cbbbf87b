"""A corp at work through the front door: one flow that meets every API of WeCom which a command calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tests.conftest import Result, Wecrm
from tests.operations.codes import channels
from tests.operations.handing import session
from tests.operations.leaving import CORP, Scene, Size, scene
from wecrm.api import tags as tags_api
from wecrm.sandbox import console, control

LIFTED = ("--yes", "--max-removals", "100%")
LEAVER = Size(customers=10, groups=2, codes=2, links=1, refuse=1, full=0, gone=1, known=2, moving=0, moved=0)
LINK = {"title": "会员日", "url": "https://example.com/vip", "picurl": "https://example.com/a.png", "desc": "每周三"}
PROGRAM = {"title": "商城", "appid": "wx1", "page": "pages/index", "pic_media_id": "M"}
WELCOMES = (
    {"name": "会员群", "text": "您好 %NICKNAME%", "link": LINK, "notify": True},
    {"name": "商城", "text": "看", "miniprogram": PROGRAM},
    {"name": "传图", "image": "MEDIA1"},
    {"name": "文件", "file": "MEDIA2"},
    {"name": "视频", "video": "MEDIA3"},
)


@dataclass
class Corp:
    """A home that works."""

    home: Wecrm

    def do(self, *words: str, allowed: Sequence[int] = (0,)) -> Result:
        """Run a command line, which ends with one of these codes."""
        result = self.home(*words)
        assert result.code in allowed, (words, result.code, result.err)
        return result

    def later(self, hours: float) -> None:
        """Let time pass."""
        with self.home.world() as world:
            control.advance(world, hours * 3600)

    def file(self, name: str, content: object) -> str:
        """A YAML file of this content."""
        path = self.home.home / name
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
        return str(path)

    def read(self, name: str) -> Any:
        """What a YAML file holds."""
        return yaml.safe_load((self.home.home / name).read_text("utf-8"))


def all_ours(home: Wecrm) -> None:
    """Every tag was made by this app, as in a corp that has but one."""
    with home.world() as world, world.writing() as db:
        db.execute("UPDATE tag SET owner = 'contact'")
        db.execute("UPDATE tag_group SET owner = 'contact'")
        world.changed()


def tag_library(corp: Corp) -> None:
    """Groups and tags made, renamed, put in another order and deleted by a file."""
    path = str(corp.home.home / "tags.yaml")
    corp.do("tags", "pull", path)
    library = corp.read("tags.yaml")
    groups = library["groups"]
    groups[0]["tags"].reverse()
    groups[0]["tags"].append("新标签")
    groups[1]["tags"].pop()
    groups.insert(0, {"group": "大促", "tags": ["双十一", "六一八"]})
    corp.do("tags", "push", corp.file("tags.yaml", library), *LIFTED)
    corp.do("tags", "rename", "大促/六一八", "年中", "--yes")
    assert "No changes" not in corp.do("tags", "push", path, "--dry-run").err


def marks(corp: Corp, count: int = 5) -> None:
    """Tags put on and taken off by a file, and undone; remarks written."""
    rows = corp.home.sql(
        "SELECT userid, external_userid FROM relation WHERE status = 'active' AND external_userid LIKE 'wm%' "
        "ORDER BY id LIMIT ?",
        count,
    )
    path = str(corp.home.csv("marks.csv", "userid,external_userid", rows))
    plan = str(corp.home.home / "marks.plan")
    corp.do("tags", "plan", path, "--add", "双十一", "-o", plan)
    corp.do("apply", plan, *LIFTED)
    (job,) = corp.home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0]
    undo = str(corp.home.home / "undo.plan")
    corp.do("undo", job, "-o", undo)
    corp.do("apply", undo, *LIFTED)
    corp.do("tags", "apply", path, "--add", "年中", *LIFTED)
    remarks = [(userid, external, "茶客", "老客户", "茶行", "13900000000") for userid, external in rows]
    header = "userid,external_userid,remark,description,remark_company,remark_mobiles"
    corp.do("contacts", "remark", str(corp.home.csv("remarks.csv", header, remarks)), *LIFTED)


def many_tags(corp: Corp, count: int = 60) -> None:
    """More tags than one call may take, put on a customer at once and taken off again."""
    tags = [f"第{n}次" for n in range(count)]
    corp.do("tags", "create", "拜访", *tags, "--yes")
    (row,) = corp.home.sql("SELECT userid, external_userid FROM relation WHERE status = 'active' LIMIT 1")
    path = str(corp.home.csv("many.csv", "userid,external_userid", [row]))
    put = [word for tag in tags for word in ("--add", f"拜访/{tag}")]
    corp.do("tags", "apply", path, *put, *LIFTED)
    corp.do("tags", "apply", path, *("--remove" if word == "--add" else word for word in put), *LIFTED)
    corp.do("tags", "apply", path, *put, *LIFTED)


def elsewhere(corp: Corp) -> None:
    """What a cache does not know yet: tags that somebody else made and deleted, a customer who is gone."""
    corp.do("tags", "create", "外部", "旧", "--yes")
    pairs = corp.home.sql("SELECT userid, external_userid FROM relation WHERE status = 'active' ORDER BY id LIMIT 2")
    (old,) = corp.home.sql("SELECT tag_id FROM corp_tag WHERE name = '旧'")[0]
    path = str(corp.home.csv("elsewhere.csv", "userid,external_userid", pairs))
    plan = str(corp.home.home / "elsewhere.plan")
    corp.do("tags", "plan", path, "--add", "外部/旧", "--add", "年中", "-o", plan)
    with session(corp.home) as s:
        tags_api.add(s.client, "外部", "新")
        tags_api.delete(s.client, [old])
    corp.do("tags", "create", "外部", "新", "--yes", allowed=(0, 3))
    corp.do("apply", plan, *LIFTED, allowed=(0, 3))
    with corp.home.world() as world:
        console.delete_relation(world, *pairs[0])
    corp.do("archive", "consent", allowed=(0, 10))
    corp.do("sync", "tags", "contacts")
    named = (
        "SELECT name FROM corp_tag t JOIN tag_group USING (group_id) WHERE group_name = '外部' AND t.deleted_at IS NULL"
    )
    assert corp.home.sql(named) == [("新",)]


def rename_channel(corp: Corp) -> None:
    """A code by which customers came gets another channel."""
    (code,) = corp.home.sql(
        "SELECT code_id FROM live_code WHERE kind = 'contact' AND gone_at IS NULL ORDER BY id LIMIT 1"
    )[0]
    corp.do("sandbox", "scan", code, "--count", "5")
    corp.do("sync", "contacts")
    corp.do("livecodes", "update", code, "--channel", "moved", "--yes")


def come_back(corp: Corp) -> None:
    """A customer whom a member deleted is added again a week later, by another code."""
    (pair,) = corp.home.sql(
        "SELECT userid, external_userid FROM relation WHERE status = 'active' AND state <> '' ORDER BY id DESC LIMIT 1"
    )
    with corp.home.world() as world:
        console.delete_relation(world, *pair)
    corp.do("sync", "contacts", "--max-removals", "100%")
    corp.later(24 * 7)
    with corp.home.world() as world:
        console.add_relation(world, *pair, state="again", add_way=3)


def live_codes(corp: Corp, count: int = 10) -> None:
    """Codes of every kind and welcome templates: made, changed, deleted by a file."""
    members = [userid for (userid,) in corp.home.sql("SELECT DISTINCT owner FROM group_chat ORDER BY 1 LIMIT 4")]
    chats = [chat for (chat,) in corp.home.sql("SELECT chat_id FROM group_chat LIMIT 2")]
    entries = channels(count, members, chats)
    book = {"codes": entries, "welcomes": list(WELCOMES)}
    corp.do("livecodes", "push", corp.file("codes.yaml", book), *LIFTED)
    for entry in entries:
        if "members" in entry and not entry.get("single"):
            entry["members"] = sorted({*entry["members"], members[-1]})
        if entry.get("kind") == "group":
            entry["room_number"] = 5
    book["welcomes"][0] = {"name": "会员群", "text": "新的"}
    kept = {"codes": entries[:-1], "welcomes": book["welcomes"][:-1]}
    corp.do("livecodes", "push", corp.file("codes.yaml", kept), "--delete-missing", *LIFTED)
    for name in (entries[6]["name"], entries[7]["name"]):
        corp.do("livecodes", "delete", name, *LIFTED)
    corp.do("livecodes", "stats", "-f", "json")


def leave(corp: Corp) -> None:
    """A member's case from start to the end: moved while working, the rest after leaving."""
    found = scene(corp.home, LEAVER)
    started = found.start("--tell", "--message", "今后由谭博为您服务。")
    assert started.code == 0, started.err
    found.run()


def block(corp: Corp) -> None:
    """The case of somebody with few customers, at whose end the member is not deleted but disabled."""
    rows = corp.home.sql(
        "SELECT m.userid FROM member m JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.status = 1 AND m.follows GROUP BY 1 ORDER BY count(*), 1 LIMIT 2"
    )
    found = Scene(corp.home, rows[0][0], (rows[1][0], rows[1][0]), "")
    started = found.start(then="disable", takers=found.takers[:1])
    assert started.code == 0, started.err
    found.run()


def inherit(corp: Corp) -> None:
    """Customers and groups of somebody whom HR deleted go to a colleague."""
    rows = corp.home.sql(
        "SELECT g.owner FROM group_chat g JOIN member m ON m.userid = g.owner AND m.status = 1 "
        "JOIN relation r ON r.userid = g.owner AND r.status = 'active' GROUP BY 1 ORDER BY count(*), 1"
    )
    (gone,), (taker,) = rows[0], rows[-1]
    with corp.home.world() as world:
        control.delete_member(world, gone)
    corp.later(0.1)  # a deletion may need a minute to be known everywhere
    corp.do("sync", "members", "groups", "--max-removals", "100%")
    plan = str(corp.home.home / "inherit.plan")
    corp.do("transfers", "plan", "--from", gone, "--to", taker, "--groups", "-o", plan)
    corp.do("apply", plan, *LIFTED, "--confirm", CORP, allowed=(0, 3))
    corp.later(25)
    corp.do("transfers", "poll", allowed=(0, 3))


def names_and_ids(corp: Corp) -> None:
    """Members and departments where WeCom finds the answers with details too large."""
    with corp.home.world() as world:
        control.set_limits(world, details=2)
    corp.do("sync", "members", "--max-removals", "100%")
    with corp.home.world() as world:
        control.set_limits(world, details=10_000)


def archive(corp: Corp, *flags: str, pulled: int = 0) -> None:
    """Conversations fetched, and who agreed to that."""
    corp.do("archive", "pull", *flags, allowed=(pulled,))
    corp.do("archive", "consent", allowed=(0, 10))
    corp.do("archive", "consent", "--groups", allowed=(0, 10))


def move(corp: Corp, count: int = 4) -> None:
    """Customers of somebody who works here go to a colleague, who is asked for them a day later."""
    rows = corp.home.sql(
        "SELECT m.userid FROM member m JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.status = 1 AND m.follows GROUP BY 1 HAVING count(*) > 20 ORDER BY count(*), 1 LIMIT 2"
    )
    (giver,), (taker,) = rows
    known = "SELECT external_userid FROM relation WHERE userid = ?"
    own = corp.home.sql(
        f"SELECT external_userid FROM relation WHERE userid = ? AND status = 'active' AND external_userid NOT IN "
        f"({known}) ORDER BY id LIMIT ?",
        giver,
        taker,
        count,
    )
    plan = str(corp.home.home / "move.plan")
    wishes = [(giver, external, taker) for (external,) in own]
    file = str(corp.home.csv("move.csv", "userid,external_userid,takeover", wishes))
    corp.do("transfers", "plan", file, "-o", plan)
    corp.do("apply", plan, *LIFTED, "--confirm", CORP, allowed=(0, 3))
    corp.later(25)
    corp.do("transfers", "poll", allowed=(0, 3))
    corp.later(25)
    corp.do("transfers", "poll", allowed=(0, 3))
