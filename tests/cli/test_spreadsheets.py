"""Spreadsheets through the front door: out with `list`, in with `tags` and `contacts remark`, results and back."""

import io
import os
import sys
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.files import spreadsheets
from wecrm.files import sheets
from wecrm.files.headings import TITLES, wanted
from wecrm.sandbox import control
from wecrm.store.views import VIEWS

ACTIVE_ONLY = "status = 'active'"
ACTIVE = "SELECT userid, external_userid FROM relation WHERE status = 'active' LIMIT "


def pairs(corp: Wecrm, count: int) -> list[tuple[str, ...]]:
    return corp.sql(ACTIVE + str(count))


@pytest.mark.parametrize("headers", ["", "raw", "zh", "en"])
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("ending", ["xlsx", "csv", "tsv"])
def test_a_list_is_input_whatever_its_headings(
    synced: Wecrm, tmp_path: Path, headers: str, lang: str, ending: str
) -> None:
    file = tmp_path / f"list.{ending}"
    more = ("--headers", headers) if headers else ()
    result = synced(
        "contacts",
        "list",
        "--columns",
        "*",
        "--where",
        ACTIVE_ONLY,
        "--limit",
        "40",
        "-o",
        str(file),
        "--lang",
        lang,
        *more,
    )
    assert result.code == 0, result.err
    sheet = sheets.read(file, name="list")
    assert {"userid", "external_userid", "member", "remark", "description", "company", "mobiles"} <= {*sheet.fields}
    rows = {(row.cells["userid"], row.cells["external_userid"]) for row in sheet.rows}
    assert len(rows) == 40
    assert rows <= set(synced.sql("SELECT userid, external_userid FROM relation"))
    told = synced("contacts", "remark", str(file), "--dry-run")
    assert told.code == 0, told.err
    assert "\n0 to change (0), " in told.err


def test_titles_we_write_mean_the_field_they_stand_over() -> None:
    fields = dict.fromkeys(sheets.FIELDS)
    for language, titles in TITLES.items():
        known = wanted(fields, {})
        for field, title in titles.items():
            assert sheets.read(io.BytesIO(f"{title},zz\nx,y\n".encode()), name="x").fields == (field,), language
        assert len(set(titles.values())) == len(titles)
        assert known


def test_headings_are_for_people_and_never_in_json(corp: Wecrm) -> None:
    columns = ("--columns", "external_userid,added_at", "--limit", "1")
    for fmt, first in (("csv", "客户ID,"), ("tsv", "客户ID\t"), ("markdown", "| 客户ID |"), ("table", "客户ID")):
        assert corp("contacts", "list", *columns, "-f", fmt, "--headers", "zh").out.startswith(first), fmt
    assert corp("contacts", "list", *columns, "-f", "table", "--headers", "raw").out.startswith("external_userid")
    assert corp("contacts", "list", *columns, "--lang", "zh").out.startswith("external_userid,added_at")
    zh = corp("contacts", "list", *columns, "--lang", "zh", "--headers", "en").out
    assert zh.startswith("Customer ID," + next(c.title for c in VIEWS["contacts"].columns if c.key == "added_at"))
    for fmt in ("json", "ndjson"):
        assert '"external_userid":' in corp("contacts", "list", *columns, "-f", fmt, "--headers", "zh").out
    assert corp("contacts", "list", "--headers", "de").code == 2


def test_a_workbook_goes_into_a_file_or_a_pipe_but_not_to_a_terminal(corp: Wecrm, tmp_path: Path) -> None:
    words = ("contacts", "list", "--columns", "external_userid,name", "-f", "xlsx", "--limit", "900")
    process = corp.process(*words)
    assert process.stdout
    data = process.stdout.read()
    process.communicate()
    assert process.returncode == 0
    assert len(sheets.read(io.BytesIO(data), name="x").rows) == 900
    pty = pytest.importorskip("pty")
    import subprocess

    controller, terminal = pty.openpty()
    env = {**os.environ, "WECRM_HOME": str(corp.home), "WECRM_PROFILE": "sandbox"}
    done = subprocess.run(
        [sys.executable, "-m", "wecrm", *words],
        stdout=terminal,
        stdin=terminal,
        stderr=subprocess.PIPE,
        env=env,
        check=False,
        timeout=60,
    )
    os.close(terminal)
    os.close(controller)
    assert done.returncode == 2
    assert b"no text for a terminal" in done.stderr


def test_names_in_a_workbook_are_exactly_those_of_the_cache(corp: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "names.xlsx"
    assert corp("contacts", "list", "--columns", "relation_id,name,remark", "-o", str(file)).code == 0
    rows = sheets.read(file, name="x").rows
    found = {(row.original["relation_id"], row.original["name"], row.original["remark"]) for row in rows}
    cached = corp.sql("SELECT relation_id, coalesce(name, ''), coalesce(remark, '') FROM contacts")
    assert found == {(str(n), name, remark) for n, name, remark in cached}
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("ending", ["xlsx", "csv", "tsv"])
def test_result_files_hold_every_row_once_and_can_be_fed_back(synced: Wecrm, tmp_path: Path, ending: str) -> None:
    rows = pairs(synced, 400)
    file = tmp_path / f"in.{ending}"
    table = [["员工账号", "客户ID", "级别", "status"], *[[*row, "=1+1", "old"] for row in rows]]
    if ending == "xlsx":
        file.write_bytes(spreadsheets.made({"名单": table}))
    else:
        file.write_text("\n".join({"csv": ",", "tsv": "\t"}[ending].join(row) for row in table), encoding="utf-8")
    with synced.world() as world:
        for row in rows[100:200]:
            control.delete_relation(world, *row)
    base = str(tmp_path / "out")
    words = ("tags", "apply", "--add", "来源渠道/展会", "--yes")
    result = synced(*words, str(file), "--results", base, "--max-failures", "20")
    assert result.code == 3, result.err
    read = {name: sheets.read(Path(f"{base}.{name}.{ending}"), name=name) for name in ("ok", "failed", "unprocessed")}
    found = [(r.cells["userid"], r.cells["external_userid"]) for sheet in read.values() for r in sheet.rows]
    assert sorted(found) == sorted(rows)
    for sheet in read.values():
        assert {row.original["级别"] for row in sheet.rows} <= {"=1+1"}
        assert "old" not in {row.original["status"] for row in sheet.rows}
    assert len(read["failed"].rows)
    assert len(read["unprocessed"].rows)
    for name in ("failed", "unprocessed"):
        again = synced(*words, f"{base}.{name}.{ending}", "--results", f"{base}.again")
        assert again.code == 3, again.err  # read, planned and sent; the customers are still gone
        found = [Path(f"{base}.again.{each}.{ending}") for each in read]
        cells = [row.cells for path in found for row in sheets.read(path, name="x").rows]
        assert sorted(map(str, cells)) == sorted(str(row.cells) for row in read[name].rows)


def test_result_files_that_cannot_be_written_are_refused_before_anything_is_sent(synced: Wecrm, tmp_path: Path) -> None:
    file = synced.csv("in.csv", "userid,external_userid", pairs(synced, 2))
    result = synced(
        "tags", "apply", str(file), "--add", "来源渠道/展会", "--yes", "--results", str(tmp_path / "no" / "x")
    )
    assert result.code == 2
    assert not synced.sql("SELECT * FROM job")


def test_a_job_is_split_into_three_files(corp: Wecrm, tmp_path: Path) -> None:
    job = corp.sql("SELECT id FROM job LIMIT 1")[0][0]
    assert corp("jobs", "export", job, "--split", str(tmp_path / "r"), "-f", "xlsx").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.failed.xlsx", "r.ok.xlsx", "r.unprocessed.xlsx"]
    (first, *_rest) = sheets.read(tmp_path / "r.ok.xlsx", name="x").rows
    assert first.original["remark"] == "=1+1"
    assert first.original["status"] == "ok"
    assert corp("jobs", "export", job, "--split", str(tmp_path / "r"), "-f", "json").code == 2
    assert corp("jobs", "export", job, "--split", str(tmp_path / "r"), "--status", "failed").code == 2


@pytest.mark.parametrize("data", [b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0", spreadsheets.packed({"a.xml": b""})])
def test_no_workbook_ever_ends_in_a_traceback(synced: Wecrm, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "in.xlsx"
    file.write_bytes(data)
    for words in (("tags", "plan", str(file), "--add", "VIP", "-o", str(tmp_path / "p")), ("contacts", "remark", "-")):
        result = synced(*words, stdin=data)
        assert result.code == 2, result.err
        assert "Traceback" not in result.err


def test_a_rounded_id_is_refused_with_its_address(synced: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "in.xlsx"
    table = [["员工账号", "客户ID"], ["zhang", 4.2e17]]
    file.write_bytes(spreadsheets.made({"a": [["x"]], "名单": table}))
    result = synced("tags", "apply", str(file), "--sheet", "名单", "--add", "VIP", "--yes")
    assert result.code == 2
    assert "B2: digits were lost" in result.err
