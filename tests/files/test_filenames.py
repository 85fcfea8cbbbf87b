"""Names of files made of strangers' names stay in their folder, on any system, and none is written twice."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.files.filenames import distinct, filename

HOSTILE = st.text() | st.text(st.sampled_from('./\\:*?"<>|\x00\n\x1b\u202e -~conNUL1双'))


@given(HOSTILE)
def test_any_name_makes_one_plain_file_in_the_folder_it_was_meant_for(text: str) -> None:
    name = filename(text)
    assert name
    assert os.path.basename(name) == name
    assert not set(name) & set('<>:"/\\|?*\x00\n\x1b\u202e')
    assert name[0] not in ".-~ "
    assert len(name.encode()) <= 130


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("双11-海报", "双11-海报"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("C:\\boot.ini", "C__boot.ini"),
        ("/", "_"),
        ("", "_"),
        ("..", "__"),
        ("-rf", "_rf"),
        ("nul", "_nul"),
        ("COM1.backup", "_COM1.backup"),
        ("console", "console"),
        ("a\x00b\nc", "a_x00b_nc"),
        ("e\u0301", "\u00e9"),
        ("海" * 200, "海" * 40),
    ],
)
def test_names_stay_recognisable(text: str, name: str) -> None:
    assert filename(text) == name


def test_names_that_would_be_one_file_are_told_apart_by_their_ids() -> None:
    assert distinct([("A/B", "id1"), ("a:b", "id2"), ("C", "id3")]) == ["A_B", "a_b-id2", "C"]


@given(st.lists(st.tuples(st.sampled_from(["a", "A", "a/b", "a:b", "a-x", ""]), st.sampled_from(["x", "X", "x-2"]))))
def test_no_two_names_are_the_same_even_where_case_does_not_count(texts: list[tuple[str, str]]) -> None:
    found = distinct(texts)
    assert len(found) == len(texts)
    assert len({name.casefold() for name in found}) == len(found)


def test_the_longest_names_can_be_made_as_files(tmp_path: Path) -> None:
    for name in distinct([("海" * 200, "x" * 300), ("海" * 201, "x" * 300), ("海" * 202, "x" * 300)]):
        (tmp_path / f"{name}.png").touch()
    assert len(list(tmp_path.iterdir())) == 3
