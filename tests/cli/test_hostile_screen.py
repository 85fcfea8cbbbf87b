"""A terminal before which everybody chose a name that wants to take it over: no command lets one through."""

import io
import re
import shutil
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.cli.main import run

EVIL = (
    "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\"  # OSC
    "\x1b[2J\x1b[31m\x9b31m\x9d0;x\x9c\x1bP+q\x1b\\"  # CSI and the 8-bit forms, DCS
    "\u202egnp.exe\u2066\u061c\r\b\x7f\x00[bold red]!</td>'\"=1+1"
)
DRAWN = re.compile("\x1b\\[[0-9;]*m|\r?\x1b\\[K")
"""What wecrm itself draws: colours, and a line taken away."""

SHOWS = [
    "contacts list --columns * --limit 10",
    "contacts list --columns name,remark,description --limit 100",
    "contacts show {contact}",
    "contacts search evil",
    "contacts lost",
    "contacts duplicates",
    "members list",
    "members show {member}",
    "groups list",
    "groups show {group}",
    "tags list",
    "tags lint",
    "tags pull -",
    "livecodes list --columns *",
    "livecodes show {code}",
    "livecodes audit",
    "livecodes stats",
    "livecodes welcomes",
    "archive search 你",
    "archive show {contact}",
    "archive media list --limit 100",
    "archive quarantine list",
    "archive seats",
    "offboard scan",
    "transfers list",
    "jobs list",
    "jobs show {job}",
    "plan show {plan}",
    "apply {plan} --dry-run",
    "apply {plan}",
    "report followers",
    "report channels",
    "report tags",
    "report staff",
    "report departments",
    "report groups",
    "report dashboard",
    "status",
    "doctor",
    "sql SELECT+*+FROM+contacts+LIMIT+50",
    "-vv sync tags",
    "contacts show {evil}",
    "tags plan {evil} --add {evil} -o {evil}",
    "apply {evil}",
    "contacts list --where {evil}",
    "contacts list --columns {evil}",
    "contacts list -f {evil}",
    "--profile {evil} status",
    "--config {evil} status",
    "jobs show {evil}",
    "report {evil}",
    "explain {evil}",
    "sql {evil}",
    "config show",
]


class Screen(io.TextIOWrapper):
    """What a terminal is sent, by whichever way."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="", write_through=True)

    def isatty(self) -> bool:
        return True

    def sent(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


class Refusing(io.StringIO):
    """Somebody who answers every question with no."""

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:
        return "n\n"


@pytest.fixture(scope="module")
def besieged(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Wecrm, dict[str, str]]:
    """A corp in which every name that somebody may choose is that one, and ids of some of its things."""
    folder = tmp_path_factory.mktemp("besieged") / "home"
    shutil.copytree(filled, folder)
    home = Wecrm(folder)
    assert home("archive", "pull", "--limit", "40").code == 0
    with home.world() as world, world.writing() as db:
        for sql in (
            "UPDATE contact SET detail = json_set(detail, '$.name', ?1, '$.position', ?1, '$.corp_name', ?1)",
            "UPDATE chat SET head = json_set(head, '$.name', ?1, '$.notice', ?1)",
            "UPDATE member SET name = ?1",
            "UPDATE tag SET name = ?1 || id",
            "UPDATE tag_group SET name = ?1 || id",
            "UPDATE department SET name = ?1",
        ):
            db.execute(sql, (EVIL.replace("\x00", ""),))
        world.changed()
    assert home("sync", "--max-removals", "100%", "-qq").code == 0
    rows = home.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 3")
    file = home.csv("remarks.csv", "userid,external_userid,remark", [(row[0], row[1], EVIL[-20:]) for row in rows])
    assert home("contacts", "remark", str(file), "--yes").code == 0
    marked = home.sql(
        "SELECT userid, external_userid, tag_id FROM relation r JOIN relation_tag t ON t.relation_id = r.id "
        "WHERE r.status = 'active' LIMIT 1"
    )[0]
    keys = home.csv("keys.csv", "userid,external_userid", [marked[:2]])
    plan = str(home.home / "a.plan")
    assert home("tags", "plan", str(keys), "--remove", marked[2], "-o", plan).code == 0
    ids = {
        "contact": rows[0][1],
        "member": rows[0][0],
        "group": home.sql("SELECT chat_id FROM group_chat")[0][0],
        "code": home.sql("SELECT code_id FROM live_code")[0][0],
        "job": home.sql("SELECT id FROM job")[0][0],
        "plan": plan,
        "evil": EVIL.replace("\x00", "").replace(" ", ""),
    }
    return home, ids


def screens(home: Wecrm, words: list[str]) -> tuple[int, str]:
    """The exit code, and all that a terminal was sent."""
    streams = sys.stdin, sys.stdout, sys.stderr
    screen = Screen()
    sys.stdin, sys.stdout, sys.stderr = Refusing(), screen, screen
    try:
        code = run(words, environ={"WECRM_HOME": str(home.home), "WECRM_PROFILE": "sandbox"})
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
    return code, screen.sent()


def obeyed(text: str) -> set[str]:
    """Characters that a terminal would do something for, besides what wecrm draws."""
    return {
        char
        for char in DRAWN.sub("", text)
        if (unicodedata.category(char) == "Cc" and char != "\n") or unicodedata.bidirectional(char) in _TURNING
    }


_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize("form", ["", "-f csv", "-f json", "-f ndjson", "-f markdown"])
def test_no_form_lets_a_name_through_to_a_terminal(besieged: tuple[Wecrm, dict[str, str]], form: str) -> None:
    home, _ids = besieged
    for noun in ("contacts --columns name", "members --columns name", "groups --columns name", "tags --columns name"):
        code, text = screens(home, [noun.split()[0], "list", *noun.split()[1:], "--limit", "20", *form.split()])
        assert code == 0
        assert "52;c;ZXZpbA==" in text
        assert obeyed(text) == set()


@pytest.mark.parametrize("command", SHOWS)
def test_no_name_takes_the_terminal_over(besieged: tuple[Wecrm, dict[str, str]], command: str) -> None:
    home, ids = besieged
    words = [word.replace("+", " ").format(**ids) for word in command.split()]
    code, text = screens(home, words)
    assert text
    assert code != 1, text
    assert obeyed(text) == set()
