"""The corp's private keys by version, and opening the random keys of messages."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.api.standin.building import Pair
from wecrm.api.archive.keys import Keys, parsed
from wecrm.errors import ConfigError
from wecrm.models.archive import KEY_REFUSED, NO_KEY, NOT_BASE64, Sealed

OLD, NEW = Pair.make(), Pair.make()
PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8


def sealed(pair: Pair, version: int, seq: int = 1) -> Sealed:
    record = pair.record(seq, b"{}", version)
    return Sealed(seq, "m", version, str(record["encrypt_random_key"]), str(record["encrypt_chat_msg"]))


def opened_all(keys: Keys, messages: list[Sealed]) -> list[tuple[int, bytes]]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda each: keys.open(each.publickey_ver, each.encrypt_random_key), messages))


def test_each_message_is_opened_with_the_key_of_its_version() -> None:
    keys = Keys({2: NEW.pem(PKCS1), 1: OLD.pem(PKCS8)})
    assert keys.versions == (1, 2)
    messages = [sealed((OLD, NEW)[n % 2], n % 2 + 1, n) for n in range(301)]
    opened = opened_all(keys, messages)
    assert {code for code, _key in opened} == {0}
    assert all(len(bytes.fromhex(key.decode())) == 32 for _code, key in opened)


def test_what_cannot_be_opened_has_a_code_and_stops_nothing() -> None:
    keys = Keys({1: OLD.pem()})
    good, later = sealed(OLD, 1), sealed(NEW, 2)
    damaged = [
        later,
        Sealed(1, "m", 1, "not base64!", ""),
        Sealed(1, "m", 1, good.encrypt_random_key[:-1], ""),
        Sealed(1, "m", 1, "退款", ""),
        Sealed(1, "m", 1, base64.b64encode(b"short").decode(), ""),
        Sealed(1, "m", 1, "", ""),
    ]
    opened = opened_all(keys, [*damaged, good])
    assert [code for code, _key in opened] == [NO_KEY, NOT_BASE64, NOT_BASE64, NOT_BASE64, KEY_REFUSED, KEY_REFUSED, 0]
    assert all(key == b"" for code, key in opened if code)


def test_a_wrong_key_never_opens_what_the_right_one_does() -> None:
    """OpenSSL answers it with random bytes or an error, by its version; the library refuses those with 10008."""
    message = sealed(OLD, 1).encrypt_random_key
    assert Keys({1: NEW.pem()}).open(1, message) != Keys({1: OLD.pem()}).open(1, message)


def elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, PKCS8, serialization.NoEncryption())


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"", "not a private key in PEM form"),
        (b"hello", "not a private key in PEM form"),
        (OLD.pem()[:800], "not a private key in PEM form"),
        (elliptic(), "not an RSA key"),
        (Pair.make(1024).pem(), "1024 bits"),
        (
            OLD.private.private_bytes(serialization.Encoding.PEM, PKCS8, serialization.BestAvailableEncryption(b"x")),
            "passphrase",
        ),
        (
            OLD.private.private_bytes(serialization.Encoding.PEM, PKCS1, serialization.BestAvailableEncryption(b"x")),
            "passphrase",
        ),
        (
            OLD.private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
            "public key",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_explained_without_showing_it(pem: bytes, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(3, pem)
    error = caught.value
    assert why in error.why
    assert "version 3" in error.what
    assert "BEGIN" not in error.what + error.why + error.fix
