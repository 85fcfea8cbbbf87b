"""`wecrm doctor`: what keeps a profile from working is found, explained and weighed."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Wecrm
from wecrm.errors import Exit
from wecrm.operations import doctor, doctor_places
from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World

CONTACT = SECRETS["contact"]


def findings(result: Result) -> dict[str, dict[str, str]]:
    """The rows by check; the most severe one where a check has several."""
    found: dict[str, dict[str, str]] = {}
    for row in json.loads(result.out):
        if row["check"] not in found or row["state"] == "fail":
            found[row["check"]] = row
    return found


def examined(wecrm: Wecrm, *words: str) -> tuple[int, dict[str, dict[str, str]]]:
    result = wecrm("doctor", "-f", "json", *words)
    return result.code, findings(result)


def asked(world: World) -> int:
    return len(list(control.calls(world, path="gettoken")))


# -- a sandbox


def test_a_sound_profile_is_fine_in_every_respect(synced: Wecrm) -> None:
    code, found = examined(synced)
    assert code == 0
    assert {check for check, row in found.items() if row["state"] == "fail"} == set()
    for check in ("config.profile", "sqlite", "disk", "database", "token.contact", "ip.contact", "range"):
        assert found[check]["state"] == "ok", found[check]
    for family in ("follow-users", "contacts", "tags", "groups", "departments", "members"):
        assert found[f"api.contact.{family}"]["state"] == "ok"
    for purpose in ("members", "tags", "contacts", "groups"):
        assert found[f"sync.{purpose}"]["state"] == "ok"
    assert found["mode.tokens"]["state"] == found["mode.database"]["state"] == "ok"


@pytest.mark.parametrize(("path", "family"), [("groupchat/list", "groups"), ("user/list", "members")])
def test_a_listing_that_has_no_list_is_no_answer(synced: Wecrm, path: str, family: str) -> None:
    with synced.world() as world:
        control.add_fault(world, kind="wrong_type", path=path, share=1.0)
    code, found = examined(synced)
    assert code == Exit.temporary
    assert found[f"api.contact.{family}"]["state"] == "fail"


def test_a_profile_that_was_never_used_is_fine_too_and_no_database_is_made(wecrm: Wecrm) -> None:
    code, found = examined(wecrm)
    assert code == 0
    assert found["database"]["state"] == "skip"
    assert not wecrm.database.exists()


def test_each_secret_is_asked_for_one_token(wecrm: Wecrm) -> None:
    examined(wecrm)
    with wecrm.world() as world:
        assert asked(world) == 4  # one more by the archive's library, which keeps no token
        examined(wecrm)
        assert asked(world) == 5


def test_every_failure_says_what_to_do(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.disable_secret(world, "contact")
        control.set_visible_range(world, "directory", [])
    _code, found = examined(wecrm)
    assert [row for row in found.values() if row["state"] in ("fail", "warn") and not row["fix"]] == []


def test_a_wrong_secret_is_asked_once_and_then_only_on_demand(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.change_secret(world, "contact", "reset-in-the-console")
        code, found = examined(wecrm)
        assert code == 4
        assert found["token.contact"]["state"] == "fail"
        assert "40001" in found["token.contact"]["detail"]
        assert "Secret" in found["token.contact"]["fix"]
        before = asked(world)
        code, found = examined(wecrm)
        assert (code, asked(world)) == (4, before + 1)  # the archive's library, with its own secret
        assert "--retry-secrets" in found["token.contact"]["fix"]
        assert examined(wecrm, "--retry-secrets")[0] == 4
        assert asked(world) == before + 3
        control.change_secret(world, "contact", CONTACT)
        assert examined(wecrm)[0] == 4
        assert examined(wecrm, "--retry-secrets")[0] == 0
        assert examined(wecrm)[0] == 0


@pytest.mark.parametrize("where", ["gettoken", "call"])
def test_an_untrusted_ip_is_named_wherever_wecom_meets_it(wecrm: Wecrm, where: str) -> None:
    with wecrm.world() as world:
        control.set_trusted_ips(world, ["203.0.113.7"])
        control.set_switch(world, "trusted_ip_at", where)
    code, found = examined(wecrm)
    assert code == 4
    row = found["ip.contact"]
    assert row["state"] == "fail"
    assert "60020" in row["detail"]
    assert "127.0.0.1" in row["detail"]
    assert "企业可信IP" in row["fix"]
    assert [check for check in found if check.startswith("api.contact")] == []


def test_contacts_sync_from_a_newer_ip_is_a_warning_because_ids_still_come(wecrm: Wecrm) -> None:
    code, found = examined(wecrm)
    assert code == 0
    assert found["api.directory.departments"]["state"] == "warn"
    assert "48009" in found["api.directory.departments"]["detail"]
    assert found["api.directory.member-ids"]["state"] == "ok"
    with wecrm.world() as world:
        control.set_switch(world, "contacts_sync_new_ip", False)
    assert examined(wecrm)[1]["api.directory.departments"]["state"] == "ok"


def test_a_range_without_members_is_refused(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.set_visible_range(world, "contact", [])
    code, found = examined(wecrm)
    assert code == 6
    assert found["range"]["state"] == "fail"
    assert "可见范围" in found["range"]["fix"]


def test_a_range_that_shrank_below_the_cached_customers_is_a_warning(synced: Wecrm) -> None:
    with synced.world() as world:
        control.set_visible_range(world, "contact", [2])
    code, found = examined(synced)
    assert code == 0
    assert found["range"]["state"] == "warn"
    assert "no longer in range" in found["range"]["detail"]


@pytest.mark.parametrize(("kind", "calls"), [("45009", 1), ("-1", 4), ("http502", 4), ("close", 4)])
def test_a_busy_wecom_is_temporary_and_asked_for_no_other_token(wecrm: Wecrm, kind: str, calls: int) -> None:
    with wecrm.world() as world:
        control.add_fault(world, kind=kind, path="gettoken", times=50)
        began = world.now()
        code, found = examined(wecrm)
        assert code == 5
        assert found["token.contact"]["state"] == "fail"
        assert found["token.directory"]["state"] == found["token.archive"]["state"] == "skip"
        assert asked(world) == calls
        assert world.now() - began < 30


def test_a_block_that_still_lasts_is_not_sat_out(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.add_fault(world, kind="45009", path="get_corp_tag_list")
        assert examined(wecrm)[0] == 5
        began = world.now()
        code, found = examined(wecrm)
        assert code == 5
        assert "20 s" in found["api.contact.tags"]["detail"]
        assert world.now() - began < 60


def test_a_sync_of_two_days_ago_is_a_warning(synced: Wecrm) -> None:
    assert synced("sandbox", "advance", "2d").code == 0
    code, found = examined(synced)
    assert code == 0
    assert found["sync.contacts"]["state"] == "warn"
    assert "48." in found["sync.contacts"]["detail"]
    assert "wecrm sync contacts" in found["sync.contacts"]["fix"]


def test_a_token_or_database_that_others_can_read_is_told_with_its_cure(synced: Wecrm) -> None:
    token = next((synced.home / "cache").rglob("token-*.json"))
    token.chmod(0o644)
    synced.database.chmod(0o640)
    code, found = examined(synced)
    assert code == 4
    assert found["mode.tokens"]["fix"] == f"chmod 600 {token}"
    assert "0640" in found["mode.database"]["detail"]


def test_a_damaged_database_outweighs_everything(synced: Wecrm) -> None:
    with synced.world() as world:
        control.disable_secret(world, "contact")
    synced.database.write_bytes(b"this is no database " * 1000)
    code, found = examined(synced)
    assert code == 9
    assert found["database"]["state"] == "fail"
    assert found["token.contact"]["state"] == "fail"


def test_damage_inside_the_database_is_found(synced: Wecrm) -> None:
    content = bytearray(synced.database.read_bytes())
    page = 4096
    middle = len(content) // page // 2 * page
    content[middle : middle + 20 * page] = b"\xa5" * (20 * page)
    synced.database.write_bytes(content)
    assert examined(synced)[0] == 9


def test_a_stop_ends_the_examination(wecrm: Wecrm) -> None:
    from wecrm.errors import InterruptedRun

    result = wecrm("doctor", signalled=lambda: InterruptedRun("Stopped by Ctrl-C."))
    assert result.code == 130


def test_neither_secrets_nor_tokens_are_shown(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.add_fault(world, kind="40014", path="get_corp_tag_list", times=9)
    result = wecrm("-vv", "doctor")
    tokens = [json.loads(path.read_text())["token"] for path in (wecrm.home / "cache").rglob("token-*.json")]
    assert len(tokens) == 3
    for hidden in (*SECRETS.values(), *tokens):
        assert hidden not in result.out + result.err


def test_rows_come_in_any_format(wecrm: Wecrm, tmp_path: Path) -> None:
    assert wecrm("doctor", "--columns", "check,state").lines[0] == "check,state"
    assert wecrm("doctor", "-o", str(tmp_path / "found.json")).out == ""
    assert {row["check"] for row in json.loads((tmp_path / "found.json").read_text())} >= {"sqlite", "range"}


def test_a_person_at_a_terminal_reads_each_finding_with_its_cure(wecrm: Wecrm) -> None:
    screen, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wecrm", "doctor", "--color", "never"],
        env={**os.environ, "WECRM_HOME": str(wecrm.home), "WECRM_PROFILE": "sandbox"},
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=subprocess.PIPE,
    )
    os.close(inner)
    text = b""
    try:
        while piece := os.read(screen, 65536):
            text += piece
    except OSError:  # the other side is gone
        pass
    os.close(screen)
    _out, errors = process.communicate()
    assert process.returncode == 0, errors
    shown = text.decode()
    assert "ok    token.contact" in shown
    assert "warn  api.directory.departments" in shown
    assert "To fix: " in shown
    assert "\x1b" not in shown


# -- a profile of one's own


@dataclass
class Home:
    """A home with a configuration of its own, whose WeCom is a served sandbox."""

    wecrm: Wecrm
    url: str

    def configure(self, *lines: str, secrets: dict[str, str] | None = None, mode: int = 0o600) -> None:
        found = {"contact": "env:CONTACT", "directory": "env:DIRECTORY"} if secrets is None else secrets
        text = ["profiles:", "  acme:", f"    corp_id: {CORP_ID}", f"    base_url: {self.url}", "    secrets:"]
        text += [f"      {kind}: {{secret: '{reference}'}}" for kind, reference in found.items()] or ["      {}"]
        path = self.wecrm.home / "config.yaml"
        path.write_text("\n".join([*text, *(f"    {line}" for line in lines)]) + "\n")
        path.chmod(mode)


@pytest.fixture(scope="module")
def served(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(seeded, home)
    process = Wecrm(home).process("sandbox", "serve")
    assert process.stdout is not None
    assert process.stderr is not None
    yield process.stdout.readline().decode().strip()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stdout.close()
    process.stderr.close()


@pytest.fixture
def acme(served: str, tmp_path: Path) -> Home:
    environ = {"WECRM_PROFILE": "acme", "CONTACT": CONTACT, "DIRECTORY": SECRETS["directory"]}
    (tmp_path / "home").mkdir()
    home = Home(Wecrm(tmp_path / "home", env=environ), served)
    home.configure()
    return home


def test_a_configured_profile_is_examined_over_the_wire(acme: Home) -> None:
    code, found = examined(acme.wecrm)
    assert code == 0
    for check in ("config.file", "config.mode", "secret.contact", "token.contact", "ip.contact", "clock"):
        assert found[check]["state"] == "ok", found[check]


@pytest.mark.parametrize(("app", "code"), [("second", 0), ("system", 6)])
def test_a_secret_for_acquisition_links_is_tried_on_them(acme: Home, app: str, code: int) -> None:
    acme.wecrm.env["LINKS"] = SECRETS[app]
    acme.configure(secrets={"contact": "env:CONTACT", "links": "env:LINKS"})
    ended, found = examined(acme.wecrm)
    assert ended == code
    assert found["token.links"]["state"] == "ok"
    assert found["api.links.acquisition-links"]["state"] == ("fail" if code else "ok")
    assert acme.wecrm("config", "validate").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("profiles: [", "not valid YAML"), ("profile: {}\n", "unknown field"), ("timezone: Mars/Olympus\n", "time zone")],
)
def test_a_configuration_that_can_not_be_read_is_the_finding(acme: Home, text: str, said: str) -> None:
    (acme.wecrm.home / "config.yaml").write_text(text)
    code, found = examined(acme.wecrm)
    assert code == 4
    assert said in found["config.file"]["detail"]
    assert found["sqlite"]["state"] == "ok"
    assert found["wecom"]["state"] == "skip"


def test_an_unknown_profile_is_the_finding(acme: Home) -> None:
    code, found = examined(acme.wecrm, "--profile", "acmee")
    assert code == 4
    assert found["config.profile"]["fix"] == "Did you mean acme?"


def test_no_profile_at_all_is_the_finding(tmp_path: Path) -> None:
    code, found = examined(Wecrm(tmp_path, env={"WECRM_PROFILE": ""}))
    assert code == 4
    assert "wecrm config init" in found["config.profile"]["fix"]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:NOBODY_SET_IT", "is empty"),
        ("file:/nonexistent/secret", "can't be read"),
        ("command:false", "failed with code 1"),
        ("plain-secret-value", "must be a reference"),
    ],
)
def test_a_secret_that_does_not_resolve_leaves_the_others_to_be_tried(acme: Home, reference: str, said: str) -> None:
    acme.configure(secrets={"contact": reference, "directory": "env:DIRECTORY"})
    result = acme.wecrm("doctor", "-f", "json")
    found = findings(result)
    assert result.code == 4
    assert said in found["secret.contact"]["detail"]
    assert found["token.directory"]["state"] == "ok"
    assert "token.contact" not in found
    assert "plain-secret-value" not in result.out + result.err


def test_a_profile_without_a_contact_secret_is_told(acme: Home) -> None:
    acme.configure(secrets={})
    code, found = examined(acme.wecrm)
    assert code == 4
    assert "secrets.contact" in found["secret.contact"]["fix"]


def test_the_wrong_kind_of_secret_is_told_apart_from_a_wrong_one(acme: Home) -> None:
    acme.wecrm.env["CONTACT"] = SECRETS["other"]
    code, found = examined(acme.wecrm)
    assert code == 6
    assert found["token.contact"]["state"] == "ok"
    assert found["api.contact.follow-users"]["state"] == "fail"
    assert "48002" in found["api.contact.follow-users"]["detail"]
    assert "可调用接口的应用" in found["api.contact.follow-users"]["fix"]
    assert found["api.contact.departments"]["state"] == "ok"
    assert found["range"]["state"] == "skip"


def test_a_configuration_that_others_may_change_is_told(acme: Home) -> None:
    acme.configure(mode=0o666)
    code, found = examined(acme.wecrm)
    assert code == 4
    assert found["config.mode"]["fix"].startswith("chmod 600 ")
    acme.configure(mode=0o644)  # no secret stands in it
    assert examined(acme.wecrm)[1]["config.mode"]["state"] == "ok"


def test_a_proxy_that_can_not_be_used_is_a_finding(acme: Home) -> None:
    acme.configure("proxy: nonsense")
    code, found = examined(acme.wecrm)
    assert code == 4
    assert found["wecom"]["state"] == "fail"


def test_a_folder_that_can_not_be_written_is_a_finding(acme: Home) -> None:
    (acme.wecrm.home / "data").write_text("a file where a folder should be")
    code, found = examined(acme.wecrm)
    assert code == 4
    assert found["folder.data"]["state"] == "fail"


# -- pure judgements


MOUNTS = """\
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
server:/export /home nfs4 rw 0 0
//nas/share /mnt/nas\\040one cifs rw 0 0
host /mnt/c 9p rw 0 0
me@host:/ /home/me/remote fuse.sshfs rw 0 0
tmpfs /home/local tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/wecrm", "ext4"),
        ("/home", "nfs4"),
        ("/home/li/.local/share/wecrm", "nfs4"),
        ("/homes/li", "ext4"),
        ("/mnt/nas one/wecrm", "cifs"),
        ("/mnt/c/Users", "9p"),
        ("/home/me/remote/x", "fuse.sshfs"),
        ("/home/local/x", "tmpfs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert doctor_places.kind_of(Path(path), MOUNTS) == kind


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        *((kind, "ok") for kind in ("ext4", "btrfs", "overlay", "tmpfs")),
        *((kind, "fail") for kind in ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs")),
        *((kind, "warn") for kind in ("9p", "fuse.something")),
    ],
)
def test_a_network_file_system_is_refused_and_a_doubtful_one_told(tmp_path: Path, kind: str, state: str) -> None:
    finding = doctor_places.file_system(tmp_path, f"x / {kind} rw 0 0\n")
    assert (finding.state, finding.exit) == (state, Exit.config if state == "fail" else Exit.ok)
    assert doctor_places.file_system(tmp_path, "").state == "skip"


@pytest.mark.parametrize(("free", "state"), [(50_000_000, "fail"), (500_000_000, "warn"), (5_000_000_000, "ok")])
def test_little_room_is_told_before_it_is_gone(tmp_path: Path, free: int, state: str) -> None:
    assert doctor_places.space(free, tmp_path).state == state


@pytest.mark.parametrize(("off", "state"), [(0, "ok"), (90, "ok"), (-600, "warn"), (86_400, "warn")])
def test_a_clock_that_is_off_is_told(off: int, state: str) -> None:
    now = 1_793_494_800
    assert doctor.clock(formatdate(now, usegmt=True), now + off).state == state


@pytest.mark.parametrize("dated", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_an_answer_without_a_time_says_nothing_of_the_clock(dated: str) -> None:
    assert doctor.clock(dated, 1_793_494_800).state == "skip"


def test_the_most_severe_failure_decides_and_warnings_do_not() -> None:
    def finding(state: Any, code: Exit) -> doctor.Finding:
        return doctor.Finding("x", state, exit=code)

    assert doctor.end([]) is Exit.ok
    assert doctor.end([finding("warn", Exit.refused)]) is Exit.ok
    three = [finding("fail", code) for code in (Exit.temporary, Exit.config, Exit.refused)]
    assert doctor.end(three) is Exit.config
    assert doctor.end([*three, finding("fail", Exit.integrity)]) is Exit.integrity


def test_a_configuration_that_others_may_read_is_a_warning(acme: Home) -> None:
    acme.configure(mode=0o644)
    code, found = examined(acme.wecrm)
    assert code == 0
    assert found["config.readable"]["state"] == "warn"
    assert found["config.readable"]["fix"] == f"chmod 600 {acme.wecrm.home / 'config.yaml'}"


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("https://qyapi.weixin.qq.com", False),
        ("http://127.0.0.1:8080", False),
        ("http://localhost", False),
        ("http://[::1]:1", False),
        ("http://qyapi.weixin.qq.com", True),
        ("HTTP://10.0.0.1/", True),
        ("http://127.evil.example", True),
        ("http://localhost.evil.example", True),
    ],
)
def test_an_address_over_which_tokens_go_unencrypted_is_a_warning(acme: Home, url: str, clear: bool) -> None:
    acme.url = url
    acme.configure(secrets={})
    _code, found = examined(acme.wecrm)
    assert (found.get("config.base_url", {}).get("state") == "warn") is clear
