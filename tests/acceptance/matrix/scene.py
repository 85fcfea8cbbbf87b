"""The one prepared corp that every cell of the fault matrix begins with: cache, journal, archive, a case, plans."""

import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import yaml

from tests.conftest import Result, Wecrm
from tests.operations import handing
from wecrm.sandbox import control
from wecrm.sandbox.archive import media
from wecrm.sandbox.archive.console import archive_say
from wecrm.sandbox.world import World

CORP = "wwsandbox00000001"
DAY_S = 86_400
PAGE_ROWS = 5
NAMES = "names.json"

Pair = tuple[str, str]


def prepared(home: Path) -> dict[str, str]:
    """Make the scene in `home`; the names that rows put into their command lines."""
    (home / "data").mkdir(parents=True)
    with World.create(home / "data" / "sandbox.world", members=14, contacts=90, groups=6, seed=7) as world:
        world.db.connection.execute("DELETE FROM archive_stream")  # nobody writes but whom the scene lets write
    wecrm = Wecrm(home)
    names = _people(wecrm)
    _configured(home, names)
    with wecrm.world() as world:
        _written(world, names, 12)
        control.archive_record(world, "{}", encrypt_chat_msg="x" * 40)  # waits in the quarantine
    good(wecrm("sync"))
    assert wecrm("archive", "pull", "--no-media").code in (0, 3)
    good(wecrm("archive", "words", "scan", "--rules", str(home / "words.yaml")))
    _journal(wecrm, names)
    _codes(wecrm, names)
    _handed(wecrm, names)
    start = ("offboard", "start", names["leaver"], "--to", names["heir"], "--due", "2026-01-01", "--then", "delete")
    good(wecrm(*start, "--tell", "--yes", "--confirm", CORP))
    with wecrm.world() as world:
        control.advance(world, 25 * 3600)
    _files(wecrm, names)
    _since(wecrm, names)
    (home / NAMES).write_bytes(msgspec.json.encode(names))
    return names


def good(result: Result) -> Result:
    assert result.code == 0, result.err
    return result


def copied(scene: Path, home: Path) -> Wecrm:
    """A private copy of the scene."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(scene, home)
    return Wecrm(home)


def _people(wecrm: Wecrm) -> dict[str, str]:
    """Who plays what: customers are given where somebody has too few."""
    with wecrm.world() as world:
        rows = world.db.connection.execute(
            "SELECT m.userid FROM member m LEFT JOIN relation r ON r.member = m.id WHERE m.status = 1 AND m.follows "
            "GROUP BY m.id ORDER BY count(r.contact) DESC, m.id"
        )
        giver, *others = [userid for (userid,) in rows]
        owners = world.db.connection.execute(
            "SELECT m.userid FROM chat JOIN member m ON m.id = owner ORDER BY m.id DESC"
        )
        leaver = next(userid for (userid,) in owners if userid != giver)  # not the first: that one made the corp
        others.remove(leaver)
        names = dict(zip(("taker", "heir", "one", "other", "lender"), others, strict=False))
        names |= {"giver": giver, "leaver": leaver}
        for who in ("giver", "leaver", "one", "lender"):
            for _n in range(6):
                control.add_relation(world, names[who], remark=f"of {who}")
    return names


def _configured(home: Path, names: dict[str, str]) -> None:
    words = home / "words.yaml"
    words.write_text(f"rules:\n- {{name: hello, regex: ['[a-z]'], owner: {names['one']}}}\n", "utf-8")
    one_by_one = {"parallel": 1, "parallel_max": 1}
    profile = {"corp_id": CORP, "limits": one_by_one}
    (home / "config.yaml").write_text(yaml.safe_dump({"profiles": {"sandbox": profile}}), "utf-8")


def _written(world: World, names: dict[str, str], count: int) -> None:
    """Members write to a customer; the last messages carry a picture and a file of several pieces."""
    customer = world.db.connection.execute("SELECT external_userid FROM contact ORDER BY id LIMIT 1").fetchone()[0]
    for n in range(count - 2):
        archive_say(world, names["one"], customer, f"hello {n}")
    kinds = ((media.IMAGE, 1, {}), (media.FILE, media.PIECE, {"filename": "offer.pdf", "fileext": "pdf"}))
    for kind, least, more in kinds:
        sent = _file(world, kind, least)
        told = {"sdkfileid": sent.sdkfileid, "md5sum": sent.md5, "filesize": sent.size, **more}
        archive_say(world, names["one"], customer, message={"msgtype": kind, kind: told})


def _file(world: World, kind: str, least: int) -> media.Sent:
    rng = random.Random(world.now())
    while True:
        sent = media.sent(world.seed, rng, kind, int(world.now()))
        if least <= sent.size <= 2 * media.PIECE:
            return sent


def _relations(wecrm: Wecrm, userid: str, count: int) -> list[Pair]:
    return wecrm.sql(
        "SELECT userid, external_userid FROM relation WHERE userid = ? AND status = 'active' ORDER BY id LIMIT ?",
        userid,
        count,
    )


def _keys(wecrm: Wecrm, name: str, keys: Sequence[Pair]) -> str:
    return str(wecrm.csv(name, "userid,external_userid", keys))


def _job(wecrm: Wecrm) -> str:
    return wecrm.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]


def _journal(wecrm: Wecrm, names: dict[str, str]) -> None:
    """A job that is done, one that was killed, and one with a row that failed."""
    keys, others = _relations(wecrm, names["one"], 3), _relations(wecrm, names["one"], 6)[3:]
    good(wecrm("tags", "apply", _keys(wecrm, "done.csv", keys), "--add", "潜在", "--yes"))
    names["done"] = _job(wecrm)
    with wecrm.world() as world:
        control.add_fault(world, kind="kill", path="mark_tag", when="after")
    killed(wecrm, "tags", "apply", _keys(wecrm, "half.csv", keys), "--add", "黑名单", "--yes")
    with wecrm.world() as world:
        control.clear_faults(world)
        names["half"] = _job(wecrm)
        control.delete_relation(world, *others[0])
    assert wecrm("tags", "apply", _keys(wecrm, "bad.csv", others), "--add", "VIP", "--yes").code == 3
    names["bad"] = _job(wecrm)
    with wecrm.world() as world:
        control.add_relation(world, *others[0])


def killed(wecrm: Wecrm, *argv: str) -> int:
    """Run a command line in a child of this process, which the sandbox may kill; its exit code, or -9."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = wecrm(*argv).code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _codes(wecrm: Wecrm, names: dict[str, str]) -> None:
    fair = {"name": "fair", "channel": "fair", "members": [names["one"]], "fallback": [names["other"]]}
    desk = {"name": "desk", "channel": "desk", "members": [names["one"], names["heir"]]}
    page = {"name": "page", "kind": "link", "channel": "page", "members": [names["one"]]}
    path = wecrm.home / "fair.yaml"
    path.write_text(yaml.safe_dump({"codes": [fair, desk, page]}, sort_keys=False), "utf-8")
    good(wecrm("livecodes", "push", str(path), "--yes"))
    more = {"name": "market", "channel": "market", "members": [names["other"]]}
    hello = {"name": "hello", "text": "hello"}
    path = wecrm.home / "market.yaml"
    changed = {"codes": [{**fair, "remark": "the fair"}, more], "welcomes": [hello]}
    path.write_text(yaml.safe_dump(changed, sort_keys=False), "utf-8")
    wecrm.csv("leave.csv", "userid,from,to", [(names["one"], "2026-01-01", "2027-12-31")])


def _handed(wecrm: Wecrm, names: dict[str, str]) -> None:
    """Transfers that are over, with memories, and some that wait to be asked for."""
    giver, taker, lender = names["giver"], names["taker"], names["lender"]
    lent = handing.customers(wecrm, lender, taker, 2)
    handing.described(wecrm, lender, lent)
    handing.transferred(wecrm, lender, taker, lent)
    names["handed"] = handing.JOB
    first, second, *_ = handing.customers(wecrm, giver, taker, 4)
    moves = wecrm.csv("moving.csv", "userid,external_userid,takeover", [(giver, c, taker) for c in (first, second)])
    good(wecrm("transfers", "apply", str(moves), "--yes"))
    rest = [c for c in handing.customers(wecrm, giver, taker, 6) if c not in (first, second)][:2]
    wecrm.csv("moves.csv", "userid,external_userid,takeover", [(giver, c, taker) for c in rest])


def _files(wecrm: Wecrm, names: dict[str, str]) -> None:
    """Input files and plans."""
    keys = _relations(wecrm, names["heir"], 2) + _relations(wecrm, names["one"], 3)[1:]
    file = _keys(wecrm, "tags.csv", keys)
    wecrm.csv("remarks.csv", "userid,external_userid,remark", [(*key, f"x{n}") for n, key in enumerate(keys)])
    good(wecrm("tags", "plan", file, "--add", "VIP", "-o", str(wecrm.home / "vip.plan")))
    library = wecrm.home / "library.yaml"
    good(wecrm("tags", "pull", str(library)))
    text = library.read_text("utf-8")
    library.write_text(text + "- group: 新组\n  tags:\n  - 新\n", "utf-8")
    rule = {"where": f"userid = '{names['heir']}'", "tag": "潜在"}
    (wecrm.home / "rules.yaml").write_text(yaml.safe_dump({"rules": [rule]}, allow_unicode=True), "utf-8")
    names["customer"] = keys[0][1]
    names["chat"], names["owner"] = wecrm.sql(
        "SELECT chat_id, owner FROM group_chat JOIN member m ON m.userid = owner WHERE m.status = 1 AND m.follows "
        "AND owner NOT IN (?, ?) ORDER BY chat_id LIMIT 1",
        names["taker"],
        names["leaver"],
    )[0]


def _since(wecrm: Wecrm, names: dict[str, str]) -> None:
    """What happened at WeCom since the last sync and pull; from now on pages are small."""
    with wecrm.world() as world:
        for n in range(4):
            control.add_relation(world, names["other"], name=f"新{n}")
        gone = next(r for r in control.truth(world) if r.userid == names["lender"])
        control.delete_relation(world, gone.userid, gone.external_userid)
        _written(world, names, 9)
        control.advance(world, 60)  # a pull leaves what is said while it runs to the next
        control.set_limits(world, page_rows=PAGE_ROWS)
