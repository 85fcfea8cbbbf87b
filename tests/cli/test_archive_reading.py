"""`wecrm archive list`, `show` and `export`, through the front door, on an archive that a pull could have stored."""

import base64
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Wecrm
from wecrm.models.archive import Sealed
from wecrm.models.message import media, parse, searchable
from wecrm.store.archive import media as queue
from wecrm.store.archive import pages, pulls
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.opening import open_archive

CORP = "wwsandbox00000001"
AT = 1_790_000_000_000  # 2026-09-21 22:13 in China
HOUR, DAY = 3_600_000, 86_400_000
ROOM = "wrROOM00000000000000000000000001"
EVIL = "<script>alert(1)</script>\x1b[31m\u202e<img src=x onerror=alert(2)>"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILES = {"SMALL": PNG, "LARGE": PNG + zlib.compress(os.urandom(900)) * 500, "DOC": b"words" * 100}


def said(n: int, sender: str, to: list[str], kind: str, content: Any, at: int, **more: Any) -> dict[str, Any]:
    head = {"msgid": f"m{n}", "action": "send", "from": sender, "tolist": to, "roomid": "", "msgtime": at}
    return {**head, "msgtype": kind, kind: content, **more}


def talk(member: str, customer: str, other: str) -> list[dict[str, Any]]:
    """A single chat of two days, a group, and a member who went to another corp."""
    quote = "这是一条引用/回复消息：\n“ann：\n多少钱？”\n------\n三百"
    record = {"title": "昨天", "item": [{"type": "ChatRecordText", "msgtime": 1, "content": '{"content":"转发的话"}'}]}
    us, them = [customer], [member]
    return [
        said(1, customer, them, "text", {"content": "您好，多少钱？"}, AT),
        said(2, member, us, "text", {"content": quote}, AT + 1000),
        said(3, member, us, "text", {"content": "说错了"}, AT + 2000),
        said(4, member, us, "revoke", {"pre_msgid": "m3"}, AT + HOUR, action="recall"),
        said(5, customer, them, "text", {"content": EVIL}, AT + HOUR + 1),
        said(6, customer, them, "image", {"sdkfileid": "SMALL", "filesize": len(PNG), "md5sum": ""}, AT + HOUR + 2),
        said(7, customer, them, "image", {"sdkfileid": "LARGE", "filesize": 9, "md5sum": ""}, AT + HOUR + 3),
        said(8, member, us, "file", {"sdkfileid": "DOC", "filename": "../<b>计划.docx", "fileext": "docx"}, AT + DAY),
        said(9, member, us, "file", {"sdkfileid": "NEVER", "filename": "late.pdf"}, AT + DAY + 1),
        said(10, customer, them, "chatrecord", record, AT + DAY + 2),
        said(11, member, [customer, other], "text", {"content": "群里好"}, AT + DAY + 3000, roomid=ROOM),
        said(12, other, [member, customer], "text", {"content": "大家好"}, AT + DAY + 4000, roomid=ROOM),
        {"msgid": "m13", "action": "switch", "time": AT + 2 * DAY, "user": member},
    ]


def fill(home: Path, page: list[dict[str, Any]]) -> None:
    """Store the messages as a pull does, and the media files as a fetch does."""
    with closing(open_archive(home / "data" / f"{CORP}.archive.db", CORP)) as store:
        read = []
        for n, each in enumerate(page, 1):
            message = parse(json.dumps(each, ensure_ascii=False).encode())
            read.append(pages.Read(Sealed(n, each["msgid"], 1, "", ""), message, searchable(message), media(message)))
        pages.store_page(store, Memory(UTC), pulls.begin(store, 0, 1), read, seq=len(page), now=AT // 1000)
        files = MediaFiles(home / "data" / f"{CORP}.archive.media", store.key)
        for wanted in queue.due(store, AT / 1000, 10):
            if wanted.sdkfileid in FILES:
                part = files.part(wanted.id, 0)
                part.add(FILES[wanted.sdkfileid], last=True)
                name = part.name(wanted.kind, wanted.extension)
                part.keep(name)
                fetched = queue.Fetched(name, part.sha256, part.md5, part.written)
                queue.finish(store, wanted, fetched, AT / 1000)


@pytest.fixture(scope="module")
def home(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synced corp with an archive; only to be copied."""
    home = tmp_path_factory.mktemp("talked") / "home"
    shutil.copytree(filled, home)
    wecrm = Wecrm(home)
    (member, customer), *_rest = wecrm.sql(
        "SELECT r.userid, r.external_userid FROM relation r JOIN relation_tag t ON t.relation_id = r.id"
        " WHERE r.status = 'active' ORDER BY 2 LIMIT 1"
    )
    (other,) = wecrm.sql("SELECT external_userid FROM relation WHERE external_userid > ? LIMIT 1", customer)[0]
    fill(home, talk(member, customer, other))
    (home / "people.json").write_text(json.dumps([member, customer, other]))
    return home


@pytest.fixture
def talked(home: Path, tmp_path: Path) -> Wecrm:
    """The command line on that archive."""
    shutil.copytree(home, tmp_path / "home")
    return Wecrm(tmp_path / "home")


def people(wecrm: Wecrm) -> list[str]:
    found: list[str] = json.loads((wecrm.home / "people.json").read_text())
    return found


def name_of(wecrm: Wecrm, id_: str) -> str:
    sql = "SELECT name FROM member WHERE userid = ?1 UNION SELECT name FROM contact WHERE external_userid = ?1"
    return str(wecrm.sql(sql, id_)[0][0])


def tag_of(wecrm: Wecrm, customer: str, other: str) -> str:
    """A tag that the one customer has and the other has not."""
    sql = (
        "SELECT g.group_name || '/' || t.name FROM relation_tag x JOIN relation r ON r.id = x.relation_id"
        " JOIN corp_tag t ON t.tag_id = x.tag_id JOIN tag_group g ON g.group_id = t.group_id"
        " WHERE r.external_userid = ? AND r.status = 'active' AND x.tag_id NOT IN (SELECT y.tag_id FROM relation_tag y"
        " JOIN relation s ON s.id = y.relation_id WHERE s.external_userid = ?)"
    )
    return str(wecrm.sql(sql, customer, other)[0][0])


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def accesses(wecrm: Wecrm) -> list[tuple[str, str, str, int]]:
    with closing(sqlite3.connect(wecrm.home / "data" / f"{CORP}.archive.db")) as db:
        return db.execute("SELECT command, reason, filter, rows FROM access ORDER BY id").fetchall()


# -- list


def test_list_names_conversations_and_counts_them(talked: Wecrm) -> None:
    member, customer, other = people(talked)
    listed = rows(talked("archive", "list", "-f", "json", "--columns", "*"))
    assert [(row["kind"], row["messages"], row["people"]) for row in listed] == [
        ("other", 1, 1),
        ("group", 2, 3),
        ("single", 10, 2),
    ]
    single = listed[2]
    assert (single["members"], single["contacts"]) == ([member], [customer])
    assert single["name"] == f"{name_of(talked, member)} · {name_of(talked, customer)}"
    assert single["key"] == " ".join(sorted([member, customer]))
    assert sorted(listed[1]["contacts"]) == sorted([customer, other])


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (["--member", "MEMBER"], ["other", "group", "single"]),
        (["--contact", "CUSTOMER"], ["group", "single"]),
        (["--contact", "CUSTOMER_NAME", "--type", "image"], ["single"]),
        (["--from", "OTHER"], ["group"]),
        (["--to", "OTHER"], ["group"]),
        (["--group", ROOM], ["group"]),
        (["--tag", "TAG"], ["group", "single"]),
        (["--type", "file, chatrecord"], ["single"]),
        (["--since", "2026-09-23"], ["other"]),
        (["--until", "2026-09-21"], ["single"]),
        (["--since", "2026-09-22", "--until", "2026-09-22", "--type", "text"], ["group"]),
        (["--where", "kind = 'group' or messages > 5"], ["group", "single"]),
        (["--where", "contacts has 'OTHER'"], ["group"]),
        (["--sort", "messages", "--limit", "1"], ["other"]),
    ],
)
def test_filters_choose_conversations(talked: Wecrm, options: list[str], kinds: list[str]) -> None:
    member, customer, other = people(talked)
    known = {
        "MEMBER": member,
        "CUSTOMER_NAME": name_of(talked, customer),
        "CUSTOMER": customer,
        "OTHER": other,
        "TAG": tag_of(talked, customer, other),
    }
    asked = [re.sub("[A-Z_]{3,}", lambda found: known.get(found[0], found[0]), option) for option in options]
    assert [row["kind"] for row in rows(talked("archive", "list", "-f", "json", *asked))] == kinds


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--member", "nobody.there"], "Nobody in the archive or the cache is 'nobody.there'."),
        (["--group", "wrNone"], "No group in the archive or the cache is 'wrNone'."),
        (["--type", "imgae"], "Did you mean image?"),
        (["--tag", "no such tag"], "There is no tag 'no such tag'."),
        (["--since", "soon"], "is no time"),
        (["--where", "messges > 1"], "messages"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(talked: Wecrm, options: list[str], told: str) -> None:
    result = talked("archive", "list", *options)
    assert result.code == 2
    assert told in result.err
    assert accesses(talked) == []


def test_the_tag_of_a_customer_who_was_lost_chooses_nothing(talked: Wecrm) -> None:
    _member, customer, other = people(talked)
    tag = tag_of(talked, customer, other)
    assert rows(talked("archive", "list", "-f", "json", "--tag", tag)) != []
    with closing(sqlite3.connect(talked.database)) as db:
        db.execute("UPDATE relation SET status = 'lost'")
        db.commit()
    assert rows(talked("archive", "list", "-f", "json", "--tag", tag)) == []


def test_without_a_cache_ids_stand_for_names(talked: Wecrm) -> None:
    for path in (talked.home / "data").glob(f"{CORP}.db*"):
        path.unlink()
    assert [row["name"] for row in rows(talked("archive", "list", "-f", "json"))] == [None, None, None]
    result = talked("archive", "list", "--tag", "VIP")
    assert (result.code, "Run `wecrm sync` first." in result.err) == (2, True)
    assert talked("archive", "show", "m5", "-f", "table").code == 0
    assert talked("archive", "export", "-o", str(talked.home / "out")).code == 0


# -- show


def drawn(wecrm: Wecrm, *argv: str) -> str:
    result = wecrm("archive", "show", *argv, "-f", "table")
    assert result.code == 0, result.err
    return result.out


def test_show_draws_a_chat(talked: Wecrm) -> None:
    member, customer, _other = people(talked)
    text = drawn(talked, f"{customer} {member}")
    lines = text.splitlines()
    assert f"{name_of(talked, member)} ({member})" in lines[0]
    days = [line.strip("─ ") for line in lines if line.startswith("──")]
    assert days == ["2026-09-21", "2026-09-22"]
    asked = next(line for line in lines if "您好，多少钱" in line)
    answered = next(line for line in lines if line.endswith("三百"))
    assert asked == "您好，多少钱？"
    assert answered.startswith("   ")
    assert any(line.strip() == "│ 多少钱？" for line in lines)
    back = lines.index(next(line for line in lines if line.strip() == "说错了"))
    assert lines[back + 1].strip() == "[taken back at 2026-09-21 23:13]"
    assert any("[revoked a message]" in line for line in lines)
    assert any(line.strip() == "转发的话" for line in lines)
    assert [line for line in lines if "(not fetched yet)" in line]
    path = next(line.split("→ ")[1] for line in lines if line.strip().startswith("→") and line.endswith(".docx"))
    assert Path(path).read_bytes() == FILES["DOC"]


def test_show_obeys_nothing_that_was_said(talked: Wecrm) -> None:
    text = drawn(talked, "m5")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script>alert(1)</script>\\e[31m\\u202e" in text.replace("\n", "")


def test_wide_characters_stand_at_the_edge(talked: Wecrm) -> None:
    from rich.cells import cell_len

    member, customer, _other = people(talked)
    lines = drawn(talked, f"{customer} {member}").splitlines()
    (divider,) = {cell_len(line) for line in lines if line.startswith("──")}
    head = next(line for line in lines if line.endswith(f"({member})  22:13"))  # wider than what it stands above
    back = next(line for line in lines if line.endswith("[taken back at 2026-09-21 23:13]"))
    assert name_of(talked, member) in head
    assert cell_len(name_of(talked, member)) > len(name_of(talked, member))
    assert cell_len(head) == cell_len(back) == divider


def test_a_msgid_shows_what_stands_around_it(talked: Wecrm) -> None:
    text = drawn(talked, "m3", "--limit", "2")
    assert [line.strip() for line in text.splitlines() if "▶" in line]
    assert "说错了" in text
    assert "三百" in text
    assert "您好" not in text
    assert "[revoked a message]" in text
    assert "script" not in text


def test_a_pipe_gets_rows_and_limit_means_the_newest(talked: Wecrm) -> None:
    member, customer, _other = people(talked)
    key = f"{member} {customer}"
    found = rows(talked("archive", "show", key, "-f", "json", "--limit", "3", "--columns", "*"))
    assert [row["msgid"] for row in found] == ["m8", "m9", "m10"]
    assert found[0]["summary"] == "[file] ../<b>计划.docx"
    assert found[0]["files"][0].endswith(".docx")
    assert found[1]["files"] == ["wanted"]
    assert found[2]["text"] == "昨天\n转发的话"
    taken = rows(
        talked("archive", "show", key, "-f", "json", "--where", "revoked_at is not null", "--columns", "msgid")
    )
    assert taken == [{"msgid": "m3"}]
    images = rows(talked("archive", "show", key, "-f", "json", "--type", "image", "--columns", "msgid"))
    assert [row["msgid"] for row in images] == ["m6", "m7"]


def test_messages_stand_in_the_order_of_their_times(talked: Wecrm) -> None:
    member, customer, _other = people(talked)
    fill(talked.home, [said(99, customer, [member], "text", {"content": "迟到"}, AT + 1500)])
    found = rows(
        talked("archive", "show", f"{member} {customer}", "-f", "json", "--columns", "msgid", "--limit", "100")
    )
    assert [row["msgid"] for row in found][:4] == ["m1", "m2", "m99", "m3"]
    page = next(text for text in map(Path.read_text, exported(talked).glob("*.html")) if "迟到" in text)
    for text in (page, drawn(talked, f"{member} {customer}", "--limit", "100")):
        assert sorted(("三百", "迟到", "说错了"), key=text.index) == ["三百", "迟到", "说错了"]


@pytest.mark.parametrize("form", ["csv", "ndjson", "table"])
def test_a_reader_who_goes_away_ends_it_quietly(talked: Wecrm, form: str) -> None:
    member, customer, _other = people(talked)
    fill(talked.home, [said(n, customer, [member], "text", {"content": "长" * 99}, AT + n) for n in range(1000, 3000)])
    with talked.process("archive", "show", f"{member} {customer}", "-f", form, "--limit", "2000") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (0, b"")


def test_what_is_not_archived_is_refused(talked: Wecrm) -> None:
    result = talked("archive", "show", "m99999")
    assert (result.code, "No archived conversation or message is 'm99999'." in result.err) == (2, True)


def test_every_look_is_in_the_access_log_before_it_happens(talked: Wecrm) -> None:
    member, customer, _other = people(talked)
    talked("archive", "list", "--member", member, "--reason", "audit")
    talked("archive", "show", f"{member} {customer}", "--limit", "2", "--reason", "complaint 7")
    drawn(talked, "m5", "--limit", "2", "--reason", "again")
    talked("archive", "export", "-o", str(talked.home / "out"), "--type", "file", "--reason", "court")
    assert accesses(talked) == [
        ("archive list", "audit", f"--member {member}", 3),
        ("archive show", "complaint 7", f"{member} {customer}", 2),
        ("archive show", "again", "m5", 3),
        ("archive export", "court", f"--by conversation -f html -o {talked.home / 'out'} --type file", 2),
    ]


def test_nothing_is_shown_when_the_access_cannot_be_written(talked: Wecrm) -> None:
    with closing(sqlite3.connect(talked.home / "data" / f"{CORP}.archive.db")) as db:
        db.execute("CREATE TRIGGER full_ BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'full'); END")
    for argv in (["list"], ["show", "m1"], ["show", "m1", "-f", "table"]):
        result = talked("archive", *argv)
        assert (result.code != 0, result.out) == (True, "")
    assert talked("archive", "export", "-o", str(talked.home / "out")).code != 0
    assert list((talked.home / "out").iterdir()) == []


# -- export


class Seen(HTMLParser):
    """Tags, addresses and text of a page, as a browser would take them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _value in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def exported(wecrm: Wecrm, *options: str) -> Path:
    folder = wecrm.home / "out"
    result = wecrm("archive", "export", "-o", str(folder), *options)
    assert result.code == 0, result.err
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_a_page_holds_the_conversation_with_its_media(talked: Wecrm) -> None:
    member, customer, _other = people(talked)
    folder = exported(talked, "--from", customer, "--embed-kb", "10")
    page = only(folder, f"*{name_of(talked, customer)[:3]}*.html")
    seen = Seen(page.read_text("utf-8"))
    for words in ("您好，多少钱？", "2026-09-21", "转发的话", member, customer):
        assert words in seen.text
    (picture,) = (address for address in seen.addresses if address.startswith("data:"))
    assert base64.b64decode(picture.partition(",")[2]) == PNG
    (large,) = (address for address in seen.addresses if address.startswith("media/"))
    assert (folder / large).read_bytes() == FILES["LARGE"]
    assert "说错了" not in seen.text  # the member said it


def test_a_page_runs_nothing_and_fetches_nothing(talked: Wecrm) -> None:
    folder = exported(talked)
    pages = list(folder.rglob("*.html"))
    assert len(pages) == 4
    for path in pages:
        text = path.read_text("utf-8")
        seen = Seen(text)
        assert seen.tags.isdisjoint({"script", "iframe", "object", "link", "base", "form", "b"})
        assert seen.handlers == []
        assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text
        for address in seen.addresses:
            assert address.startswith("data:image/png;base64,") or re.fullmatch(r"[\w%./-]+\.(html|docx|png)", address)
    everything = "".join(path.read_text("utf-8") for path in pages)
    assert "<script>alert(1)</script>\\e[31m\\u202e<img src=x onerror=alert(2)>" in Seen(everything).text
    assert "\x1b" not in everything


def test_quotes_revokes_and_missing_files_are_marked(talked: Wecrm) -> None:
    folder = exported(talked, "--group", ROOM)
    assert [path.name for path in folder.glob("*.html")] == sorted([f"{ROOM}.html", "index.html"])
    shutil.rmtree(folder)
    folder = exported(talked, "--type", "text,file")
    text = next(t for t in (p.read_text("utf-8") for p in folder.glob("*.html")) if "说错了" in t)
    assert '<div class="line quoted">' in text
    assert re.search(r'class="right revoked".*说错了.*\[taken back at 2026-09-21 23:13\]', text)
    assert re.search(r"late\.pdf.*\(never fetched\)", text)


def test_files_are_private_and_their_names_harmless(talked: Wecrm) -> None:
    with closing(sqlite3.connect(talked.database)) as db:
        db.execute("UPDATE contact SET name = ? WHERE external_userid = ?", ("../../evil\x1b<x>\n", people(talked)[1]))
        db.commit()
    folder = exported(talked, "--by", "contact")
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
        assert not re.search(r"[\x00-\x1f<>:*?|]", path.name)
    assert not list(talked.home.glob("evil*"))
    assert len(list(folder.glob("*/index.html"))) == 2


@pytest.mark.parametrize("by", ["member", "contact", "group"])
def test_folders_hold_what_belongs_to_each(talked: Wecrm, by: str) -> None:
    member, customer, other = people(talked)
    folder = exported(talked, "--by", by, "--format", "jsonl")
    found = {}
    for path in folder.rglob("*.jsonl"):
        if path.name != "index.jsonl":
            place = path.parent.name if by != "group" else path.stem
            found.setdefault(place, []).extend(json.loads(line)["msgid"] for line in path.read_text().splitlines())
    room, single = ["m11", "m12"], [f"m{n}" for n in range(1, 11)]
    expected = {
        "member": {member: {*room, *single, "m13"}},
        "contact": {customer: {*room, *single}, other: {*room}},
        "group": {ROOM: {*room}},
    }[by]
    assert len(found) == len(expected)
    for id_, messages in expected.items():
        (place,) = (name for name in found if id_ in name)
        assert set(found[place]) == messages


def test_a_person_who_is_asked_for_gets_the_only_folder(talked: Wecrm) -> None:
    _member, customer, _other = people(talked)
    folder = exported(talked, "--by", "contact", "--contact", customer, "--format", "jsonl")
    (place,) = {path.parent.name for path in folder.glob("*/*.jsonl")}
    assert customer in place


def test_by_case_holds_the_conversations_of_leavers(talked: Wecrm) -> None:
    result = talked("archive", "export", "-o", str(talked.home / "none"), "--by", "case")
    assert (result.code, "There is no offboarding case." in result.err) == (2, True)
    member, *_others = people(talked)
    with closing(sqlite3.connect(talked.database)) as db:
        db.execute(
            "INSERT INTO offboarding (id, userid, name, state, due, envelope, digest, approved_by, approved_at,"
            " created_at) VALUES ('offboard-1', ?, '', 'closed', '2026-10-01', '{}', '', '', 1, 1)",
            (member,),
        )
        db.commit()
    folder = exported(talked, "--by", "case")
    place = only(folder, f"*{member}*offboard-1")
    assert len(list(place.glob("*.html"))) == 4


def test_jsonl_and_csv_hold_every_message_as_it_came(talked: Wecrm) -> None:
    folder = exported(talked, "--format", "jsonl")
    lines = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    messages = {line["msgid"]: line for line in lines if "msgid" in line}
    member, customer, other = people(talked)
    assert {msgid: json.loads(line["raw"]) for msgid, line in messages.items()} == {
        each["msgid"]: each for each in talk(member, customer, other)
    }
    (copy,) = messages["m8"]["files"]
    assert (folder / copy).read_bytes() == FILES["DOC"]
    assert messages["m9"]["files"] == ["(never fetched)"]
    shutil.rmtree(folder)
    folder = exported(talked, "--format", "csv", "--no-media")
    texts = [path.read_text("utf-8-sig") for path in folder.glob("*.csv") if path.name != "index.csv"]
    found = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
    assert {row["msgid"] for row in found} == {f"m{n}" for n in range(1, 14)}
    assert next(row["files"] for row in found if row["msgid"] == "m8") == "(left out)"
    assert not (folder / "media").exists()


def test_long_conversations_are_cut_into_pages(talked: Wecrm) -> None:
    member, customer, _other = people(talked)
    many = [said(n, customer, [member], "text", {"content": f"n{n}."}, AT + n) for n in range(1000, 6001)]
    fill(talked.home, many)
    folder = exported(talked, "--contact", customer, "--type", "text", "--since", "2026-09-21")
    second = only(folder, "*.2.html")
    first = folder / second.name.replace(".2.html", ".html")
    told = "".join(re.findall(r"n\d{4}\.", first.read_text("utf-8") + second.read_text("utf-8")))
    assert told == "".join(f"n{n}." for n in range(1000, 6001))
    assert first.read_text("utf-8").count("<article") == 5000
    assert any(address.endswith(".2.html") for address in Seen(first.read_text("utf-8")).addresses)


def test_no_page_takes_the_place_of_another(talked: Wecrm) -> None:
    member, customer, other = people(talked)
    with closing(sqlite3.connect(talked.database)) as db:
        for id_, name in ((customer, "A"), (other, "A.2")):
            db.execute("UPDATE contact SET name = ? WHERE external_userid = ?", (name, id_))
        db.commit()
    many = [said(n, customer, [member], "text", {"content": f"n{n}."}, AT + n) for n in range(1000, 6001)]
    fill(talked.home, [*many, said(6001, other, [member], "text", {"content": "n6001."}, AT)])
    folder = exported(talked, "--type", "text")
    told = "".join(path.read_text("utf-8") for path in folder.glob("*.html"))
    assert len(set(re.findall(r"n\d{4}\.", told))) == 5002


def test_an_altered_record_ends_an_export_with_9(talked: Wecrm) -> None:
    with closing(sqlite3.connect(talked.home / "data" / f"{CORP}.archive.db")) as db:
        (guard,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'record_update'").fetchone()
        db.execute("DROP TRIGGER record_update")
        db.execute("UPDATE record SET raw = CAST('gone' AS BLOB) WHERE msgid = 'm5'")
        db.execute(guard)  # who alters a record with care
        db.commit()
    for argv in (["export", "-o", str(talked.home / "out")], ["show", "m5", "-f", "table"]):
        result = talked("archive", *argv)
        assert (result.code, "is not what was stored" in result.err) == (9, True)


def test_a_damaged_media_file_is_told_and_not_given(talked: Wecrm) -> None:
    stored = only(talked.home / "data" / f"{CORP}.archive.media", "??/*.docx")
    stored.write_bytes(b"other words")
    result = talked("archive", "export", "-o", str(talked.home / "out"))
    assert (result.code, "1 media files are missing or damaged" in result.err) == (9, True)
    assert not list((talked.home / "out").glob("media/*.docx"))


def test_an_encrypted_archive_gives_its_files_to_an_export_only(talked: Wecrm) -> None:
    pytest.importorskip("sqlcipher3")
    member, customer, _other = people(talked)
    profile = f"profiles:\n  sandbox:\n    corp_id: {CORP}\n    archive:\n      encryption: env:WORDS\n"
    (talked.home / "config.yaml").write_text(profile)
    talked.env["WORDS"] = "a passphrase of some words"
    assert talked("archive", "encrypt", "--yes").code == 0
    text = drawn(talked, f"{member} {customer}")
    assert ("(encrypted;" in text, "→ /" in text) == (True, False)
    folder = exported(talked)
    assert only(folder, "media/*.docx").read_bytes() == FILES["DOC"]


def test_a_folder_that_holds_something_is_left_alone(talked: Wecrm) -> None:
    folder = talked.home / "out"
    folder.mkdir()
    (folder / "mine").write_text("x")
    result = talked("archive", "export", "-o", str(folder))
    assert (result.code, "is not empty" in result.err) == (2, True)
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert accesses(talked) == []
