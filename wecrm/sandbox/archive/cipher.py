"""The sandbox's own cipher; the vendor's is not known, and nothing here is taken from it.

What RSA carries is 64 hex characters, a key of 32 bytes. A message is base64(16 bytes of IV + AES-256-CBC with
PKCS#7 padding).
"""

import base64
from binascii import Error as NotBase64

BLOCK = 16


class NotOpened(ValueError):
    """The key and the ciphertext do not go together."""


def seal(plain: bytes, key: bytes, iv: bytes) -> str:
    """`encrypt_chat_msg` of a message; `key` has 32 bytes, `iv` 16."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # the sandbox starts without it

    pad = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(plain + bytes((pad,)) * pad) + encryptor.finalize()
    return base64.b64encode(iv + sealed).decode("ascii")


def unseal(opened_key: bytes, encrypt_chat_msg: str) -> bytes:
    """The message, by what the private key made of `encrypt_random_key`.

    Raises:
        NotOpened: wrong key, or no ciphertext of this cipher.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        key = bytes.fromhex(opened_key.decode("ascii"))
        sealed = base64.b64decode(encrypt_chat_msg, validate=True)
    except (ValueError, NotBase64) as error:
        raise NotOpened from error
    if len(key) != 32 or len(sealed) < 2 * BLOCK or len(sealed) % BLOCK:
        raise NotOpened
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(sealed[:BLOCK])).decryptor()
    padded = decryptor.update(sealed[BLOCK:]) + decryptor.finalize()
    pad = padded[-1]
    if not 1 <= pad <= BLOCK or padded[-pad:] != bytes((pad,)) * pad:
        raise NotOpened
    return padded[:-pad]
