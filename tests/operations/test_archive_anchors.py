"""Heads of the archive's chain, written where the archive is not, and signed."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.operations.archived import CORP, Archived
from wecrm.errors import ConfigError
from wecrm.operations.archive.anchors import Anchors, anchor
from wecrm.store.archive import access, chain
from wecrm.store.archive.opening import open_archive
from wecrm.store.locks import held


def key(folder: Path, name: str) -> Path:
    """An Ed25519 key as the docs make one; its public half beside it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    made = Ed25519PrivateKey.generate()
    path = folder / f"{name}.pem"
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return path


@pytest.fixture
def signed(tmp_path: Path) -> Archived:
    """Two nights; both lines of the anchor are signed."""
    archived = Archived(tmp_path / "home", 3, key=key(tmp_path, "own"))
    for _night in range(2):
        archived.night(5)
    return archived


def kinds(archived: Archived, *options: str) -> list[str]:
    result = archived.wecrm("archive", "verify", "-f", "json", *options)
    found = [each["finding"] for each in json.loads(result.out)]
    assert result.code == (9 if found else 0), result.err
    return found


def test_a_line_says_what_stands_at_the_end_of_the_chain(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(5)
    (line,) = map(json.loads, archived.anchor.read_text().splitlines())
    with closing(open_archive(archived.database, CORP)) as store:
        head = chain.head(store.connection)
    now = {"at": 1_790_086_400, "corp": CORP, "n": head.n, "hash": head.hash.hex(), "version": 1}
    assert line == now
    assert archived.anchor.stat().st_mode & 0o777 == 0o600


def test_lines_are_only_ever_appended(signed: Archived) -> None:
    before = signed.anchor.read_bytes()
    signed.wecrm("archive", "search", "退款")
    after = signed.anchor.read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 1
    signed.anchor.write_bytes(after[:-20])  # a line that a crash cut off stays a line of its own
    signed.wecrm("archive", "search", "退款")
    assert kinds(signed) == ["unreadable"]


def test_signed_lines_are_checked_with_the_public_key_alone(signed: Archived, tmp_path: Path) -> None:
    assert kinds(signed) == []  # with the profile's own key
    (signed.wecrm.home / "config.yaml").unlink()
    wanted = ("--anchor", str(signed.anchor), "--public-key")
    assert kinds(signed, *wanted, str(tmp_path / "own.pub")) == []
    other = key(tmp_path, "other").with_suffix(".pub")
    assert kinds(signed, *wanted, str(other)) == ["signature", "signature", "signature", "unanchored"]
    assert kinds(signed, *wanted, str(other), "--public-key", str(tmp_path / "own.pub")) == []
    assert signed.wecrm("archive", "verify", *wanted, str(signed.anchor)).code == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"at": 1}, ["signature", "unanchored"]),
        ({"at": 10**18}, ["signature", "unanchored"]),
        ({"signature": "00"}, ["signature", "unanchored"]),
        ({"signature": "", "key": ""}, ["signature", "unanchored"]),
        ({"n": 10**9}, ["signature", "cut", "unanchored"]),
    ],
)
def test_a_changed_line_is_found(signed: Archived, change: dict[str, object], expected: list[str]) -> None:
    first, last = signed.anchor.read_text().splitlines()
    signed.anchor.write_text(f"{first}\n{json.dumps(json.loads(last) | change)}\n")
    assert kinds(signed) == expected


def test_an_unsigned_line_vouches_for_nothing_once_a_key_is_given(signed: Archived) -> None:
    """Whoever forges rows and the anchor, keeping one old line that is signed."""
    first = signed.anchor.read_text().splitlines()[0]
    with closing(open_archive(signed.database, CORP)) as store:
        access.write(store, 1.0, "forged", "", "", "", 0)
        signed.anchor.write_text("")
        anchor(store, CORP, Anchors(signed.anchor), 2.0)
    signed.anchor.write_text(f"{signed.anchor.read_text()}{first}\n")
    assert kinds(signed) == ["unanchored"]


def test_a_time_that_is_none_in_an_unsigned_line_is_borne(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(5)
    line = json.loads(archived.anchor.read_text())
    archived.anchor.write_text(json.dumps(line | {"at": 10**18}) + "\n")
    assert kinds(archived) == []


def test_signing_may_begin_later(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(5)
    archived.key = key(tmp_path, "own")
    archived.night(5)
    result = archived.wecrm("archive", "verify", "--public-key", str(archived.key.with_suffix(".pub")))
    assert result.code == 0, result.err
    assert "before it was signed: 1" in result.err


def test_the_anchor_may_not_lie_beside_the_archive(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    with closing(open_archive(archived.database, CORP)) as store, pytest.raises(ConfigError) as caught:
        anchor(store, CORP, Anchors(archived.database.parent / "anchor.jsonl"), 1.0)
    assert "exchange" in caught.value.why


def configured(archived: Archived, **own: object) -> None:
    profile = {"corp_id": CORP, "archive": {"anchor": own}}
    (archived.wecrm.home / "config.yaml").write_text(yaml.safe_dump({"profiles": {"sandbox": profile}}))


def test_a_command_gets_the_line_on_its_standard_input(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(5)
    configured(archived, command=f"tee -a {tmp_path / 'taken'}", file=str(archived.anchor))
    assert archived.wecrm("archive", "search", "退款").code == 0
    taken = (tmp_path / "taken").read_text()
    assert archived.anchor.read_text().endswith(taken)
    assert json.loads(taken)["n"] > 0


@pytest.mark.parametrize("command", ["false", "no-such-command-anywhere", 'unbalanced "'])
def test_a_place_that_fails_shows_nothing_and_is_exit_4(tmp_path: Path, command: str) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(30)
    lines = archived.anchor.read_bytes()
    configured(archived, command=command, file=str(archived.anchor))
    result = archived.wecrm("archive", "search", "退")
    assert (result.code, result.out) == (4, "")
    assert archived.anchor.read_bytes().startswith(lines)
    assert archived.anchor.read_bytes() != lines  # the other place was written all the same
    configured(archived, file=str(archived.anchor))
    assert kinds(archived) == []


def test_a_key_that_is_none_is_told_without_showing_it(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(5)
    secret = tmp_path / "key.pem"
    secret.write_text("not a key at all")
    secret.chmod(0o600)
    configured(archived, file=str(archived.anchor), key=f"file:{secret}")
    result = archived.wecrm("archive", "search", "退款")
    assert (result.code, result.out) == (4, "")
    assert "not a key" not in result.err
    assert "openssl genpkey" in result.err


@pytest.mark.skipif(sys.platform != "linux", reason="chattr")
def test_appending_is_all_that_the_file_has_to_allow(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 3)
    archived.night(2)
    only = subprocess.run(["chattr", "+a", str(archived.anchor)], capture_output=True, check=False)
    if only.returncode:
        pytest.skip("this file system, or this user, can't make a file append-only")
    try:
        archived.night(2)
        assert kinds(archived) == []
    finally:
        subprocess.run(["chattr", "-a", str(archived.anchor)], check=True)


def test_a_cron_job_gets_one_line_and_no_empty_table(signed: Archived) -> None:
    fine = signed.wecrm("--cron", "archive", "verify")
    assert (fine.code, fine.out) == (0, "")
    assert fine.err.splitlines()[-1].startswith("archive verify sandbox: ")
    assert fine.err.endswith("· exit 0\n")
    signed.anchor.write_text("x\n" + signed.anchor.read_text())
    found = signed.wecrm("--cron", "archive", "verify")
    assert found.code == 9
    assert "unreadable" in found.out


def test_what_a_pull_under_way_has_not_anchored_yet_is_only_mentioned(signed: Archived) -> None:
    with closing(open_archive(signed.database, CORP)) as store:
        with held(signed.database, "archive"):
            access.write(store, 1.0, "ann", "archive show", "", "", 1)
            result = signed.wecrm("archive", "verify")
            assert result.code == 0
            assert "newer than the anchor: 1 links" in result.err
        assert kinds(signed) == ["unanchored"]
