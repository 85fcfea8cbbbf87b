"""`wecrm archive search`, through the front door, on an archive that a pull could have stored."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from tests.conftest import Result, Wecrm
from wecrm.models.archive import Sealed
from wecrm.models.message import parse, searchable
from wecrm.store.archive import pages, pulls
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.opening import open_archive

CORP = "wwsandbox00000001"
AT = 1_790_000_000_000
TEXTS = (
    "早上好",
    "我要退款，订单 A-17",
    "请问为什么要退款？",
    "质量不好",
    "OK, Ｒefund ok",
    "\x1b[31m退款\x1b[0m",
    "再见",
)


def said(n: int, sender: str, to: str, kind: str, content: dict[str, object]) -> dict[str, object]:
    head = {"msgid": f"m{n}", "action": "send", "from": sender, "tolist": [to], "msgtime": AT + n * 60_000}
    return {**head, "msgtype": kind, kind: content}


@pytest.fixture(scope="module")
def filled_archive(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """A synced corp with an archive: one customer with a tag, one without, talking with the same member."""
    home = tmp_path_factory.mktemp("found") / "home"
    shutil.copytree(filled, home)
    wecrm = Wecrm(home)
    tag_sql = "SELECT l.external_userid, l.userid FROM relation l JOIN relation_tag t ON t.relation_id = l.id"
    customer, member = wecrm.sql(f"{tag_sql} WHERE l.status = 'active' ORDER BY 1 LIMIT 1")[0]
    other = wecrm.sql(f"SELECT external_userid FROM relation WHERE external_userid NOT IN (SELECT 1 FROM ({tag_sql}))")
    untagged = next(id_ for (id_,) in other if id_ not in {one for one, _m in wecrm.sql(tag_sql)})
    page = [
        said(n, *((customer, member) if n % 2 else (member, customer)), "text", {"content": text})
        for n, text in enumerate(TEXTS)
    ]
    page.append(said(7, untagged, member, "file", {"filename": "退款说明.docx", "fileext": "docx", "sdkfileid": "SDK"}))
    page.append(said(8, untagged, member, "text", {"content": "退" * 500 + "款" + "尾" * 500}))
    page.append({**said(9, customer, member, "revoke", {"pre_msgid": "m1"}), "action": "recall"})
    with closing(open_archive(home / "data" / f"{CORP}.archive.db", CORP)) as store:
        read = []
        for n, each in enumerate(page, 1):
            message = parse(json.dumps(each, ensure_ascii=False).encode())
            read.append(pages.Read(Sealed(n, str(each["msgid"]), 1, "", ""), message, searchable(message)))
        pages.store_page(store, Memory(UTC), pulls.begin(store, 0, 1), read, seq=len(page), now=AT // 1000)
    (home / "people.json").write_text(json.dumps([customer, member, untagged]))
    return wecrm


def ids(result: Result) -> list[str]:
    assert result.code == 0, result.err
    return [row["msgid"] for row in json.loads(result.out)]


def people(wecrm: Wecrm) -> tuple[str, str, str]:
    customer, member, untagged = json.loads((wecrm.home / "people.json").read_text())
    return customer, member, untagged


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("退款", ["m8", "m7", "m5", "m2", "m1"]),
        ("退", ["m8", "m7", "m5", "m2", "m1"]),
        ("为什么要退", ["m2"]),
        ("要 订单", ["m1"]),
        ("refund", ["m4"]),
        ("a-17", ["m1"]),
        (".docx", ["m7"]),
        ("nowhere", []),
    ],
)
def test_any_piece_is_found_the_newest_first(filled_archive: Wecrm, text: str, expected: list[str]) -> None:
    assert ids(filled_archive("archive", "search", text, "-f", "json")) == expected


def test_filters_narrow_and_tags_come_from_the_cache(filled_archive: Wecrm) -> None:
    customer, member, untagged = people(filled_archive)
    tag = filled_archive.sql(
        "SELECT t.name FROM corp_tag t JOIN relation_tag r USING (tag_id) JOIN relation l ON l.id = r.relation_id "
        "WHERE l.external_userid = ? LIMIT 1",
        customer,
    )[0][0]
    search = ("archive", "search", "退款", "-f", "json")
    assert ids(filled_archive(*search, "--tag", tag)) == ["m5", "m2", "m1"]
    assert ids(filled_archive(*search, "--contact", untagged)) == ["m8", "m7"]
    assert ids(filled_archive(*search, "--from", member)) == ["m2"]
    assert ids(filled_archive(*search, "--type", "file")) == ["m7"]
    assert ids(filled_archive(*search, "--limit", "2")) == ["m8", "m7"]


def test_context_stands_in_the_order_of_the_talk_and_hits_are_told(filled_archive: Wecrm) -> None:
    result = filled_archive("archive", "search", "质量", "--context", "2", "-f", "json")
    assert ids(result) == ["m1", "m2", "m3", "m4", "m5"]
    rows = json.loads(result.out)
    assert [row["hit"] for row in rows] == [False, False, True, False, False]
    assert [row["revoked"] for row in rows] == [True, False, False, False, False]


def test_each_search_is_in_the_access_log_before_its_rows(filled_archive: Wecrm) -> None:
    filled_archive("archive", "search", "质量", "--context", "1", "--reason", "claim 17", "--type", "text")
    newest = json.loads(filled_archive("archive", "accesses", "-f", "json", "--limit", "1").out)[0]
    wanted = ("archive search", "claim 17", "质量 --type text", 3)
    assert (newest["command"], newest["reason"], newest["filter"], newest["rows"]) == wanted


def test_an_anchor_that_fails_shows_nothing(filled_archive: Wecrm, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    own = {"corp_id": CORP, "archive": {"anchor": {"command": "false"}}}
    config.write_text(json.dumps({"profiles": {"sandbox": own}}))
    result = filled_archive("--config", str(config), "archive", "search", "质量")
    assert (result.code, result.out) == (4, "")
    assert "质量" not in result.err


@pytest.mark.parametrize("text", ["", "  ", "x" * 201])
def test_nothing_to_look_for_is_a_usage_error(filled_archive: Wecrm, text: str) -> None:
    assert filled_archive("archive", "search", text).code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_on_a_terminal_the_words_stand_out_and_nothing_is_obeyed(filled_archive: Wecrm) -> None:
    import pty

    environ = {**os.environ, "WECRM_HOME": str(filled_archive.home), "WECRM_PROFILE": "sandbox", "TERM": "xterm"}
    environ = {name: value for name, value in environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    command = [sys.executable, "-m", "wecrm", "archive", "search", "退款", "--context", "1"]
    controller, terminal = pty.openpty()
    with subprocess.Popen(command, stdout=terminal, stderr=subprocess.DEVNULL, env=environ) as process:
        os.close(terminal)
        drawn = b""
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while piece := os.read(controller, 65536):
                drawn += piece
    os.close(controller)
    text = drawn.decode()
    assert process.returncode == 0
    assert "\x1b[1;31m退款\x1b[0m" in text
    assert "\x1b[31m退款" not in text  # what a customer sent is spelled out
    assert "\\e[31m" in text
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    assert "> 2026-09-21 22:14" in plain
    assert re.search("…退{31}款尾+…", plain)
