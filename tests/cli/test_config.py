"""`wecrm config`: where it is, what is in force, what is wrong, and how to begin."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.conftest import Wecrm
from wecrm.cli.settings import PURPOSES
from wecrm.cli.starter import TEXT, starter
from wecrm.config import Config, Limits, Media, Profile, decode

SECRET = "s3cret-Zzz-never-shown"
FILE = """
default_profile: acme
profiles:
  acme:
    corp_id: ww1a2b3c4d5e6f7a8b
    proxy: http://user:{secret}@proxy.example:3128
    secrets:
      contact: {{secret: env:ACME_SECRET, agentid: 1000002}}
      directory: {{secret: "command:echo {secret}"}}
      archive: {{secret: "{secret}"}}
    limits: {{max_changes: 100}}
"""


@pytest.fixture
def bare(tmp_path: Path) -> Wecrm:
    """A home without anything in it, and no profile in the environment."""
    (tmp_path / "home").mkdir()
    return Wecrm(tmp_path / "home", {"WECRM_PROFILE": ""})


def written(bare: Wecrm, text: str) -> Path:
    path = bare.home / "config.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def settings(bare: Wecrm, *argv: str, env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    result = bare("config", "show", "-f", "json", *argv, env=env)
    assert result.code == 0, result.err
    return {row["key"]: (row["value"], row["origin"]) for row in json.loads(result.out)}


def problems(bare: Wecrm, text: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """What `config validate` finds wrong in a file of this text."""
    written(bare, text)
    result = bare("config", "validate", "-f", "json", env=env)
    found = {row["key"]: row["finding"] for row in json.loads(result.out) if row["result"] == "wrong"}
    assert result.code == (4 if found else 0), result.err
    return found


def test_path_follows_flag_then_variable_then_home(bare: Wecrm) -> None:
    assert bare("config", "path").out == f"{bare.home}/config.yaml\n"
    assert bare("config", "path", env={"WECRM_CONFIG": "/x/env.yaml"}).out == "/x/env.yaml\n"
    assert bare("config", "path", "--config", "/x/flag.yaml", env={"WECRM_CONFIG": "/x/env.yaml"}).out == (
        "/x/flag.yaml\n"
    )
    assert "config init" in bare("config", "path").err
    written(bare, "{}")
    assert bare("config", "path").err == ""


def test_show_names_the_origin_of_every_value(bare: Wecrm) -> None:
    written(bare, FILE.format(secret=SECRET))
    found = settings(bare, env={"WECRM_LANG": "zh"})
    assert found["config"] == (f"{bare.home}/config.yaml", "WECRM_HOME")
    assert found["profile"] == ("acme", "file")
    assert found["lang"] == ("zh", "WECRM_LANG")
    assert found["timezone"] == ("Asia/Shanghai", "built-in")
    assert found["profiles.acme.limits.max_changes"] == ("100", "file")
    assert found["profiles.acme.limits.share"] == ("0.7", "built-in")
    assert found["profiles.acme.protected"] == ("false", "built-in")
    assert found["profiles.acme.database"] == (f"{bare.home}/data/ww1a2b3c4d5e6f7a8b.db", "built-in")
    assert settings(bare, "--profile", "acme")["profile"] == ("acme", "flag")
    assert settings(bare, env={"WECRM_PROFILE": "acme"})["profile"] == ("acme", "WECRM_PROFILE")
    assert settings(bare, "--color", "never", env={"CLICOLOR_FORCE": "1"})["color"] == ("never", "flag")


def test_show_has_every_setting_there_is(bare: Wecrm) -> None:
    written(bare, FILE.format(secret=SECRET))
    keys = set(settings(bare))
    assert {f"profiles.acme.limits.{name}" for name in Limits.__struct_fields__} <= keys
    assert {f"profiles.acme.archive.media.{name}" for name in Media.__struct_fields__} <= keys
    inner = {"limits", "secrets", "archive"}
    assert {f"profiles.acme.{name}" for name in Profile.__struct_fields__ if name not in inner} <= keys
    assert {name for name in Config.__struct_fields__ if name != "profiles"} <= keys


@pytest.mark.parametrize("fmt", ["table", "csv", "json", "markdown"])
def test_show_never_shows_a_secret(bare: Wecrm, fmt: str) -> None:
    written(bare, FILE.format(secret=SECRET))
    result = bare("config", "show", "-f", fmt, env={"ACME_SECRET": SECRET})
    assert result.code == 0
    assert "env:ACME" in result.out
    assert SECRET not in result.out + result.err


def test_show_of_one_key_shows_what_is_below_it(bare: Wecrm) -> None:
    found = settings(bare, "profiles.sandbox.limits", "--profile", "sandbox")
    assert {key.rsplit(".", 1)[0] for key in found} == {"profiles.sandbox.limits"}
    result = bare("config", "show", "timezon")
    assert result.code == 2
    assert "Did you mean timezone" in result.err


def test_show_works_without_a_file_or_a_profile(bare: Wecrm) -> None:
    chosen = bare("config", "show", "--where", "key = 'timezone'", "-f", "json")
    assert [row["value"] for row in json.loads(chosen.out)] == ["Asia/Shanghai"]
    assert settings(bare)["profile"] == ("", "built-in")


def test_a_sound_file_is_exit_0_and_says_so(bare: Wecrm) -> None:
    text = "profiles: {acme: {corp_id: ww1a2b3c4d5e6f7a8b, secrets: {contact: {secret: env:ACME_SECRET}}}}"
    written(bare, text)
    result = bare("config", "validate", env={"ACME_SECRET": SECRET})
    assert result.code == 0, result.out
    assert SECRET not in result.out + result.err
    assert "ok,profiles.acme.secrets.contact," in result.out


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("timezone: Asia/Shangai", "timezone"),
        ("default_profile: acmee", "default_profile"),
        ("profiles: {a: {corp_id: '  '}}", "profiles.a.corp_id"),
        ("profiles: {a: {corp_id: ww0000000000000000}}", "profiles.a.corp_id"),
        ("profiles: {a: {corp_id: ww123456}}", "profiles.a.secrets.contact"),
        ("profiles: {a: {corp_id: ww123456, secrets: {contcat: {secret: env:X}}}}", "profiles.a.secrets.contcat"),
        ("profiles: {a: {corp_id: ww123456, base_url: qyapi.weixin.qq.com}}", "profiles.a.base_url"),
        ("profiles: {a: {corp_id: ww123456, read_timeout_s: 0}}", "profiles.a.read_timeout_s"),
        ("profiles: {a: {corp_id: ww123456, limits: {share: 70}}}", "profiles.a.limits.share"),
        ("profiles: {a: {corp_id: ww123456, limits: {parallel: 0}}}", "profiles.a.limits.parallel"),
        ("profiles: {a: {corp_id: ww123456, database: /dev/null/x.db}}", "profiles.a.database"),
        ("profiles: {'a,b': {corp_id: ww123456}}", "profiles.a,b"),
    ],
)
def test_validate_finds_what_the_decoder_cannot(bare: Wecrm, setting: str, key: str) -> None:
    assert key in problems(bare, setting)


def test_validate_resolves_every_reference(bare: Wecrm, tmp_path: Path) -> None:
    shared = tmp_path / "shared.secret"
    shared.write_text(SECRET)
    shared.chmod(0o644)
    secrets = {"contact": "env:NOT_SET", "directory": f"file:{shared}", "archive": "command:false"}
    profile = {"corp_id": "ww123456", "secrets": {kind: {"secret": ref} for kind, ref in secrets.items()}}
    found = problems(bare, json.dumps({"profiles": {"a": profile}}))
    assert set(found) == {f"profiles.a.secrets.{kind}" for kind in secrets}
    assert "NOT_SET" in found["profiles.a.secrets.contact"]
    assert "chmod 600" in found["profiles.a.secrets.directory"]
    assert SECRET not in json.dumps(found)


def test_only_secrets_that_are_mounted_may_be_readable_by_others(
    bare: Wecrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = tmp_path / "credentials"
    mounted.mkdir()
    for path in (mounted / "own", tmp_path / "beside"):
        path.write_text(SECRET)
        path.chmod(0o444)
    (mounted / "elsewhere").symlink_to(tmp_path / "beside")
    monkeypatch.chdir(tmp_path)

    def refused(path: str, credentials: str) -> bool:
        profile = {"corp_id": "ww123456", "secrets": {"contact": {"secret": f"file:{path}"}}}
        env = {"CREDENTIALS_DIRECTORY": credentials}
        return bool(problems(bare, json.dumps({"profiles": {"a": profile}}), env))

    assert not refused(f"{mounted}/own", str(mounted))
    assert not refused("credentials/own", str(mounted))
    assert refused(f"{mounted}/own", "")
    assert refused("beside", "")
    assert refused(f"{mounted}/../beside", str(mounted))
    assert refused(f"{mounted}/elsewhere", str(mounted))
    assert refused("/run/secrets/../../" + str(tmp_path / "beside"), "")


def test_the_example_decodes_and_shows_the_values_that_hold_without_it() -> None:
    text = (Path(__file__).parents[2] / "config.example.yaml").read_bytes()
    config = decode(text, "config.example.yaml")
    (profile,) = config.profiles.values()
    own = {"corp_id": profile.corp_id, "name": profile.name, "secrets": profile.secrets}
    archive = replace(Profile("").archive, library=profile.archive.library, keys=profile.archive.keys)
    assert profile == replace(Profile(""), **own, archive=archive)
    assert config == Config(default_profile=config.default_profile, profiles=config.profiles)
    assert set(profile.secrets) == set(PURPOSES)


def test_validate_looks_through_the_archive_and_show_hides_its_secrets(bare: Wecrm) -> None:
    archive = {
        "page": 1001,
        "timeout_s": 0,
        "library": "/nowhere/lib.so",
        "keys": {1: "env:KEY_1", 2: SECRET},
        "anchor": {"file": f"{bare.home}/data/anchor.log", "key": SECRET},
        "encryption": SECRET,
        "words": "/nowhere/words.yaml",
        "working_hours": "Mon-Fri nine to five",
        "proxy": f"http://me:{SECRET}@proxy:1",
    }
    profile = {"corp_id": "ww123456", "secrets": {"contact": {"secret": "env:KEY_1"}}, "archive": archive}
    found = problems(bare, json.dumps({"profiles": {"a": profile}}), env={"KEY_1": "x"})
    wrong = (
        "page",
        "timeout_s",
        "library",
        "keys.2",
        "anchor.file",
        "anchor.key",
        "encryption",
        "words",
        "working_hours",
    )
    assert set(found) == {f"profiles.a.archive.{name}" for name in wrong}
    shown = bare("config", "show")
    assert "env:KEY_1" in shown.out
    assert SECRET not in json.dumps(found) + shown.out + shown.err


def test_a_secret_written_into_the_file_is_wrong_and_not_repeated(bare: Wecrm) -> None:
    written(bare, FILE.format(secret=SECRET))
    result = bare("config", "validate", env={"ACME_SECRET": "x"})
    assert result.code == 4
    assert "wrong,profiles.acme.secrets.archive," in result.out
    assert SECRET not in result.out + result.err


def test_a_file_that_others_may_write_is_wrong(bare: Wecrm) -> None:
    path = written(bare, "{}")
    path.chmod(0o666)
    result = bare("config", "validate")
    assert result.code == 4
    assert "chmod 600" in result.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles: {a: {corp_id: x, sekrets: {}}}", "secrets"),
        ("timezone: [", "line 1"),
        ("profiles: 3", "profiles"),
        ("profiles: {a: {corp_id: 5}}", "corp_id"),
    ],
)
def test_a_file_that_cannot_be_decoded_is_exit_4_and_says_where(bare: Wecrm, text: str, said: str) -> None:
    written(bare, text)
    result = bare("config", "validate")
    assert result.code == 4
    assert said in result.err


def test_validate_without_a_file_is_exit_4(bare: Wecrm) -> None:
    result = bare("config", "validate")
    assert result.code == 4
    assert "config init" in result.err


def test_init_without_a_terminal_writes_placeholders_and_says_what_to_fill_in(bare: Wecrm) -> None:
    result = bare("config", "init")
    path = bare.home / "config.yaml"
    assert result.code == 0, result.err
    assert result.out == ""
    assert path.stat().st_mode & 0o777 == 0o600
    assert "profiles.main.corp_id" in result.err
    assert bare("config", "validate").code == 4
    assert "wrong,profiles.main.corp_id," in bare("config", "validate").out


def test_init_with_flags_writes_a_file_that_is_sound(bare: Wecrm) -> None:
    flags = ("--corp-id", "ww1a2b3c4d5e6f7a8b", "--name", 'A "B": # 客户', "--contact-secret", "env:ACME_SECRET")
    assert bare("--profile", "acme", "config", "init", *flags).code == 0
    assert bare("config", "validate", env={"ACME_SECRET": "x"}).code == 0
    found = settings(bare)
    assert found["profile"] == ("acme", "file")
    assert found["profiles.acme.corp_id"] == ("ww1a2b3c4d5e6f7a8b", "file")
    assert found["profiles.acme.name"] == ('A "B": # 客户', "file")
    assert found["profiles.acme.secrets.contact.secret"] == ("env:ACME_SECRET", "file")


def test_init_never_overwrites(bare: Wecrm, tmp_path: Path) -> None:
    written(bare, "timezone: UTC\n")
    result = bare("config", "init")
    assert result.code == 2
    assert (bare.home / "config.yaml").read_text() == "timezone: UTC\n"
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "nowhere.yaml")
    assert bare("config", "init", str(link)).code == 2
    assert not (tmp_path / "nowhere.yaml").exists()


def test_init_writes_where_it_is_told_and_dry_run_writes_nothing(bare: Wecrm, tmp_path: Path) -> None:
    path = tmp_path / "new" / "own.yaml"
    dry = bare("config", "init", str(path), "--dry-run")
    assert dry.code == 0
    assert not path.parent.exists()
    assert bare("config", "init", "--config", str(path)).code == 0
    assert path.read_text("utf-8") == dry.out
    assert bare("config", "init", "/dev/null/x.yaml").code == 2


def test_init_refuses_a_secret_in_place_of_a_reference_without_repeating_it(bare: Wecrm) -> None:
    result = bare("config", "init", "--contact-secret", SECRET)
    assert result.code == 2
    assert SECRET not in result.out + result.err
    assert not (bare.home / "config.yaml").exists()
    assert bare("config", "init", "--corp-id", "no corp").code == 2


def test_init_asks_on_a_terminal(bare: Wecrm) -> None:
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()
    env = {**os.environ, "WECRM_HOME": str(bare.home), "WECRM_PROFILE": "acme"}
    os.write(controller, "ww1a2b3c4d5e6f7a8b\n客户公司\n\n".encode())
    try:
        done = subprocess.run(
            [sys.executable, "-m", "wecrm", "config", "init"],
            stdin=terminal,
            capture_output=True,
            env=env,
            check=False,
            timeout=60,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 0, done.stderr
    config = decode((bare.home / "config.yaml").read_bytes(), "config.yaml")
    assert config.profiles["acme"].corp_id == "ww1a2b3c4d5e6f7a8b"
    assert config.profiles["acme"].name == "客户公司"
    assert config.profiles["acme"].secrets["contact"].secret == "env:WECRM_CONTACT_SECRET"


def test_what_is_commented_out_in_the_starter_is_the_default() -> None:
    bare_text = starter("main", "ww1a2b3c4d5e6f7a8b", "", "")
    whole = re.sub(r"^( *)# (?=( *)[a-z_]+:( |$))", r"\1", bare_text, flags=re.MULTILINE)
    assert whole.count("\n") == TEXT.count("\n")
    one, full = decode(bare_text.encode(), "starter"), decode(whole.encode(), "starter")
    assert full.timezone == Config().timezone
    profile = full.profiles["main"]
    assert set(profile.secrets) == {"contact", "directory", "archive"}
    assert profile.limits == Limits()
    for name in Profile.__struct_fields__:
        if name not in ("secrets", "limits"):
            assert getattr(profile, name) == getattr(one.profiles["main"], name), name
        assert f"{name}:" in TEXT, name
    assert all(f"{name}:" in TEXT for name in Limits.__struct_fields__)


@pytest.mark.parametrize(
    "text", ["yes", "null", "1e3", "007", "a: b", "#x", "'", '"', "\x1b", "客户", "- x", "~", "*a"]
)
def test_any_name_survives_the_starter(text: str) -> None:
    config = decode(starter(text, "ww1a2b3c4d5e6f7a8b", text, "command:echo 'a b' # c").encode(), "starter")
    assert list(config.profiles) == [text] == [config.default_profile]
    assert config.profiles[text].name == text
    assert config.profiles[text].secrets["contact"].secret == "command:echo 'a b' # c"
