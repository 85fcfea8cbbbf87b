"""Messages become sealed records: a random key for each, that key under RSA, the text under that key."""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from wecrm.sandbox.archive import cipher

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

SHARED_KEYS: Final = b"shared random key"


class Record(msgspec.Struct, frozen=True):
    """One record as it stands in `chatdata`."""

    seq: int
    msgid: str
    publickey_ver: int
    encrypt_random_key: str
    encrypt_chat_msg: str


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals under one version of the public key.

    RSA padding is random, so that a record asked for twice differs in `encrypt_random_key`; what both open
    to is the same. With `distinct_keys` only so many random keys are used, which is faster by their RSA.
    """

    version: int
    public: "rsa.RSAPublicKey"
    distinct_keys: int
    shared: dict[int, tuple[bytes, str]]

    @classmethod
    def of(cls, pem: bytes, version: int, distinct_keys: int = 0) -> "Sealer":
        """By the private key of that version."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        private = serialization.load_pem_private_key(pem, None)
        assert isinstance(private, rsa.RSAPrivateKey)
        return cls(version, private.public_key(), distinct_keys, {})

    def seal(self, seq: int, msgid: str, plain: bytes) -> Record:
        """The record of one message."""
        digest = hashlib.blake2b(msgid.encode("utf-8", "surrogatepass"), digest_size=48).digest()
        if self.distinct_keys:
            number = int.from_bytes(digest[:8], "big") % self.distinct_keys
            if number not in self.shared:
                key = hashlib.blake2b(SHARED_KEYS + b"%d" % number, digest_size=32).digest()
                self.shared[number] = key, self._under_rsa(key)
            key, sealed_key = self.shared[number]
        else:
            key = digest[:32]
            sealed_key = self._under_rsa(key)
        return Record(seq, msgid, self.version, sealed_key, cipher.seal(plain, key, digest[32:]))

    def _under_rsa(self, key: bytes) -> str:
        from cryptography.hazmat.primitives.asymmetric import padding

        return base64.b64encode(self.public.encrypt(key.hex().encode(), padding.PKCS1v15())).decode("ascii")
