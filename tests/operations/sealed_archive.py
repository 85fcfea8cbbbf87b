"""An archive of any size, sealed with keys of its own: a source for tests of the pull."""

import base64
import json
import os
from collections.abc import Callable, Sequence
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from wecrm.models.archive import Opened, Piece

DISTINCT = 8
"""Random keys per version: opening them costs the same as opening as many as there are messages."""

START_MS = 1_790_000_000_000


@cache
def pair(version: int) -> rsa.RSAPrivateKey:
    """The RSA pair of that version, the same for the whole test run."""
    return rsa.generate_private_key(65537, 2048)


def pem(version: int) -> bytes:
    """Its private key as an admin keeps it."""
    return pair(version).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@cache
def _random_key(version: int, n: int) -> tuple[bytes, str]:
    key = os.urandom(32)
    sealed = pair(version).public_key().encrypt(key.hex().encode(), PKCS1v15())
    return key, base64.b64encode(sealed).decode()


def seal(plain: bytes, version: int, n: int) -> tuple[str, str]:
    """(encrypt_random_key, encrypt_chat_msg) of this plaintext, by the cipher of the sandbox."""
    key, random_key = _random_key(version, n % DISTINCT)
    padder = PKCS7(128).padder()
    iv = n.to_bytes(16, "big")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    body = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return random_key, base64.b64encode(iv + body).decode()


def opened(key: bytes, text: str) -> Opened:
    """The plaintext, or 10008."""
    try:
        blob = base64.b64decode(text)
        decryptor = Cipher(algorithms.AES(bytes.fromhex(key.decode())), modes.CBC(blob[:16])).decryptor()
        unpadder = PKCS7(128).unpadder()
        padded = decryptor.update(blob[16:]) + decryptor.finalize()
        return 0, unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return 10008, b""


def said(n: int) -> bytes:
    """The plaintext of message `n`: singles of 40 members with 400 customers, every tenth in a group."""
    member, contact = f"member{n % 40}", f"wmCUSTOMER{n % 400:024}"
    sender, other = (member, contact) if n % 2 else (contact, member)
    message = {
        "msgid": f"{n}_{START_MS + n}_external",
        "action": "send",
        "from": sender,
        "tolist": [other],
        "roomid": f"wrGROUP{n % 7}" if n % 10 == 0 else "",
        "msgtime": START_MS + n * 1000,
        "msgtype": "text",
        "text": {"content": f"第{n}条消息：请问什么时候可以退款？ order {n * 7919 % 100_003}"},
    }
    return json.dumps(message, ensure_ascii=False).encode()


class SealedSource:
    """An `ArchiveSource` over messages 1 to `count`; `version(n)` says under which key message `n` is sealed.

    `answers` come before the pages, one per call: a code, or a body.
    """

    def __init__(
        self,
        count: int,
        *,
        version: Callable[[int], int] = lambda _n: 1,
        plain: Callable[[int], bytes] = said,
        answers: Sequence[int | bytes] = (),
    ) -> None:
        self.count, self.version, self.plain, self.answers = count, version, plain, list(answers)
        self.asked: list[tuple[int, int]] = []

    def page(self, seq: int, limit: int) -> Opened:
        self.asked.append((seq, limit))
        if self.answers:
            answer = self.answers.pop(0)
            return (0, answer) if isinstance(answer, bytes) else (answer, b"")
        entries = [self.entry(n) for n in range(seq + 1, min(seq + limit, self.count) + 1)]
        return 0, json.dumps({"errcode": 0, "errmsg": "ok", "chatdata": entries}).encode()

    def entry(self, n: int) -> dict[str, object]:
        """Message `n` as it stands in a page."""
        version = self.version(n)
        random_key, message = seal(self.plain(n), version, n)
        return {
            "seq": n,
            "msgid": f"{n}_{START_MS + n}_external",
            "publickey_ver": version,
            "encrypt_random_key": random_key,
            "encrypt_chat_msg": message,
        }

    def decrypt(self, pairs: Sequence[tuple[bytes, str]]) -> list[Opened]:
        return [opened(key, text) for key, text in pairs]

    def media(self, sdkfileid: str, index: str) -> Piece:
        return 10005, b"", "", False

    def close(self) -> None:
        return
