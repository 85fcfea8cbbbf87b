"""The corp's private keys by version, and opening each message's random key with them.

RSA-2048 with PKCS#1 v1.5, the archive's bottleneck; `cryptography` frees the interpreter meanwhile, so
that threads use all cores. OpenSSL answers a wrong key with random bytes instead of an error (implicit
rejection): it shows only when the library refuses what came out (10008).
"""

import binascii
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.archive import KEY_REFUSED, NO_KEY, NOT_BASE64, Opened

BITS = 2048
"""The only length that WeCom's console takes."""

_PADDING = PKCS1v15()


def parsed(version: int, pem: bytes) -> RSAPrivateKey:
    """The private key of that version, from PKCS#1 or PKCS#8 PEM.

    Raises:
        ConfigError: not such a file, a public key, one behind a passphrase, not RSA, not 2048 bits.
    """
    what = _("The private key of version {n} can't be used.", n=version)
    fix = _("Set archive.keys.{n} to the private key whose public half the console shows as version {n}.", n=version)
    if b"PUBLIC KEY" in pem and b"PRIVATE KEY" not in pem:
        raise ConfigError(what, _("The file holds the public key."), fix)
    if b"ENCRYPTED" in pem:
        raise ConfigError(
            what,
            _("It is protected by a passphrase, and a nightly run has nobody to ask."),
            _("Write it without one, readable by this user alone: openssl rsa -in private.pem -out open.pem"),
        )
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(what, _("It is not a private key in PEM form (PKCS#1 or PKCS#8)."), fix) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigError(what, _("It is not an RSA key."), fix)
    if key.key_size != BITS:
        raise ConfigError(what, _("It has {n} bits; the archive uses {bits}.", n=key.key_size, bits=BITS), fix)
    return key


class Keys:
    """The private keys of one corp; several threads may open messages with them."""

    def __init__(self, pems: Mapping[int, bytes]) -> None:
        """Read every key.

        Args:
            pems: PEM by the version of the public key.

        Raises:
            ConfigError: as `parsed`.
        """
        self._keys = {version: parsed(version, pem) for version, pem in pems.items()}

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions that are known, ascending."""
        return tuple(sorted(self._keys))

    def open(self, version: int, encrypt_random_key: str) -> Opened:
        """(0, what the source's `decrypt` takes), or NO_KEY, NOT_BASE64, KEY_REFUSED with b""."""
        key = self._keys.get(version)
        if key is None:
            return NO_KEY, b""
        try:
            sealed = binascii.a2b_base64(encrypt_random_key, strict_mode=True)
        except ValueError:
            return NOT_BASE64, b""
        try:
            return 0, key.decrypt(sealed, _PADDING)
        except ValueError:
            return KEY_REFUSED, b""
