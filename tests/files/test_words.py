"""Files of sensitive-word rules: what is wrong with them is said with its place."""

import random
import re
from pathlib import Path

import pytest

from wecrm.errors import UsageError
from wecrm.files import words
from wecrm.models import regexes


def written(folder: Path, text: str) -> Path:
    path = folder / "words.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rules_are_read_with_their_defaults(tmp_path: Path) -> None:
    path = written(
        tmp_path, "rules:\n- {name: 退款, words: [退款, refund]}\n- {name: phone, regex: ['1[3-9]\\d{9}']}\n"
    )
    one, other = words.read(path)
    assert (one.name, one.level, one.who, one.words) == ("退款", "warn", "any", ("退款", "refund"))
    assert other.regex == ("1[3-9]\\d{9}",)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: a}", "rule 1 (a): it needs `words` or `regex`"),
        ("{name: a, words: [x], levle: warn}", "rule 1: There is no field levle here."),
        ("{name: a, words: [x], level: grave}", "rule 1, level"),
        ("{name: a, words: [110]}", "rule 1, words"),
        ("{name: a, words: ['  ']}", "rule 1 (a): a word of blanks stands everywhere"),
        ("{name: a, regex: ['[']}", "rule 1 (a): regex 1: not a regular expression"),
        ("{name: a, regex: ['x', '(a+)+b']}", "rule 1 (a): regex 2: it could take minutes"),
        ("{name: a, regex: ['x*']}", "rule 1 (a): regex 1: it fits everywhere"),
        ("{name: a, words: [x]}\n- {name: a, words: [y]}", "rule 2 (a): there is another one of this name"),
    ],
)
def test_a_complaint_names_its_rule(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        words.read(written(tmp_path, f"rules:\n- {entry}\n"))
    assert said in caught.value.why


def test_a_file_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        words.read(written(tmp_path, "rules: []\n"))


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a*)*b", "(a|aa)+$", "(ab|ab)*c", "(.*a){12}", "a.*b.*c", "(?:x?){30}y", "([a-z]+)*!",
        "(a{0,40}){0,40}b", r"(\d+)\s*(\d+)\s*(\d+)x", "(?:(?=a)){4000000000}b", "(?:(?:(?=a)){2000}){2000}",
        "(?=(a+)+$)a", "((a?){9}){9}b",
    ],
)  # fmt: skip
def test_expressions_that_could_take_minutes_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"minutes"):
        regexes.compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"1[3-9]\d{9}", "call 13912345678 now"),
        (r"(私下|线下).{0,10}(转账|付款)", "我们私下转账吧"),
        (r"\bQQ[:：]?\s*\d{5,11}", "加我 qq：123456"),
        (r"[\w.]{1,64}@[\w.]{1,64}", "mail a.b@c.de"),
        (r"微\s{0,5}信.*转", "微 信 里转"),
        (r"(?:\d{4}-){3}\d{4}", "1234-5678-9012-3456"),
    ],
)
def test_expressions_that_people_write_are_taken(pattern: str, text: str) -> None:
    found = regexes.first(regexes.compiled(pattern), text)
    assert found
    assert found in text


def test_what_stands_across_two_pieces_is_found() -> None:
    pattern = regexes.compiled("x{300}y")
    for before in (0, 1499, 1999, 2000, 5432):
        assert regexes.first(pattern, "." * before + "x" * 300 + "y" + "." * 3000) == "x" * 300 + "y"
    assert regexes.first(pattern, "x" * 299 + "y") == ""


def test_steps_of_an_accepted_expression_are_bounded() -> None:
    """Counted, not timed: so many ways as are counted are the most that a backtracker can find at one place."""
    rng = random.Random(3)
    parts = ["a", "b", "[ab]", "(?:ab|b)", "a?", "b{0,3}", "(?:a|ab)?", "a{1,2}"]
    for _n in range(200):
        pattern = "".join(rng.choices(parts, k=rng.randint(1, 5)))
        try:
            regexes.compiled(pattern)
        except ValueError:
            continue
        ways, _steps = regexes._cost(regexes._PARSER.parse(pattern))
        assert _ways(pattern) <= ways


def _ways(pattern: str) -> int:
    """How many expansions a pattern of those parts has, each a plain sequence."""
    count = 1
    for part in re.findall(r"\(\?:a\|ab\)\?|\(\?:ab\|b\)|\[ab\]|b\{0,3\}|a\{1,2\}|a\?|a|b", pattern):
        count *= {"(?:a|ab)?": 3, "(?:ab|b)": 2, "b{0,3}": 4, "a{1,2}": 2, "a?": 2}.get(part, 1)
    return count
