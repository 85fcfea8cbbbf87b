"""The vendor's own library, driven in the child against the sandbox behind a proxy on this machine.

Its decryption can only be tried with messages of WeCom; what the sandbox invents is refused with 10008.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api.tunnel import Tunnel, served, tunnel
from tests.conftest import Wecrm
from wecrm.api.archive import diagnosis, native
from wecrm.api.archive.frames import Begin, Decrypt
from wecrm.api.archive.keys import Keys
from wecrm.api.archive.native import Settings
from wecrm.api.archive.workers import Died, Worker
from wecrm.api.client import Client
from wecrm.api.client import Settings as ClientSettings
from wecrm.errors import ApiError
from wecrm.models import archivepage
from wecrm.models.archive import TOO_SHORT, Sealed
from wecrm.models.clock import Run
from wecrm.sandbox.archive import keys as sandbox_keys
from wecrm.sandbox.clock import WorldClock
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World

PACKAGE = "pyweworkfinance==1.1.0"
MEMBER = "pyweworkfinance/libs/linux/libWeWorkFinanceSdk_C_x86.so"
SHA256 = "79ced4de6b18d5e96a21cd06f325794dc8957f8925120538d56d4ce827d3dfd0"

WRONG_KEY = {10008, 10005}
"""What DecryptData says to a key that is not the message's: 10005 about once in 256 times."""


def whole(path: Path) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256


@pytest.fixture(scope="session")
def real_library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The vendor's file, fetched once and kept; skips where it can't be had."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the vendor's library that is tried here is for Linux x86-64")
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wecrm-tests" / Path(MEMBER).name
    if whole(kept):
        return str(kept)
    folder = tmp_path_factory.mktemp("real")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
    try:
        subprocess.run(fetch, check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"the vendor's library can't be fetched: {type(error).__name__}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extract(MEMBER, folder)
    if not whole(folder / MEMBER):
        pytest.skip("the vendor's library that was fetched is another one")
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / MEMBER, kept.with_suffix(".part"))
    kept.with_suffix(".part").replace(kept)
    return str(kept)


@dataclass
class Wire:
    """The sandbox on a port, and the proxy in front of it."""

    home: Path
    url: str
    proxy: Tunnel

    def settings(self, library: str, secret: str = SECRETS["archive"]) -> Settings:
        return Settings(library, CORP_ID, secret, self.proxy.address, timeout_s=20, processes=1)


@pytest.fixture
def wire(seeded: Path, tmp_path: Path) -> Iterator[Wire]:
    home = tmp_path / "home"
    shutil.copytree(seeded, home)
    with served(home / "data" / "sandbox.world") as url, tunnel(tmp_path, int(url.rpartition(":")[2])) as proxy:
        yield Wire(home, url, proxy)


def sealed_of(body: bytes) -> list[Sealed]:
    page = archivepage.read(body)
    assert page is not None
    assert page.errcode == 0
    return list(page.sealed)


def test_pages_arrive_byte_for_byte_until_the_end(real_library: str, wire: Wire) -> None:
    source = native.source(wire.settings(real_library))
    assert source.found.version == "3.0, Linux x86-64"
    assert not source.standin
    seq, pages, seqs = 0, [], []
    while True:
        code, body = source.page(seq, 1000)
        assert code == 0
        pages.append(body)
        sealed = sealed_of(body)
        seqs += [each.seq for each in sealed]
        if not sealed:
            break
        seq = seqs[-1]
    source.close()
    assert seqs == sorted(set(seqs))
    assert len(seqs) > 100
    sent = [answer.partition(b"\r\n\r\n")[2] for answer in wire.proxy.answers]
    assert pages == sent[1:]  # the first was gettoken's
    assert set(wire.proxy.connects) == {"CONNECT qyapi.weixin.qq.com:443 HTTP/1.1"}
    asked = [request.split(b" ")[1].partition(b"?")[0] for request in wire.proxy.requests]
    assert asked == [b"/cgi-bin/gettoken"] + [b"/cgi-bin/message/getchatdata"] * len(pages)


def test_a_refused_gettoken_shows_as_10001_and_is_diagnosed(real_library: str, wire: Wire, tmp_path: Path) -> None:
    source = native.source(wire.settings(real_library, secret="wrong"))
    assert source.page(0, 10) == (10001, b"")
    source.close()
    with World.open(wire.home / "data" / "sandbox.world") as world:
        settings = ClientSettings(CORP_ID, {"archive": "wrong"}, tmp_path / "cache", base_url=wire.url)
        client = Client(settings, Run(WorldClock(world)))
        error = diagnosis.explain(lambda: client)
        client.close()
    assert isinstance(error, ApiError)
    assert error.errcode == 40001
    assert "会话内容存档" in error.fix
    assert "wrong" not in error.errmsg.split()


def test_a_certificate_for_another_host_is_refused(real_library: str, wire: Wire, tmp_path: Path) -> None:
    with tunnel(tmp_path, int(wire.url.rpartition(":")[2]), host="example.com") as proxy:
        source = native.source(Settings(real_library, CORP_ID, SECRETS["archive"], proxy.address, timeout_s=20))
        assert source.page(0, 10) == (10001, b"")
        source.close()
    assert proxy.connects


def test_invented_ciphertext_is_refused_and_a_short_one_never_asked(real_library: str, wire: Wire) -> None:
    source = native.source(wire.settings(real_library))
    sealed = sealed_of(source.page(0, 200)[1])
    with World.open(wire.home / "data" / "sandbox.world") as world:
        keys = Keys(sandbox_keys.held_by_admin(world))
    pairs = [(keys.open(1, each.encrypt_random_key)[1], each.encrypt_chat_msg) for each in sealed]
    assert {len(key) for key, _message in pairs} == {64}
    pairs.insert(3, (pairs[0][0], "A" * 12))
    before = source.children
    codes = [code for code, _text in source.decrypt(pairs)]
    assert codes.pop(3) == TOO_SHORT
    assert set(codes) <= WRONG_KEY
    assert codes.count(10008) > 150
    assert source.children[:1] == before
    source.close()


def test_a_too_short_ciphertext_ends_only_the_child(real_library: str) -> None:
    worker = Worker(Begin(real_library))
    worker.start()
    first = worker.pid
    with pytest.raises(Died):
        worker.ask(Decrypt([(b"k" * 32, b"A" * 12)]), list[tuple[int, bytes]], 60)
    assert worker.ask(Decrypt([(b"k" * 32, b"A" * 13)]), list[tuple[int, bytes]], 60) == [(10008, b"")]
    assert worker.pid != first
    worker.close()


CONFIG = """
profiles:
  acme:
    corp_id: {corp}
    base_url: {url}
    secrets:
      contact: {{secret: env:CONTACT}}
      archive: {{secret: env:ARCHIVE}}
    archive:
      library: {library}
      keys: {{1: file:{key}}}
      proxy: {proxy}
"""


def test_a_pull_with_the_vendors_library_keeps_what_it_cannot_read(real_library: str, wire: Wire) -> None:
    with World.open(wire.home / "data" / "sandbox.world") as world:
        pem = sandbox_keys.held_by_admin(world)[1]
    key = wire.home / "key.pem"
    key.write_bytes(pem)
    key.chmod(0o600)
    config = CONFIG.format(corp=CORP_ID, url=wire.url, library=real_library, key=key, proxy=wire.proxy.address)
    (wire.home / "config.yaml").write_text(config)
    environ = {"CONTACT": SECRETS["contact"], "ARCHIVE": SECRETS["archive"], "WECRM_PROFILE": "acme"}
    wecrm = Wecrm(wire.home, environ)

    pulled = wecrm("archive", "pull", "--no-media")
    assert pulled.code == 3, pulled.err
    waiting = json.loads(wecrm("archive", "quarantine", "list", "-f", "json").out)
    assert sum(int(row["messages"]) for row in waiting) > 100
    assert {row["code"] for row in waiting} <= WRONG_KEY

    found = {row["check"]: row for row in json.loads(wecrm("doctor", "-f", "json").out)}
    assert found["archive.library"]["state"] == "ok"
    assert "3.0, Linux x86-64" in found["archive.library"]["detail"]
    assert found["archive.key.1"]["state"] == "ok"
    assert "checks no certificate" in found["archive.proxy"]["detail"]
    assert "wrong private key" in found["archive.decrypt"]["detail"]
    assert found["archive.quarantine"]["state"] == "warn"
