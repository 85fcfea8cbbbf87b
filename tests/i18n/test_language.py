"""Which language a run speaks, and what it says about itself in it."""

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.conftest import Wecrm
from wecrm import i18n
from wecrm.cli.globals import asked, hoist
from wecrm.cli.help import complaint


@pytest.mark.parametrize(
    ("flag", "environ", "language"),
    [
        ("", {}, "en"),
        ("", {"LANG": "zh_CN.UTF-8"}, "zh"),
        ("", {"LANG": "C"}, "en"),
        ("", {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ("", {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ("", {"LANG": "", "LC_ALL": "", "LC_MESSAGES": ""}, "en"),
        ("", {"WECRM_LANG": "zh", "LANG": "C"}, "zh"),
        ("", {"WECRM_LANG": "en", "LANG": "zh_CN"}, "en"),
        ("", {"WECRM_LANG": "fr", "LANG": "zh_CN"}, "en"),
        ("zh", {"WECRM_LANG": "en"}, "zh"),
        ("en", {"WECRM_LANG": "zh", "LC_ALL": "zh_CN"}, "en"),
    ],
)
def test_the_flag_beats_the_variable_which_beats_the_locale(
    flag: str, environ: Mapping[str, str], language: str
) -> None:
    assert i18n.choose(flag, environ) == language


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--lang", "zh", "sync"], "zh"),
        (["sync", "--lang=zh"], "zh"),
        (["--lang", "en", "sync", "--lang", "zh"], "zh"),
        (["--profile", "--lang", "sync"], ""),
        (["contacts", "search", "--", "--lang", "zh"], ""),
        (["--lang"], ""),
        (["-v", "--cron", "--lang", "zh"], "zh"),
    ],
)
def test_the_flag_is_found_wherever_it_stands(words: list[str], found: str) -> None:
    assert asked("--lang", hoist(words)) == found


@pytest.mark.parametrize("words", [("--lang", "zh", "--help"), ("--help", "--lang=zh")])
def test_help_follows_the_language_of_each_run(wecrm: Wecrm, words: tuple[str, ...]) -> None:
    english = wecrm("--help").out
    chinese = wecrm(*words).out
    assert "Options:" in english
    assert "选项：" in chinese
    assert "Options:" not in chinese
    assert wecrm("--help").out == english
    assert wecrm("--help", env={"LANG": "zh_CN.UTF-8"}).out == chinese


def test_an_unknown_language_is_exit_2_and_names_the_known(wecrm: Wecrm) -> None:
    for words in (("--lang", "fr", "--help"), ("tags", "list", "--lang=klingon")):
        result = wecrm(*words)
        assert (result.code, result.out) == (2, "")
        assert "zh" in result.err
        assert "en" in result.err


def test_an_unknown_language_in_the_environment_is_english(wecrm: Wecrm) -> None:
    result = wecrm("--help", env={"WECRM_LANG": "fr"})
    assert result.code == 0
    assert "Options:" in result.out


def test_the_last_line_of_a_failure_keeps_its_form(wecrm: Wecrm) -> None:
    result = wecrm("--lang", "zh", "db", "path", "--no-such-option")
    assert result.code == 2
    assert result.err.splitlines()[-1].startswith("exit 2 (usage): 没有选项")


def test_keys_and_statuses_are_never_translated(synced: Wecrm) -> None:
    english = synced("tags", "list", "-f", "json")
    chinese = synced("tags", "list", "-f", "json", "--lang", "zh")
    assert json.loads(english.out) == json.loads(chinese.out)
    assert synced("tags", "list", "--lang", "zh").lines[0] == "group,name,tag_id,customers"


def test_headings_of_tables_are_translated(synced: Wecrm) -> None:
    assert synced("members", "list", "-f", "table", "--lang", "zh").lines[0].split()[0] == "成员"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("contacts", "list", "--colums", "x"), "没有选项 --colums（相近的选项：--columns）"),
        (("contacts", "list", "--limit", "x"), "'--limit' 的值无效：应为整数，但这段文本不是整数"),
        (("contacts", "list", "--limit", "-1"), "'--limit' 的值无效：应大于或等于 0"),
        (("contacts", "list", "--limit"), "选项 '--limit' 需要一个值。"),
        (("contacts", "list", "--help=1"), "选项 '--help' 不带值。"),
        (("contacts", "list", "x", "y"), "多余的参数：x y"),
        (("members", "lsit"), "没有命令 'lsit'。是不是想写 'list'？"),
        (("contacts", "zzzzzz"), "没有命令 'zzzzzz'。"),
        (("plan", "show"), "缺少参数 'PLAN'。"),
        (("sandbox", "range"), "缺少选项 '--departments'。"),
        (("contacts",), "缺少子命令。"),
        (("contatcs",), "没有命令 contatcs。"),
    ],
)
def test_the_parser_complains_in_chinese(wecrm: Wecrm, words: tuple[str, ...], told: str) -> None:
    result = wecrm("--lang", "zh", *words)
    assert result.code == 2
    assert told in result.err


def test_a_complaint_that_nobody_foresaw_stays_as_it_is() -> None:
    i18n.use("zh")
    assert complaint("Something else.") == "Something else."


def imported(*argv: str) -> set[str]:
    """The modules that a process has after this command line."""
    script = (
        f"import sys; sys.argv = ['wecrm', *{argv!r}]\n"
        "from wecrm.cli.main import main\nmain(sys.argv[1:])\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_chinese_help_imports_nothing_heavy_either() -> None:
    heavy = {"httpx", "sqlite3", "yaml", "rich", "msgspec", "tabulate", "wcwidth"}
    assert not imported("--lang", "zh", "--help") & heavy
    assert "wecrm.cli.formatter" not in imported("--lang", "en", "--help")
