"""Completion: what TAB offers, that nothing breaks it, and that three shells understand it."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import leaves
from tests.conftest import Wecrm
from wecrm import config
from wecrm.cli import _tree, complete
from wecrm.cli.complete_bash import quoted, split
from wecrm.cli.complete_profile import database, folder, glance, profiles
from wecrm.cli.completion import SCRIPTS
from wecrm.cli.registry import COMMANDS
from wecrm.cli.starter import starter
from wecrm.store.candidates import LIMIT

BREAKS = " \t\n\"'@><=;|&(:"
"""COMP_WORDBREAKS as bash has it."""

HEAVY = {
    *("typer", "rich", "httpx", "sqlite_utils", "yaml", "msgspec", "platformdirs", "re", "json", "pathlib"),
    *("typing", "dataclasses", "socket", "ssl", "asyncio", "urllib", "logging", "filelock"),
}


def env_of(wecrm: Wecrm, **more: str) -> dict[str, str]:
    return {"WECRM_HOME": str(wecrm.home), "WECRM_PROFILE": "sandbox", **more}


def offered(wecrm: Wecrm, *words: str, **env: str) -> dict[str, str]:
    """value → what it is, of everything offered for the last word."""
    lines = complete.reply(["--", *words], env_of(wecrm, **env)).splitlines()
    return {value: told for value, _tab, told in (line.partition("\t") for line in lines) if value}


def asked(home: Path, *words: str, argv: Sequence[str] = ("--",), **env: str) -> "subprocess.CompletedProcess[str]":
    """The same as a shell asks: in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "wecrm", "__complete", *argv, *words],
        env={"WECRM_HOME": str(home), "WECRM_PROFILE": "sandbox", "PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def change(wecrm: Wecrm, sql: str, *params: object) -> None:
    """Write to the cache behind wecrm's back."""
    db = sqlite3.connect(wecrm.database)
    with db:
        db.execute(sql, params)
    db.close()


# -- what is offered


def test_commands_and_verbs_are_offered_with_their_sentences(corp: Wecrm) -> None:
    assert offered(corp, "") == {name: summary for name, (_module, summary) in COMMANDS.items()}
    assert list(offered(corp, "contacts", "sea")) == ["search"]
    assert not offered(corp, "tagz", "")


def test_options_are_offered_once_unless_they_may_be_repeated(corp: Wecrm) -> None:
    before = offered(corp, "tags", "plan", "-")
    assert {"--add", "--remove", "--output", "--profile", "--help"} <= set(before)
    after = offered(corp, "tags", "plan", "--add", "VIP", "-o", "x.plan", "--profile=sandbox", "-")
    assert set(before) - set(after) == {"--output", "--profile"}
    assert list(offered(corp, "tags", "plan", "--create")) == ["--create-tags"]
    assert not offered(corp, "tags", "plan", "--", "--create")


def test_where_no_word_fits_options_are_offered(corp: Wecrm) -> None:
    assert "--columns" in offered(corp, "members", "list", "")


def test_tags_are_offered_by_name_or_with_their_group(corp: Wecrm) -> None:
    rows = corp.sql('SELECT name, "group" FROM tags WHERE deleted_at IS NULL')
    names = [name for name, _group in rows]
    unique = {name: group for name, group in rows if names.count(name) == 1}
    found = offered(corp, "tags", "plan", "--add", "")
    assert len(found) == len(rows)
    assert {name: found[name] for name in unique} == unique
    assert {value for value in found if value not in unique} == {
        f"{group}/{name}" for name, group in rows if name not in unique
    }


@pytest.mark.parametrize("typed", ["V", "v", "Ｖ", "vip"])
def test_case_and_width_of_what_is_typed_do_not_count(corp: Wecrm, typed: str) -> None:
    assert offered(corp, "tags", "plan", "--add", typed) == {"VIP": "客户等级"}


def test_a_group_leads_to_its_tags(corp: Wecrm) -> None:
    names = corp.sql("SELECT name FROM tags WHERE \"group\" = '客户等级' AND deleted_at IS NULL")
    assert set(offered(corp, "tags", "delete", "客户等级/")) == {f"客户等级/{name}" for (name,) in names}
    assert list(offered(corp, "tags", "create", "客户等")) == ["客户等级"]


def test_members_are_offered_by_userid_and_by_a_name_that_only_one_has(corp: Wecrm) -> None:
    userid, name = corp.sql("SELECT userid, name FROM member GROUP BY name HAVING count(*) = 1 LIMIT 1")[0]
    assert offered(corp, "members", "show", userid.upper())[userid] == name
    assert offered(corp, "members", "show", name)[name] == userid
    assert offered(corp, "sandbox", "edit", name)[userid] == name


def test_members_who_left_are_not_offered(synced: Wecrm) -> None:
    userid = synced.sql("SELECT userid FROM member")[0][0]
    assert userid in offered(synced, "members", "show", "")
    change(synced, "UPDATE member SET gone_at = 1 WHERE userid = ?", userid)
    assert userid not in offered(synced, "members", "show", "")


@pytest.mark.parametrize("words", [("jobs", "show"), ("jobs", "resume"), ("undo",)])
def test_jobs_are_offered_with_their_state_and_title(corp: Wecrm, words: tuple[str, ...]) -> None:
    jobs = corp.sql("SELECT id, state, title FROM job")
    assert offered(corp, *words, "") == {job: f"{state} · {title}" for job, state, title in jobs}
    assert list(offered(corp, *words, jobs[0][0][:4])) == [jobs[0][0]]


def test_groups_are_offered_by_id(corp: Wecrm) -> None:
    chats = {chat for (chat,) in corp.sql("SELECT chat_id FROM group_chat")}
    assert set(offered(corp, "groups", "show", "")) == chats


def test_columns_are_offered_in_a_list(corp: Wecrm) -> None:
    assert "external_userid" in offered(corp, "contacts", "list", "--columns", "")
    found = offered(corp, "contacts", "list", "--columns", "userid,na")
    assert list(found) == ["userid,name"]
    assert "userid,name,userid" not in offered(corp, "contacts", "list", "--columns", "userid,name,u")
    assert list(offered(corp, "contacts", "list", "--columns=userid,na")) == ["--columns=userid,name"]
    assert list(offered(corp, "tags", "list", "--sort", "-cu")) == ["-customers"]
    assert list(offered(corp, "sandbox", "calls", "--columns", "er")) == ["errcode"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gen", "gender"),
        ("status = 'active' and gen", "status = 'active' and gender"),
        ("not (gen", "not (gender"),
        ("tag has 'V", "tag has 'VIP'"),
        ("status = 'active' and tags has 'V", "status = 'active' and tags has 'VIP'"),
        ("status = 'x' o", "status = 'x' or"),
        ("(gender = 1) a", "(gender = 1) and"),
    ],
)
def test_a_condition_is_completed_at_its_end(corp: Wecrm, typed: str, found: str) -> None:
    assert list(offered(corp, "contacts", "list", "--where", typed)) == [found]
    assert list(offered(corp, "tags", "plan", "x.csv", "--where", typed)) == [found]


@pytest.mark.parametrize("typed", ["gender = ", "gender ", "status = 'ac"])
def test_where_a_value_or_a_sign_must_come_no_column_is_offered(corp: Wecrm, typed: str) -> None:
    assert not offered(corp, "contacts", "list", "--where", typed)


def test_a_condition_takes_a_name_with_a_quote_in_it(synced: Wecrm) -> None:
    change(synced, "UPDATE corp_tag SET name = 'it''s' WHERE name = 'VIP'")
    condition = next(iter(offered(synced, "contacts", "list", "--where", "tag has 'it")))
    assert condition == "tag has 'it''s'"
    assert synced("contacts", "list", "--where", condition).code == 0


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("tags", "list", "--format", ""), {"table", "csv", "tsv", "json", "ndjson", "markdown"}),
        (("tags", "list", "-f", "nd"), {"ndjson"}),
        (("report", ""), {"followers", "channels", "tags"}),
        (("explain", "6002"), {"60020", "60021"}),
        (("explain", "60020", "trusted"), {"trusted-ip"}),
        (("sandbox", "fault", "http"), {"http502"}),
        (("sandbox", "fault", "-1"), {"-1"}),
        (("sandbox", "switch", "str"), {"strict"}),
        (("sync", ""), {"members", "tags", "contacts", "groups", "new", "all"}),
        (("jobs", "show", "JOB", "--status", "failed,conf"), {"failed,conflict"}),
        (("members", "show", "x", "--part", ""), {"member", "departments", "customers", "groups"}),
        (("completion", ""), {"bash", "zsh", "fish"}),
        (("--color", ""), {"auto", "always", "never"}),
        (("tags", "list", "--lang", ""), {"en", "zh"}),
    ],
)
def test_closed_lists_are_offered(corp: Wecrm, words: tuple[str, ...], some: set[str]) -> None:
    assert some <= set(offered(corp, *words))


@pytest.mark.parametrize(
    "words", [("apply", ""), ("tags", "plan", "v"), ("tags", "list", "-o", ""), ("--config", "x"), ("--log-file=x",)]
)
def test_files_are_left_to_the_shell(corp: Wecrm, words: tuple[str, ...]) -> None:
    assert complete.reply(["--", *words], env_of(corp)) == "\tfiles\n"


def test_no_more_than_a_screenful_is_offered(synced: Wecrm) -> None:
    db = sqlite3.connect(synced.database)
    with db:
        db.executemany(
            "INSERT INTO member (userid, first_seen, seen_at) VALUES (?, 0, 0)",
            [(f"zz{n}",) for n in range(LIMIT + 50)],
        )
    db.close()
    assert len(offered(synced, "members", "show", "zz")) == LIMIT


# -- profiles

CONFIG = """# mine
default_profile: "two"   # the usual one
timezone: Asia/Shanghai

profiles:   # all of them

    one:
        corp_id: ww1
        name: "First: with a colon"
        secrets:
            contact:
                secret: env:X
                database: /not/this
    'two':
        # corp_id: wrong
        corp_id: "ww2"   # mine
        database: null
    # three:
    four: &anchor
        corp_id: ww4
        database: ~/four.db
"""


def test_profiles_are_offered_also_after_a_comma(wecrm: Wecrm) -> None:
    (wecrm.home / "config.yaml").write_text(CONFIG)
    assert list(offered(wecrm, "--profile", "")) == ["one", "two", "four", "sandbox", "@all"]
    assert list(offered(wecrm, "tags", "list", "--profile=one,t")) == ["--profile=one,two"]


def test_the_glance_reads_what_the_real_reader_reads(tmp_path: Path) -> None:
    example = (Path(config.__file__).parent.parent / "config.example.yaml").read_text("utf-8")
    for text in (CONFIG, example, starter("acme", "ww1", "A: b # c", "env:X"), starter("1.5", "", "", ""), "", "a: 1"):
        default, known = glance(text.splitlines())
        try:
            real = config.decode(text.replace("\n                database: /not/this", "").encode(), "test")
        except config.ConfigError:
            assert text == "a: 1"
            continue
        assert default == real.default_profile
        assert {name: each.get("corp_id") for name, each in known.items()} == {
            name: profile.corp_id for name, profile in real.profiles.items()
        }
        assert {name: each.get("database") or None for name, each in known.items()} == {
            name: profile.database for name, profile in real.profiles.items()
        }


def test_the_profile_of_the_command_line_decides_whose_cache_is_asked(synced: Wecrm) -> None:
    (synced.home / "config.yaml").write_text("default_profile: other\nprofiles:\n  other:\n    corp_id: ww9\n")
    env = {"WECRM_HOME": str(synced.home)}

    def values(*words: str, **more: str) -> str:
        return complete.reply(["--", *words], {**env, **more})

    assert not values("tags", "plan", "--add", "V")
    assert not values("tags", "plan", "--add", "V", WECRM_PROFILE="unknown")
    assert values("tags", "plan", "--add", "V", WECRM_PROFILE="sandbox")
    assert values("tags", "plan", "--profile", "sandbox", "--add", "V", WECRM_PROFILE="other")
    assert values("--profile=sandbox,other", "tags", "plan", "--add", "V")
    shutil.copy(synced.database, synced.home / "elsewhere.db")
    text = f"profiles:\n  other:\n    corp_id: ww9\n    database: {synced.home}/elsewhere.db\n"
    (synced.home / "mine.yaml").write_text(text)
    assert values("--config", f"{synced.home}/mine.yaml", "--profile", "other", "tags", "plan", "--add", "V")


@pytest.mark.parametrize(
    "environ",
    [
        {"WECRM_HOME": "/x/y"},
        {"WECRM_HOME": "~/z"},
        {"HOME": "/h/me"},
        {"HOME": "/h/me", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"},
        {"HOME": "/h/me", "XDG_CONFIG_HOME": "relative", "XDG_DATA_HOME": ""},
    ],
)
def test_folders_are_those_of_the_real_reader(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/h/me", **environ}.items():
        monkeypatch.setenv(name, value)
    real = config.places(environ)
    assert os.path.join(folder("config", environ), "config.yaml") == str(real.config)
    assert folder("data", environ) == str(real.data)


def test_the_sandbox_has_its_database_without_a_configuration(corp: Wecrm) -> None:
    default, known = profiles(str(corp.home / "config.yaml"))
    assert (default, known) == ("", {"sandbox": {}})
    assert database("sandbox", known, env_of(corp)) == str(corp.database)


# -- nothing breaks it

HOSTILE = [
    "two words",
    "it's",
    'say "hi"',
    "$HOME `id` $(id)",
    "back\\slash",
    "a=b:c@d",
    "-dash",
    "#hash",
    "~tilde",
    "semi;colon&more|",
    "👩‍👧",
    "*?[x]{y}",
    "100%",
]
BROKEN = ["new\nline", "tab\there", "\x1b[31mred", "bell\x07", "nul\x00", "\u202eright", "c1\x9b", "line\u2028end"]


def hostile(wecrm: Wecrm) -> None:
    """Give the corp tags, a member and a job with names of strangers."""
    db = sqlite3.connect(wecrm.database)
    group = db.execute("SELECT group_id FROM tag_group LIMIT 1").fetchone()[0]
    with db:
        for n, name in enumerate([*HOSTILE, *BROKEN]):
            db.execute("INSERT INTO corp_tag VALUES (?, ?, ?, 0, 0, NULL, NULL)", (f"z{n}", group, f"zz{name}"))
            member = (f"zz{n}", f"name {name}")
            db.execute("INSERT INTO member (userid, name, first_seen, seen_at) VALUES (?, ?, 0, 0)", member)
            db.execute("INSERT INTO job VALUES (?, 'd', 'k', ?, NULL, NULL, 'done', 1, 1, 1, NULL)", (f"zz{n}", name))
        db.execute("INSERT INTO corp_tag VALUES ('zx', ?, CAST(x'7a7aff20' AS TEXT), 0, 0, NULL, NULL)", (group,))
    db.close()


def test_names_of_strangers_stay_on_their_line_or_are_left_out(synced: Wecrm) -> None:
    hostile(synced)
    assert set(offered(synced, "tags", "plan", "--add", "zz")) == {f"zz{name}" for name in HOSTILE}
    for words in (("members", "show", "zz"), ("jobs", "show", "zz")):
        text = complete.reply(["--", *words], env_of(synced))
        assert text.count("\n") == len(HOSTILE) + len(BROKEN)
        for line in text.removesuffix("\n").split("\n"):
            assert line.count("\t") == 1
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line.replace("\t", ""))
            assert "\u202e" not in line


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r\t"), min_size=1))
def test_what_is_quoted_for_bash_is_read_back(text: str) -> None:
    for quote in ("", "'", '"'):
        assert split(f"wecrm x {quote}{quoted(text, quote)}", BREAKS)[0] == ["wecrm", "x", text]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_words_whatever_break_the_protocol(words: list[str]) -> None:
    for mode in (["--"], ["fish", "--"]):
        for line in complete.reply([*mode, *words], {"WECRM_HOME": "/nowhere"}).split("\n")[:-1]:
            assert line.count("\t") == 1
    complete.reply(["bash", BREAKS, "wecrm " + " ".join(words)], {"WECRM_HOME": "/nowhere"})


def test_what_can_not_be_read_is_silence(synced: Wecrm, tmp_path: Path) -> None:
    def silent(home: Path, *words: str) -> None:
        done = asked(home, *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    tag = ("tags", "plan", "--add", "V")
    silent(tmp_path / "none", *tag)
    assert not (tmp_path / "none").exists()
    bad = tmp_path / "bad"
    (bad / "data").mkdir(parents=True)
    shutil.copy(synced.database, bad / "data")
    name = bad / "data" / synced.database.name
    good = asked(bad, *tag)
    assert (good.returncode, good.stdout, good.stderr) == (0, "VIP\t客户等级\n", "")
    for text in (b"", b"not a database at all" * 1000, name.read_bytes()[:5000], os.urandom(20000)):
        name.write_bytes(text)
        silent(bad, *tag)
    name.unlink()
    name.mkdir()
    silent(bad, *tag)
    (bad / "config.yaml").write_bytes(b"profiles:\n  \xff\xfe: [\n\x00")
    silent(bad, *tag)
    for words in ((), ("bash",), ("bash", "x"), ("nonsense",)):
        done = asked(bad, *words, argv=())
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_database_at_work_is_read_as_it_was_committed_and_a_held_one_is_silence(synced: Wecrm) -> None:
    writer = sqlite3.connect(synced.database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE corp_tag SET name = 'VVV' WHERE name = 'VIP'")
    assert list(offered(synced, "tags", "plan", "--add", "V")) == ["VIP"]
    writer.execute("COMMIT")
    assert list(offered(synced, "tags", "plan", "--add", "V")) == ["VVV"]
    writer.execute("PRAGMA locking_mode = EXCLUSIVE")
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("UPDATE corp_tag SET name = 'VIP' WHERE name = 'VVV'")
    done = asked(synced.home, "tags", "plan", "--add", "V")
    writer.close()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_file_is_made_or_changed(synced: Wecrm) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in synced.home.rglob("*")}

    before = state()
    assert offered(synced, "tags", "plan", "--add", "V")
    assert asked(synced.home, "members", "show", "").stdout
    assert state() == before


def test_nothing_heavy_is_imported(corp: Wecrm) -> None:
    script = """
import sys
before = set(sys.modules)
sys.argv = ["wecrm", "__complete", *{argv!r}]
from wecrm.__main__ import main
try:
    main()
except SystemExit as left:
    assert not left.code
print("\\n" + " ".join(sorted(set(sys.modules) - before)))
"""
    for argv in (
        ["--", "tags", "plan", "--add", "V"],
        ["bash", BREAKS, "wecrm tags plan --add V"],
        ["--", "--profile", ""],
    ):
        done = subprocess.run(
            [sys.executable, "-S", "-c", script.format(argv=argv)],
            env={**env_of(corp), "PYTHONPATH": str(Path(config.__file__).parent.parent)},
            capture_output=True,
            text=True,
            check=True,
        )
        *answer, modules = done.stdout.splitlines()
        assert len("".join(answer)) > 2
        assert not {name.partition(".")[0] for name in modules.split()} & HEAVY


def test_descriptions_speak_the_language_of_the_person(corp: Wecrm) -> None:
    english = asked(corp.home, "sync", "--max-rem").stdout
    chinese = asked(corp.home, "sync", "--max-rem", WECRM_LANG="zh").stdout
    assert english.partition("\t")[0] == chinese.partition("\t")[0] == "--max-removals"
    assert asked(corp.home, "--lang", "zh", "sync", "--max-rem").stdout == chinese
    assert chinese.isascii() is False
    assert english.isascii()


# -- the table


def test_the_table_has_every_command_option_and_argument(root: Any) -> None:
    everywhere = {name for n in _tree.GLOBALS for name in _tree.OPTIONS[n][0]}
    assert {name for each in root.params for name in each.opts} <= everywhere
    for first in COMMANDS:
        for words, command in leaves(root, first):
            _told, places, numbers = _tree.COMMANDS[" ".join(words)]
            known = {name for n in numbers for name in _tree.OPTIONS[n][0]}
            options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
            assert known == {n for p in options for n in (*p.opts, *p.secondary_opts)} - {"--help"}
            assert len(places) == sum(p.param_type_name == "argument" for p in command.params)
    assert set(COMMANDS) == {name.split()[0] for name in _tree.COMMANDS}


def test_every_kind_of_value_is_one_that_completion_knows() -> None:
    kinds = {option[1] for option in _tree.OPTIONS}
    kinds |= {place.removesuffix("…") for _told, places, _options in _tree.COMMANDS.values() for place in places}
    for kind in kinds - {""}:
        name, _blank, of = kind.partition(" ")
        if name in ("one", "many", "order"):
            assert _tree.CHOICES[of]
        elif name == "where":
            assert _tree.CHOICES[f"where {of}"]
        else:
            assert name in (*complete.CACHED, "file", "profiles", "value")


# -- the scripts


def test_each_script_is_printed(corp: Wecrm) -> None:
    for shell, text in SCRIPTS.items():
        result = corp("completion", shell)
        assert (result.code, result.out, result.err) == (0, text, "")
    assert corp("completion", "tcsh").code == 2


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which `wecrm` is the one under test."""
    program = tmp_path / "bin" / "wecrm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m wecrm "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


def shell(program: str, script: str, wecrm: Wecrm, path: str, *arguments: str) -> list[str]:
    """The lines that a shell's script prints."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    options = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[program]
    code = ["-c", script, *(["sh"] if program != "fish" else []), *arguments]
    done = subprocess.run(
        [program, *options, *code],
        env={**env_of(wecrm), "PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(wecrm.home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert not done.stderr
    return done.stdout.splitlines()


BASH = (
    SCRIPTS["bash"]
    + """
compopt() { echo "compopt $*"; }
COMP_LINE=$1 COMP_POINT=${#1}
_wecrm
printf '%s\\n' "${COMPREPLY[@]}"
"""
)


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("wecrm tags pl", ["plan"]),
        ("wecrm tags plan --add V", ["VIP"]),
        ("wecrm tags plan --add 客户等级/V", ["客户等级/VIP"]),
        ('wecrm tags plan --add "V', ["VIP"]),
        ("wecrm contacts list --columns=userid,nam", ["userid,name"]),
        ("wecrm --profile @", ["@all"]),
        ("wecrm tags plan --add zztwo", ["zztwo\\ words"]),
        ("wecrm tags plan --add zztwo\\ w", ["zztwo\\ words"]),
        ("wecrm tags plan --add 'zzit", ["zzit'\\''s"]),
        ('wecrm tags plan --add "zz$H', ["zz\\$HOME \\`id\\` \\$(id)"]),
        ("wecrm tags plan --add zza=b:", ["c@d"]),
        (
            "wecrm contacts list --where \"status = 'x' and gen",
            ["compopt -o nospace", "status = 'x' and gender", "status = 'x' and gender "],
        ),
        ("wecrm apply x", ["compopt -o default", ""]),
        ("wecrm nothing ", [""]),
    ],
)
def test_bash_gets_what_can_stand_on_its_line(synced: Wecrm, path: str, line: str, replies: list[str]) -> None:
    hostile(synced)
    assert shell("bash", BASH, synced, path, line) == replies


def test_bash_without_a_line_goes_by_its_words(corp: Wecrm, path: str) -> None:
    script = SCRIPTS["bash"] + "COMP_WORDS=(wecrm tags pl) COMP_CWORD=2\n_wecrm\necho ${COMPREPLY[@]}\n"
    assert shell("bash", script, corp, path) == ["plan"]
    script = SCRIPTS["bash"] + "COMP_WORDS=(wecrm sync '') COMP_CWORD=2\n_wecrm\necho ${COMPREPLY[@]}\n"
    assert shell("bash", script, corp, path) == ["members tags contacts groups livecodes stats new all"]


def test_bash_reads_back_every_hostile_name_as_it_is(synced: Wecrm, path: str) -> None:
    hostile(synced)
    script = BASH.replace("printf", 'for each in "${COMPREPLY[@]}"; do eval "printf \'%s\\n\' $each"; done; : printf')
    assert sorted(shell("bash", script, synced, path, "wecrm tags plan --add zz")) == sorted(f"zz{n}" for n in HOSTILE)


ZSH = (
    """
compdef() { : }
_files() { print files }
compset() { : }
compadd() { print -rl -- $values; print -rl -- $shown }
words=("$@") CURRENT=$# PREFIX=$@[-1]
"""
    + SCRIPTS["zsh"].replace("#compdef wecrm", "")
    + "\n_wecrm\n"
)


def test_zsh_gets_values_and_what_they_are(synced: Wecrm, path: str) -> None:
    hostile(synced)
    assert shell("zsh", ZSH, synced, path, "wecrm", "tags", "plan", "--add", "V") == ["VIP", "VIP  -- 客户等级"]
    assert shell("zsh", ZSH, synced, path, "wecrm", "tags", "plan", "--add", "zztwo\\ w")[0] == "zztwo words"
    assert shell("zsh", ZSH, synced, path, "wecrm", "apply", "") == ["files"]
    assert shell("zsh", ZSH, synced, path, "wecrm", "nothing", "") == []


def test_fish_gets_values_and_what_they_are(synced: Wecrm, path: str) -> None:
    hostile(synced)
    script = SCRIPTS["fish"] + "\ncomplete -C $argv[1]\n"
    assert shell("fish", script, synced, path, "wecrm tags plan --add V") == ["VIP\t客户等级"]
    assert shell("fish", script, synced, path, 'wecrm tags plan --add "zztwo w')[0].startswith("zztwo words\t")
    assert shell("fish", script, synced, path, "wecrm contacts list --columns=userid,nam")[0].startswith(
        "--columns=userid,name\t"
    )
    (synced.home / "mine.plan").touch()
    assert shell("fish", script, synced, path, f"wecrm apply {synced.home}/mi") == [f"{synced.home}/mine.plan"]
