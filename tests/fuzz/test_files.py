"""Files that people and other programs write: read, or refused with words about what is wrong, and nothing else."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import segno
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.fuzz.holding import CORPUS, LONG, SHORT, held, kept, nothing_written, shown, tries
from tests.fuzz.mutations import damaged, values, written
from wecrm import config
from wecrm.api.archive import keys
from wecrm.errors import ConfigError
from wecrm.files import (
    anchors,
    codebook,
    leave,
    ownreports,
    pictures,
    plans,
    qrcodes,
    rules,
    scores,
    sharing,
    sheets,
    taglibrary,
    words,
)
from wecrm.models import archivepage
from wecrm.operations.archive import anchors as signing

FIELDS: dict[str, sheets.FieldKind] = {"userid": "id", "external_userid": "id", "mobile": "text", "tag": "text"}
NEEDED = (("userid", "external_userid"),)


@dataclass(frozen=True)
class Reader:
    """One reader of a file; its seeds are those of the kept inputs whose names begin with `good`."""

    read: Callable[[Path], Any]
    suffix: str = ""


def opened(path: Path) -> object:
    """What a spreadsheet holds, from a stream as a pipe gives it and from the file."""
    sheet = sheets.read(
        io.BytesIO(path.read_bytes()), name="-", fields=FIELDS, required=[("userid", "external_userid")]
    )
    return [
        list(sheet.rows),
        list(sheets.read(path, name=str(path), fields={"userid": "id"}, required=[("userid",)]).rows),
    ]


def planned(path: Path) -> Iterator[Any]:
    """The changes of a plan, its header first."""
    header = plans.header(path)
    yield header
    yield from plans.changes(path, header)


def private_keys() -> list[bytes]:
    """PEM files of several kinds, new in every run: none is kept where somebody could take it for a real one."""
    one, curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    public = one.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [
        public,
        one.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        one.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ]


def ed25519_keys() -> list[bytes]:
    """Both halves of a key that signs."""
    one = ed25519.Ed25519PrivateKey.generate()
    public = one.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [one.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), public]


def drawn() -> list[bytes]:
    """A QR code as PNG, JPEG and GIF."""
    stream = io.BytesIO()
    segno.make("https://example.com").save(stream, kind="png", scale=3)
    found = [stream.getvalue()]
    for kind in ("JPEG", "GIF"):
        other = io.BytesIO()
        Image.open(io.BytesIO(found[0])).convert("RGB").save(other, kind)
        found.append(other.getvalue())
    return found


def signing_keys(path: Path) -> object:
    """The bytes as a private key or, where they are none, as a public one."""
    try:
        return signing.private_key(path.read_bytes())
    except ConfigError:
        return signing.public_key(path.read_bytes())


READERS: dict[str, Reader] = {
    "rules": Reader(rules.read),
    "sharing": Reader(sharing.read),
    "codebook": Reader(lambda path: (codebook.names(path), codebook.read(path))),
    "taglibrary": Reader(taglibrary.read),
    "scores": Reader(scores.read),
    "words": Reader(words.read),
    "config": Reader(lambda path: config.shown(config.load(path, required=True))),
    "leave": Reader(lambda path: leave.read(path, str(path))),
    "sheets": Reader(opened),
    "ownreports": Reader(ownreports.read, ".sql"),
    "anchors": Reader(anchors.lines),
    "archivepage": Reader(lambda path: archivepage.read(path.read_bytes())),
    "plans": Reader(planned),
    "keys": Reader(lambda path: keys.parsed(1, path.read_bytes())),
    "anchorkeys": Reader(signing_keys),
    "pictures": Reader(lambda path: (qrcodes.read(path.read_bytes()), pictures.logo(path))),
}
MADE = {"keys": private_keys, "anchorkeys": ed25519_keys, "pictures": drawn}
"""Whose good inputs are made anew in every run: keys that nobody should take for real ones, and what is not text."""


def seeds(reader: str) -> list[bytes]:
    """Good inputs to damage."""
    if reader in MADE:
        return MADE[reader]()
    return [path.read_bytes() for path in kept(reader) if path.name.startswith("good")]


def try_all(name: str, inputs: st.SearchStrategy[bytes], folder: Path, count: int) -> None:
    reader = READERS[name]
    path = folder / f"input{reader.suffix}"

    @tries(count)
    @given(data=inputs)
    def each(data: bytes) -> None:
        path.write_bytes(data)
        with shown(data, folder):
            held(lambda: reader.read(path))
            assert path.read_bytes() == data

    path.write_bytes(b"")
    with nothing_written(CORPUS):
        each()
    assert [file.name for file in folder.iterdir()] == [path.name]


@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_read_or_refused(name: str, tmp_path: Path) -> None:
    try_all(name, damaged(seeds(name)), tmp_path, SHORT)


@pytest.mark.long
@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_read_or_refused_thousands_of_times(name: str, tmp_path: Path) -> None:
    try_all(name, damaged(seeds(name)), tmp_path, LONG)


def of_other_values(name: str) -> st.SearchStrategy[bytes]:
    """The reader's good inputs with other values in them, as JSON: every YAML reader takes that too."""
    if name == "plans":
        lines = [[json.loads(line) for line in seed.splitlines()] for seed in seeds(name)]
        return values(lines).map(resealed)
    return values([yaml.safe_load(seed) for seed in seeds(name)]).map(lambda value: written(value, 300))


def resealed(lines: object) -> bytes:
    """A plan of these lines with the digest that it needs to be read."""
    whole = [written(line, 300) for line in lines] if isinstance(lines, list) else [written(lines)]
    header = lines[0] if isinstance(lines, list) and lines else None
    digest = header.get("digest") if isinstance(header, dict) else None
    text = b"\n".join(whole) + b"\n"
    if not isinstance(digest, str) or len(digest) != 64:
        return text
    blank = text.replace(digest.encode(), b"0" * 64, 1)
    return blank.replace(b"0" * 64, hashlib.sha256(blank).hexdigest().encode(), 1)


STRUCTURED = ("rules", "sharing", "codebook", "taglibrary", "scores", "words", "config", "archivepage", "plans")


@pytest.mark.parametrize("name", STRUCTURED)
def test_any_values_are_read_or_refused(name: str, tmp_path: Path) -> None:
    try_all(name, of_other_values(name), tmp_path, SHORT)


@pytest.mark.long
@pytest.mark.parametrize("name", STRUCTURED)
def test_any_values_are_read_or_refused_thousands_of_times(name: str, tmp_path: Path) -> None:
    try_all(name, of_other_values(name), tmp_path, LONG)


KEPT = [(name, file) for name in READERS if name not in MADE for file in kept(name)]


@pytest.mark.parametrize(("name", "file"), KEPT, ids=[f"{name}-{file.name}" for name, file in KEPT])
def test_kept_inputs_are_read_or_refused(name: str, file: Path, tmp_path: Path) -> None:
    path = tmp_path / f"input{READERS[name].suffix}"
    path.write_bytes(file.read_bytes())
    error = held(lambda: READERS[name].read(path))
    assert not file.name.startswith("good") or error is None, error


def test_one_bad_entry_does_not_hold_up_a_page_of_the_archive() -> None:
    pages = {name: archivepage.read((CORPUS / "archivepage" / name).read_bytes()) for name in ("digits", "surrogate")}
    digits, surrogate = pages["digits"], pages["surrogate"]
    assert digits is not None
    assert [one.seq for one in digits.sealed] == [5]
    assert [seq for seq, _raw in digits.malformed] == [5]
    assert surrogate is not None
    assert [seq for seq, _raw in surrogate.malformed] == [7]
    assert not surrogate.sealed
