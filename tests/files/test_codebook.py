"""The live codes' YAML file: what is wrong is told by entry and field, and what is right comes back as it was."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecrm.errors import UsageError
from wecrm.files import codebook as files
from wecrm.models.codebook import WEEKDAYS, CodeEntry, CodesFile, Shift, days_of, hours_of


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sat, SUN", {5, 6}),
        ("fri-mon", {4, 5, 6, 0}),
        ("wed", {2}),
        ("mon-wed,fri", {0, 1, 2, 4}),
        ("mon-sun", set(range(7))),
    ],
)
def test_days_of_a_shift(days: str, expected: set[int]) -> None:
    assert days_of(days) == expected


@pytest.mark.parametrize("days", ["", "mon-", "mon-fry", "1-5", "mon;fri", "mon,,fri", "周一"])
def test_days_that_are_none(days: str) -> None:
    with pytest.raises(ValueError) as caught:
        days_of(days)
    assert str(caught.value) in days  # the part that was not understood


@given(st.sampled_from(WEEKDAYS), st.sampled_from(WEEKDAYS))
def test_a_range_of_days_has_both_its_ends_and_all_between(first: str, last: str) -> None:
    found = days_of(f"{first}-{last}")
    span = (WEEKDAYS.index(last) - WEEKDAYS.index(first)) % 7 + 1
    assert {WEEKDAYS.index(first), WEEKDAYS.index(last)} <= found
    assert len(found) == span


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("09:00-18:00", (540, 1080)),
        ("22:00-06:00", (1320, 360)),
        ("00:00-24:00", (0, 1440)),
        ("9:05 - 9:06", (545, 546)),
    ],
)
def test_hours_of_a_shift(hours: str, expected: tuple[int, int]) -> None:
    assert hours_of(hours) == expected


@pytest.mark.parametrize(
    "hours", ["", "9-18", "09:00-09:00", "24:00-06:00", "09:00-24:01", "09:60-10:00", "25:00-26:00"]
)
def test_hours_that_are_none(hours: str) -> None:
    with pytest.raises(ValueError) as caught:
        hours_of(hours)
    assert str(caught.value) == hours


def told(tmp_path: Path, text: str) -> str:
    """What the reader complains about in a file."""
    path = tmp_path / "codes.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        files.read(path)
    return "\n".join((caught.value.what, caught.value.why, caught.value.fix))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("codes: [", ["not valid YAML"]),
        ("", ["not a file of live codes", "`codes`"]),
        ("codes: {a: b}", ["not a file of live codes"]),
        ("code: []", ["not a file of live codes"]),
        ("codes: []\ncolour: red", ["not a file of live codes"]),
        ("codes: &a []\n", ["anchors"]),
        ("codes: [x]", ["entry 1", "Expected `object`"]),
        ("codes: [{members: [a]}]", ["entry 1", "name"]),
        ("codes: [{name: 12, members: [a]}]", ["entry 1", "name", "quotes"]),
        ("codes: [{name: no, members: [a]}]", ["entry 1", "quotes"]),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, words: list[str]) -> None:
    complaint = told(tmp_path, text)
    assert all(word in complaint for word in words), complaint


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("memebrs: [a]", ["There is no field memebrs", "Did you mean members?"]),
        ("members: [a], shifts: [{day: mon}]", ["shifts[0]", "There is no field day", "Did you mean days?"]),
        ("members: [10023]", ["members[0]", "quotes"]),
        ("members: [a], channel: 2026-11-11", ["channel", "quotes"]),
        ("members: [a], kind: poster", ["kind", "poster"]),
        ("members: a", ["members", "Expected `array`"]),
        ("members: [a], channel: " + "渠" * 31, ["`channel` has 31 characters", "30"]),
        ("members: [a], remark: " + "x" * 31, ["`remark` has 31 characters"]),
        ("members: [a], cap: -1", ["`cap` can't be below 0"]),
        ("members: [a], caps: {a: -5}", ["`caps.a` can't be below 0"]),
        ("members: [a], caps: {b: 5}", ["`caps` names b"]),
        ("members: [a], caps: {a: 5, A: 6}", ["`caps` names a 2 times"]),
        ("members: [a], cap: 5", ["need a `channel`"]),
        ("members: [a], shifts: [{days: mon-fry}]", ["shift 1", "`days`", "mon-fry"]),
        ("members: [a], shifts: [{}, {hours: 9-18}]", ["shift 2", "`hours`", "9-18"]),
        ("members: [a], until: soon", ["`until` is a day", "soon"]),
        ("members: [a], until: '2026-02-30'", ["`until` is a day"]),
        ("members: [a, b, A]", ["`members` names a 2 times"]),
        ("cap: 5", ["needs `members`"]),
        ("departments: [0]", ["`departments` are ids"]),
        ("members: [" + ", ".join(f"m{n}" for n in range(101)) + "]", ["names 101 members", "100"]),
        ("members: [a], groups: [g]", ["`groups` does not belong to a code of kind contact"]),
        ("members: [a], priority: 1", ["`priority` does not belong"]),
        ("members: [a], auto_create: false", ["`auto_create` does not belong"]),
        ("members: [a], style: 1", ["`style` is for buttons"]),
        ("members: [a], scene: button, style: 3", ["`style` goes to 2"]),
        ("single: true, members: [a, b]", ["exactly one member"]),
        ("single: true, members: [a], departments: [2]", ["exactly one member"]),
        ("single: true, members: [a], fallback: [b]", ["can't rotate"]),
        ("kind: group", ["1 to 5 `groups`, not 0"]),
        ("kind: group, groups: [a, b, c, d, e, f]", ["1 to 5 `groups`, not 6"]),
        ("kind: group, groups: [a, a]", ["`groups` names a 2 times"]),
        ("kind: group, groups: [a], members: [b]", ["`members` does not belong to a code of kind group"]),
        ("kind: group, groups: [a], auto_create: false, room_name: x", ["need `auto_create`"]),
        ("kind: group, groups: [a], room_name: " + "x" * 41, ["`room_name` has 41 characters"]),
        ("kind: link, members: [a], scene: button", ["`scene` does not belong"]),
        ("kind: link, members: [a], channel: " + "渠" * 22, ["`channel` of a link has 66 bytes"]),
        ("kind: link, members: [a], priority: 3", ["`priority` is 1"]),
        ("kind: link, members: [a], priority: 2", ["go together"]),
        ("kind: link, members: [a], priority_members: [b]", ["go together"]),
        ("kind: link, members: [" + ", ".join(f"m{n}" for n in range(501)) + "]", ["names 501 members", "500"]),
    ],
)
def test_a_rule_that_is_broken_is_told_with_the_name_of_the_entry(
    tmp_path: Path, fields: str, words: list[str]
) -> None:
    complaint = told(tmp_path, f"codes: [{{name: fine, members: [a]}}, {{name: 门店, {fields}}}]")
    assert "门店: " in complaint
    assert "fine:" not in complaint
    assert all(word in complaint for word in words), complaint


@pytest.mark.parametrize(
    ("name", "words"),
    [("''", "`name` is empty"), ("' x'", "spaces around"), (r'"a\u202eb"', "nobody sees"), ("x" * 31, "31 characters")],
)
def test_a_name_that_people_could_not_use_is_refused(tmp_path: Path, name: str, words: str) -> None:
    assert words in told(tmp_path, f"codes: [{{name: {name}, members: [a]}}]")


@pytest.mark.parametrize("field", ["name", "was", "id"])
def test_what_only_one_entry_can_have_is_refused_in_two(tmp_path: Path, field: str) -> None:
    names = ("same", "same") if field == "name" else ("one", "two")
    entries = [f"{{name: {name}, members: [a]{'' if field == 'name' else f', {field}: same'}}}" for name in names]
    assert f"same: `{field}` stands in 2 entries" in told(tmp_path, f"codes: [{', '.join(entries)}]")


def test_ten_complaints_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    entries = ", ".join(f"{{name: code{n}}}" for n in range(14))
    complaint = told(tmp_path, f"codes: [{entries}]")
    assert "code9:" in complaint
    assert "code10:" not in complaint
    assert "4 more" in complaint


PEOPLE = st.lists(st.sampled_from(["lina", "wang.fang", "10023", "no"]), unique=True, min_size=1).map(tuple)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=12)
ENTRIES = st.builds(
    CodeEntry,
    name=TEXTS.map(str.strip).filter(bool),
    channel=TEXTS.filter(bool),
    remark=TEXTS,
    members=PEOPLE,
    departments=st.lists(st.integers(1, 99), unique=True, max_size=2).map(tuple),
    cap=st.integers(0, 500),
    fallback=st.one_of(st.just(()), PEOPLE),
    shifts=st.lists(st.builds(Shift, days=st.sampled_from(["mon-fri", "sat,sun"]), members=PEOPLE), max_size=2).map(
        tuple
    ),
    tags=st.lists(TEXTS, max_size=2).map(tuple),
    until=st.one_of(st.just(""), st.dates().map(str)),
    skip_verify=st.booleans(),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(ENTRIES, unique_by=lambda entry: entry.name, max_size=4))
def test_what_is_written_is_read_again_and_written_the_same(entries: list[CodeEntry]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "codes.yaml"
        files.write(path, CodesFile(tuple(entries)))
        first = path.read_bytes()
        assert files.read(path) == CodesFile(tuple(entries))
        files.write(path, files.read(path))
        assert path.read_bytes() == first


def test_defaults_are_left_out_and_the_last_day_is_a_date(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    files.write(path, CodesFile((CodeEntry("门店", members=("lina",), until="2026-12-31"),)))
    assert path.read_text("utf-8") == "codes:\n- name: 门店\n  members:\n  - lina\n  until: 2026-12-31\n"


def test_a_file_with_comments_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    text = "# posters of November\ncodes:\n- name: 门店\n  members:\n  - lina\n"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="comments"):
        files.write(path, files.read(path))
    assert path.read_text("utf-8") == text
