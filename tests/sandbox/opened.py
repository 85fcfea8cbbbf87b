"""Opens sealed records as a client does: with the private keys by version, then with the source."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from wecrm.sandbox.archive import keys
from wecrm.sandbox.archive.source import WorldSource
from wecrm.sandbox.world import World


def page(source: WorldSource, seq: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """The records of one page."""
    code, body = source.page(seq, limit)
    assert code == 0
    answer = json.loads(body)
    assert answer["errcode"] == 0, answer
    return answer["chatdata"]


def pages(source: WorldSource, seq: int = 0) -> Iterator[dict[str, Any]]:
    """All records after seq, page by page until one is empty."""
    while found := page(source, seq):
        yield from found
        seq = found[-1]["seq"]


class Opener:
    """The admin's private keys."""

    def __init__(self, world: World) -> None:
        self.source = WorldSource(world)
        self.keys: dict[int, rsa.RSAPrivateKey] = {}
        for version, pem in keys.held_by_admin(world).items():
            key = serialization.load_pem_private_key(pem, None)
            assert isinstance(key, rsa.RSAPrivateKey)
            self.keys[version] = key

    def open(self, record: dict[str, Any]) -> bytes:
        """The plaintext of a record."""
        sealed = base64.b64decode(record["encrypt_random_key"], validate=True)
        assert len(sealed) == 256
        key = self.keys[record["publickey_ver"]].decrypt(sealed, padding.PKCS1v15())
        ((code, plain),) = self.source.decrypt([(key, record["encrypt_chat_msg"])])
        assert code == 0
        return plain

    def said(self, record: dict[str, Any]) -> dict[str, Any]:
        """What it says."""
        return json.loads(self.open(record).decode(), strict=False)
