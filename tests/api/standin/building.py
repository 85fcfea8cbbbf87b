"""Compiling the stand-in of the vendor's archive library, and folders that it serves; see standin.c.

from tests.api.standin.building import a_standin_library as a_standin_library  # the fixture standin_library
serve(folder, records); monkeypatch.setenv("WECRM_STANDIN", str(folder))
"""

import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from wecrm.sandbox.archive import cipher

SOURCE = Path(__file__).with_name("standin.c")


def build(folder: Path, source: Path = SOURCE, *options: str) -> Path | None:
    """The library compiled from `source` in `folder`; None without a compiler or elsewhere than on Linux."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not Path("/proc/self").exists():
        return None
    library = folder / f"lib{source.stem}.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source, *options], check=True)
    return library


@pytest.fixture(scope="session", name="standin_library")
def a_standin_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled stand-in; skips where it can't be compiled."""
    library = build(tmp_path_factory.mktemp("standin"))
    if library is None:
        pytest.skip("the stand-in library needs Linux and a C compiler")
    return library


def serve(folder: Path, records: Iterable[Mapping[str, object]], media: Mapping[str, bytes] | None = None) -> None:
    """Write what the stand-in reads: sealed records in ascending seq, files by sdkfileid."""
    folder.mkdir(parents=True, exist_ok=True)
    at = 0
    with (folder / "records.jsonl").open("wb") as lines, (folder / "offsets.bin").open("wb") as offsets:
        for record in records:
            line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
            offsets.write(struct.pack("<QQ", int(str(record["seq"])), at))
            at += lines.write(line)
    (folder / "media").mkdir(exist_ok=True)
    for sdkfileid, content in (media or {}).items():
        (folder / "media" / hashlib.sha1(sdkfileid.encode()).hexdigest()).write_bytes(content)


def script(folder: Path, *lines: str) -> None:
    """What goes wrong from now on; counting of calls begins anew."""
    for count in folder.glob("count.*"):
        count.unlink()
    (folder / "script").write_text("".join(f"{line}\n" for line in lines))


@dataclass(frozen=True)
class Pair:
    """A key pair of the corp."""

    private: rsa.RSAPrivateKey

    @classmethod
    def make(cls, bits: int = 2048) -> "Pair":
        """A new one."""
        return cls(rsa.generate_private_key(65537, bits))

    def pem(self, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> bytes:
        """The private key as a file holds it."""
        return self.private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())

    def record(self, seq: int, plain: bytes, version: int = 1) -> dict[str, object]:
        """A sealed record of that text."""
        key = os.urandom(32)
        return {
            "seq": seq,
            "msgid": f"{seq}_1790000000",
            "publickey_ver": version,
            "encrypt_random_key": base64.b64encode(
                self.private.public_key().encrypt(key.hex().encode(), PKCS1v15())
            ).decode(),
            "encrypt_chat_msg": cipher.seal(plain, key, os.urandom(16)),
        }
