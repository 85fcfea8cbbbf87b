"""Ids that look like the platform's and depend on nothing but seed, kind and number."""

import base64
import hashlib


def wire_id(prefix: str, seed: int, kind: str, number: int) -> str:
    """`prefix` and 30 letters, digits, `-` or `_`."""
    digest = hashlib.blake2b(f"{seed}:{kind}:{number}".encode(), digest_size=24).digest()
    return prefix + base64.urlsafe_b64encode(digest)[:30].decode()


def hex_id(seed: int, kind: str, number: int) -> str:
    """32 hex digits."""
    return hashlib.blake2b(f"{seed}:{kind}:{number}".encode(), digest_size=16).hexdigest()


def picture_of(seed: int, id_: str, version: int) -> str:
    """Where the QR picture of a code lies on its host."""
    return wire_id("", seed, f"picture of {id_}", version)
