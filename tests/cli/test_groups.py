"""`wecrm groups`."""

import json
from pathlib import Path

from tests.conftest import Wecrm


def test_the_list_has_every_group_newest_first(corp: Wecrm) -> None:
    rows = json.loads(corp("groups", "list", "-f", "json").out)
    known = corp.sql("SELECT chat_id FROM group_chat ORDER BY create_time DESC")
    assert [row["chat_id"] for row in rows] == [chat_id for (chat_id,) in known]


def test_show_has_the_people_of_one_group(corp: Wecrm) -> None:
    chat_id = corp.sql("SELECT chat_id FROM group_chat LIMIT 1")[0][0]
    rows = json.loads(corp("groups", "show", chat_id, "-f", "json").out)
    known = corp.sql("SELECT userid FROM group_members WHERE chat_id = ?", chat_id)
    assert {row["userid"] for row in rows} == {userid for (userid,) in known}
    assert len(rows) == len(known)


def test_the_group_itself_is_another_part(corp: Wecrm) -> None:
    chat_id = corp.sql("SELECT chat_id FROM group_chat LIMIT 1")[0][0]
    rows = json.loads(corp("groups", "show", chat_id, "--part", "group", "-f", "json").out)
    assert [row["chat_id"] for row in rows] == [chat_id]


def test_a_file_gets_the_people_too(corp: Wecrm, tmp_path: Path) -> None:
    chat_id = corp.sql("SELECT chat_id FROM group_chat LIMIT 1")[0][0]
    file = tmp_path / "people.csv"
    assert corp("groups", "show", chat_id, "-o", str(file), "--columns", "userid,type", "--limit", "3").code == 0
    lines = file.read_text("utf-8-sig").splitlines()
    assert lines[0] == "userid,type"
    assert len(lines) == 4


def test_an_unknown_group_is_told_the_nearest(corp: Wecrm) -> None:
    chat_id = corp.sql("SELECT chat_id FROM group_chat LIMIT 1")[0][0]
    result = corp("groups", "show", chat_id[:-2])
    assert result.code == 2
    assert chat_id in result.err
