"""Every format of every list command, on a corp whose customers chose hostile names."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import leaves
from tests.conftest import Wecrm
from tests.reports.pages import Page
from wecrm.cli.registry import COMMANDS
from wecrm.sandbox import control
from wecrm.store.views import VIEWS

LISTS = ("members", "contacts", "groups", "tags", "jobs")
RUNNABLE = re.compile("[=+\\-@\t\r]")
every_list = pytest.mark.parametrize("view", LISTS)


def expected(corp: Wecrm, view: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Keys and values of the text columns of a view, straight from the cache, in order of its key."""
    keys = [column.key for column in VIEWS[view].columns if column.kind in ("text", "id")]
    names = ", ".join(f'CAST("{key}" AS TEXT)' for key in keys)
    order = ", ".join(f'"{key}"' for key in VIEWS[view].key)
    rows = corp.sql(f'SELECT {names} FROM "{view}" ORDER BY {order}')
    return keys, rows


def listed(corp: Wecrm, view: str, fmt: str, *more: str) -> str:
    """All text columns in order of the key, in that format."""
    keys, _rows = expected(corp, view)
    result = corp(view, "list", "-f", fmt, "--columns", ",".join(keys), "--sort", ",".join(VIEWS[view].key), *more)
    assert result.code == 0, result.err
    return result.out


def empties(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


def controls(text: str) -> set[str]:
    """Characters that a terminal would obey, line ends apart."""
    return {char for char in text if unicodedata.category(char) in ("Cc", "Cs") and char != "\n"} | (
        {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"} & {*text}
    )


def test_every_command_that_lists_a_view_takes_all_row_options(root: Any) -> None:
    wanted = {"format", "output", "columns", "where", "sort", "limit", "csv_safe"}
    found = set()
    for first in COMMANDS:
        if first in LISTS:
            for words, command in leaves(root, first):
                if words[-1] in ("list", "search"):
                    assert wanted <= {each.name for each in command.params}, words
                    found.add(first)
    assert found == set(LISTS)


NOT_ALL = {
    "archive search",
    "archive sample",
    "archive media list",
    "archive words hits",
    "db backup",
    "explain",
    "sql",
}
"""They show rows and choose them in another way: by options, words or SQL of their own, or there is one row."""


def test_every_command_that_shows_rows_takes_all_row_options(root: Any) -> None:
    wanted = {"format", "output", "columns", "where", "sort", "limit", "csv_safe", "headers"}
    found = set()
    for first in COMMANDS:
        for words, command in leaves(root, first):
            names = {each.name for each in command.params}
            if {"format", "columns"} <= names and not wanted <= names:
                found.add(" ".join(words))
    assert found == NOT_ALL


def test_the_corp_is_hostile_enough_to_prove_something(corp: Wecrm) -> None:
    names = "".join(name for (name,) in corp.sql("SELECT name FROM contact"))
    assert {"\x1b", "\t", "\r", "\n", "\u202e", "|", "'"} <= set(names)
    assert corp.sql("SELECT 1 FROM contact WHERE name LIKE '=%'")


@every_list
@pytest.mark.parametrize(("fmt", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_csv_in_a_pipe_parses_back_to_exactly_what_the_cache_holds(
    corp: Wecrm, view: str, fmt: str, delimiter: str
) -> None:
    keys, rows = expected(corp, view)
    text = listed(corp, view, fmt)
    assert not text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == [keys, *empties(rows)]


@every_list
def test_json_is_an_array_and_ndjson_is_one_object_per_line(corp: Wecrm, view: str) -> None:
    keys, rows = expected(corp, view)
    as_objects = [dict(zip(keys, row, strict=True)) for row in rows]
    assert json.loads(listed(corp, view, "json")) == as_objects
    lines = listed(corp, view, "ndjson").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == as_objects


@every_list
def test_json_keeps_ids_as_strings_and_times_with_their_offset(corp: Wecrm, view: str) -> None:
    result = corp(view, "list", "-f", "json", "--columns", "*", "--limit", "20")
    kinds = {column.key: column.kind for column in VIEWS[view].columns}
    for row in json.loads(result.out):
        assert list(row) == list(kinds)
        for key, value in row.items():
            if value is None:
                continue
            wanted = {"id": str, "text": str, "int": int, "bool": bool, "list": list, "time": str, "float": float}
            assert type(value) is wanted[kinds[key]], key
            if kinds[key] == "time":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", value), key


def test_an_empty_answer_is_an_empty_array_and_a_csv_of_headings(corp: Wecrm) -> None:
    where = ("--where", "name = 'nobody is called so'")
    assert json.loads(corp("contacts", "list", "-f", "json", *where).out) == []
    assert corp("contacts", "list", "-f", "ndjson", *where).out == ""
    assert corp("contacts", "list", "--columns", "name", *where).out == "name\n"


@every_list
def test_markdown_has_one_line_per_row_and_nothing_that_acts(corp: Wecrm, view: str) -> None:
    keys, rows = expected(corp, view)
    text = listed(corp, view, "markdown")
    lines = text.splitlines()
    assert len(lines) == len(rows) + 2
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines} == {len(keys) + 1}
    assert not controls(text)
    assert "<" not in text.replace("\\<", "")


@every_list
def test_html_has_every_name_as_text_and_nothing_that_acts(corp: Wecrm, view: str) -> None:
    keys, rows = expected(corp, view)
    text = listed(corp, view, "html")
    assert not controls(text)
    page = Page(text)
    assert page.tags.keys() <= {
        *("html", "head", "meta", "title", "link", "style", "body", "header", "h1", "p", "main", "div"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    ((heads, *lines),) = page.sections[0].tables
    assert len(heads) == len(keys)
    assert len(lines) == len(rows)
    for line, cells in zip(lines, empties(rows), strict=True):
        for shown, cell in zip(line, cells, strict=True):
            if not controls(cell) and cell.isprintable():
                assert shown == cell.strip()


@every_list
@pytest.mark.parametrize("color", ["never", "always"])
def test_a_table_shows_control_characters_and_obeys_none(corp: Wecrm, view: str, color: str) -> None:
    text = listed(corp, view, "table", "--color", color, "--limit", "900")
    assert not controls(re.sub("\x1b\\[[0-9;]*m", "", text))
    if color == "never":
        assert "\x1b" not in text
    assert not re.search("\x1b\\[3[0-9]m", text)  # no colour of a customer's own


def test_ids_stay_in_one_piece_on_a_terminal_that_has_room(corp: Wecrm) -> None:
    pty = pytest.importorskip("pty")
    chat_id = corp.sql("SELECT chat_id FROM group_chat LIMIT 1")[0][0]
    controller, terminal = pty.openpty()
    env = {**os.environ, "WECRM_HOME": str(corp.home), "WECRM_PROFILE": "sandbox", "COLUMNS": "120", "TERM": "xterm"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "wecrm", "groups", "list", "--where", f"chat_id = '{chat_id}'"],
            stdin=terminal,
            stdout=terminal,
            env=env,
            check=False,
            timeout=60,
        )
        text = os.read(controller, 100_000).decode()
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 0
    assert chat_id in text
    assert "─" in text


def test_markup_in_names_stays_text(corp: Wecrm) -> None:
    text = corp("tags", "list", "-f", "table", "--color", "always", "--where", "name like '[%'").out
    assert "[red]急[/red]" in text


def test_a_csv_file_is_made_for_spreadsheets_and_says_what_it_changed(corp: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    result = corp("tags", "list", "-o", str(file), "--columns", "name", "--where", "name like '=%'")
    assert file.read_bytes() == b"\xef\xbb\xbfname\r\n'=SUM(A1)\r\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert result.out == ""
    assert re.search(r"\b1\b.*--csv-safe none", result.err)


def test_csv_safe_none_writes_exact_cells(corp: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    corp("tags", "list", "-o", str(file), "--columns", "name", "--where", "name like '=%'", "--csv-safe", "none")
    assert file.read_bytes() == b"\xef\xbb\xbfname\r\n=SUM(A1)\r\n"


def test_a_csv_pipe_is_exact_bytes(corp: Wecrm) -> None:
    result = corp("tags", "list", "--columns", "name", "--where", "name like '=%'")
    assert result.out == "name\n=SUM(A1)\n"


@every_list
def test_no_cell_of_a_csv_file_is_run_by_a_spreadsheet(corp: Wecrm, view: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    listed(corp, view, "csv", "-o", str(file))
    with file.open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert cells
    assert not [cell for cell in cells if RUNNABLE.match(cell)]


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "ndjson", "jsonl", "md", "html", "htm"])
def test_the_ending_of_the_file_chooses_the_format(corp: Wecrm, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"rows.{ending}"
    assert corp("groups", "list", "-o", str(file)).code == 0
    start = dict.fromkeys(("html", "htm"), "<!DOCTYPE html>")
    start |= {"json": "[\n{", "ndjson": "{", "jsonl": "{", "md": "| Group id |", "tsv": "\ufeffchat_id\tname"}
    assert file.read_text("utf-8").startswith(start.get(ending, "\ufeffchat_id,name"))


def test_a_failing_command_leaves_the_old_file_as_it_was(corp: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("old")
    assert corp("contacts", "list", "-o", str(file), "--where", "nme = 1").code == 2
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_in_no_folder_is_refused_before_anything_is_read(corp: Wecrm, tmp_path: Path) -> None:
    result = corp("contacts", "list", "-o", str(tmp_path / "no" / "rows.csv"))
    assert result.code == 2
    assert str(tmp_path / "no") in result.err


@pytest.mark.parametrize("wrong", [("-o", "absent/a.csv"), ("-f", "cvs"), ("-o", "a.cvs"), ("--headers", "fr")])
@pytest.mark.parametrize("words", ["archive consent", "doctor", "livecodes diff codes.yaml", "report followers"])
def test_a_wrong_form_or_place_is_refused_before_wecom_is_asked(
    synced: Wecrm, words: str, wrong: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert synced("livecodes", "pull", "codes.yaml", "--all").code == 0
    with synced.world() as world:
        last = max(call.id for call in control.calls(world))
    result = synced(*words.split(), *wrong)
    assert (result.code, result.out) == (2, "")
    with synced.world() as world:
        assert list(control.calls(world, after=last)) == []
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["codes.yaml"]


@pytest.mark.parametrize("fmt", ["csv", "json", "ndjson", "markdown", "html", "table"])
def test_a_closed_pipe_ends_quietly_with_0(corp: Wecrm, fmt: str) -> None:
    process = corp.process("contacts", "list", "--columns", "*", "-f", fmt)
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(30) == 0, said
    assert said == ""


@every_list
@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("--columns", "nmae"), "name"),
        (("--sort", "-nmae"), "name"),
        (("--where", "nmae = 'x'"), "name"),
        (("--format", "jsn"), "json"),
    ],
)
def test_a_misspelt_name_is_exit_2_and_told_the_nearest(
    corp: Wecrm, view: str, words: tuple[str, ...], near: str
) -> None:
    if view == "jobs":
        words, near = (words[0], words[1].replace("nmae", "titel")), near.replace("name", "title")
    result = corp(view, "list", *words)
    assert result.code == 2
    assert result.out == ""
    assert f"Did you mean {near}" in result.err


def test_a_format_that_is_not_there_is_exit_2_and_lists_those_that_are(corp: Wecrm) -> None:
    result = corp("tags", "list", "-f", "pdf")
    assert result.code == 2
    assert "markdown" in result.err
    assert corp("tags", "list", "--csv-safe", "perhaps").code == 2


@every_list
def test_columns_question_mark_explains_every_column(corp: Wecrm, view: str) -> None:
    result = corp(view, "list", "--columns", "?", "-f", "json")
    rows = json.loads(result.out)
    assert [row["column"] for row in rows] == [column.key for column in VIEWS[view].columns]
    assert all(row["description"] for row in rows)
    assert [row["column"] for row in rows if row["shown"]] == sorted(
        VIEWS[view].shown, key=[row["column"] for row in rows].index
    )


def test_columns_question_mark_needs_neither_profile_nor_cache(corp: Wecrm, tmp_path: Path) -> None:
    env = {"WECRM_PROFILE": "", "WECRM_HOME": str(tmp_path)}
    assert corp("contacts", "list", "--columns", "?", env=env).code == 0
    assert corp("contacts", "search", "x", "--columns", "?", env=env).code == 0
    assert not list(tmp_path.rglob("*.db"))


@every_list
def test_columns_star_means_all_of_them(corp: Wecrm, view: str) -> None:
    result = corp(view, "list", "--columns", "*", "--limit", "0")
    assert result.lines == [",".join(column.key for column in VIEWS[view].columns)]


def test_limit_and_sort_are_heeded(corp: Wecrm) -> None:
    rows = corp("members", "list", "--sort", "-customers", "--limit", "2", "--columns", "customers").lines
    most = corp.sql("SELECT customers FROM members ORDER BY customers DESC LIMIT 2")
    assert rows == ["customers", *(str(count) for (count,) in most)]


def test_the_age_of_the_cache_is_said_on_stderr(corp: Wecrm) -> None:
    result = corp("contacts", "list", "--limit", "1")
    assert re.search(r"From the cache of \d+ (s|min|h|d) ago\.", result.err)


def test_an_empty_cache_says_what_to_run(wecrm: Wecrm) -> None:
    result = wecrm("contacts", "list")
    assert result.code == 0
    assert "wecrm sync contacts" in result.err
    assert len(result.lines) == 1
