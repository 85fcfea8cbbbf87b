"""`wecrm doctor` on the session archive: library, keys, a message opened for trial, seats, the last pull."""

import json

from tests.api.standin.building import a_standin_library as a_standin_library
from tests.api.standin.building import script
from tests.api.standin.corp import OTHER, PAIR, Corp
from tests.api.standin.corp import a_library_corp as a_library_corp
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.archive import keys as sandbox_keys
from wecrm.sandbox.identity import CORP_ID

DAY = 86400


def found(wecrm: Wecrm) -> tuple[int, dict[str, dict[str, str]]]:
    result = wecrm("doctor", "-f", "json")
    rows = json.loads(result.out)
    return result.code, {row["check"]: row for row in rows if row["check"].startswith("archive.")}


# -- the sandbox


def test_a_sound_archive_is_fine_but_was_never_pulled(wecrm: Wecrm) -> None:
    code, rows = found(wecrm)
    assert code == 0
    assert {check: row["state"] for check, row in rows.items()} == {
        "archive.key.1": "ok",
        "archive.seats": "ok",
        "archive.ip": "ok",
        "archive.decrypt": "ok",
        "archive.pull": "warn",
    }
    assert rows["archive.pull"]["fix"] == "wecrm archive pull"
    assert not (wecrm.home / "data" / f"{CORP_ID}.archive.db").exists()


def test_the_age_of_the_last_pull_is_told(wecrm: Wecrm) -> None:
    assert wecrm("archive", "pull", "--no-media").code in (0, 3)
    assert found(wecrm)[1]["archive.pull"]["state"] == "ok"
    with wecrm.world() as world:
        control.advance(world, 2 * DAY)
    assert found(wecrm)[1]["archive.pull"]["state"] == "warn"
    with wecrm.world() as world:
        control.advance(world, 4 * DAY)
    code, rows = found(wecrm)
    assert (code, rows["archive.pull"]["state"]) == (9, "fail")
    assert "6.0 days ago" in rows["archive.pull"]["detail"]


def test_a_version_whose_private_key_is_missing_is_named(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        sandbox_keys.held_by_admin(world)
        sandbox_keys.withhold(world, 1, True)
    code, rows = found(wecrm)
    assert code == 4
    assert rows["archive.key"]["state"] == "fail"
    assert "sealed for key version 1" in rows["archive.decrypt"]["detail"]
    assert "archive.keys.1" in rows["archive.decrypt"]["fix"]


def test_a_refused_secret_is_not_repeated_through_the_library(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.disable_secret(world, "archive")
    code, rows = found(wecrm)
    assert code == 4
    assert rows["archive.page"]["state"] == "skip"
    assert "archive.decrypt" not in rows
    with wecrm.world() as world:
        before = len(list(control.calls(world, path="gettoken")))
        found(wecrm)
        assert len(list(control.calls(world, path="gettoken"))) == before


def test_a_network_error_of_the_library_is_diagnosed(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        control.add_fault(world, kind="10001", path="/cgi-bin/message/getchatdata", times=1)
    code, rows = found(wecrm)
    assert code == 5
    assert "though WeCom grants wecrm a token" in rows["archive.page"]["detail"]
    assert "timeout_s" in rows["archive.page"]["fix"]


# -- the library


def test_which_library_is_loaded_and_whether_it_opens_messages(library_corp: Corp) -> None:
    good, other = library_corp.key("two.pem", PAIR.pem()), library_corp.key("one.pem", OTHER.pem())
    library_corp.configure(
        f"{{library: {library_corp.library}, keys: {{1: {other}, 2: {good}}}, proxy: 'http://u:PASS@127.0.0.1:9'}}"
    )
    _code, rows = found(library_corp.wecrm)
    assert rows["archive.library"]["state"] == "warn"
    assert "stand-in" in rows["archive.library"]["detail"]
    assert rows["archive.key.1"]["state"] == rows["archive.key.2"]["state"] == "ok"
    assert rows["archive.proxy"]["state"] == "warn"
    assert "PASS" not in json.dumps(rows)


def test_a_wrong_private_key_is_found_by_opening_a_message(library_corp: Corp) -> None:
    library_corp.configure(
        f"{{library: {library_corp.library}, keys: {{2: {library_corp.key('one.pem', OTHER.pem())}}}}}"
    )
    code, rows = found(library_corp.wecrm)
    assert code == 4
    assert "wrong private key" in rows["archive.decrypt"]["detail"]
    library_corp.configure(
        f"{{library: {library_corp.library}, keys: {{2: {library_corp.key('two.pem', PAIR.pem())}}}}}"
    )
    code, rows = found(library_corp.wecrm)
    assert rows["archive.decrypt"]["state"] == "ok"


def test_a_library_that_dies_or_does_not_load_is_a_finding(library_corp: Corp) -> None:
    key = library_corp.key("two.pem", PAIR.pem())
    library_corp.configure(f"{{library: {library_corp.library}, keys: {{2: {key}}}}}")
    script(library_corp.folder, "decrypt * abort")
    assert "ends its process" in found(library_corp.wecrm)[1]["archive.decrypt"]["detail"]
    library_corp.configure(f"{{library: {library_corp.library}.gone, keys: {{2: {key}, 3: 'file:/gone.pem'}}}}")
    code, rows = found(library_corp.wecrm)
    assert code == 4
    assert "no archive library at" in rows["archive.library"]["detail"]
    assert rows["archive.key.2"]["state"] == "ok"
    assert rows["archive.key.3"]["state"] == "fail"


def test_an_ip_that_the_archive_does_not_know_is_named(library_corp: Corp) -> None:
    library_corp.configure(
        f"{{library: {library_corp.library}, keys: {{2: {library_corp.key('two.pem', PAIR.pem())}}}}}"
    )
    script(
        library_corp.folder,
        'page * body {"errcode":301042,"errmsg":"not allow to access from your ip, from ip: 203.0.113.9"}',
    )
    code, rows = found(library_corp.wecrm)
    assert code == 4
    assert "203.0.113.9" in rows["archive.ip"]["detail"]
