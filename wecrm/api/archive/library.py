"""The vendor's C library: its 17 functions typed, every buffer copied out and freed.

Buffers are `c_void_p`, never `c_char_p`: ctypes cuts the latter at the first zero byte. Without argument and
result types ctypes cuts the pointer of NewSdk to 32 bits, and the next call ends the process.
"""

import ctypes
from ctypes import c_char_p, c_int, c_uint, c_ulonglong, c_void_p, string_at
from typing import Any, Final

Opened = tuple[int, bytes]
Piece = tuple[int, bytes, bytes, bool]

_TEXT = c_char_p  # only for what goes in

SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "NewSdk": (c_void_p, ()),
    "Init": (c_int, (c_void_p, _TEXT, _TEXT)),
    "GetChatData": (c_int, (c_void_p, c_ulonglong, c_uint, _TEXT, _TEXT, c_int, c_void_p)),
    "DecryptData": (c_int, (_TEXT, _TEXT, c_void_p)),
    "GetMediaData": (c_int, (c_void_p, _TEXT, _TEXT, _TEXT, _TEXT, c_int, c_void_p)),
    "DestroySdk": (None, (c_void_p,)),
    "NewSlice": (c_void_p, ()),
    "FreeSlice": (None, (c_void_p,)),
    "GetContentFromSlice": (c_void_p, (c_void_p,)),
    "GetSliceLen": (c_int, (c_void_p,)),
    "NewMediaData": (c_void_p, ()),
    "FreeMediaData": (None, (c_void_p,)),
    "GetOutIndexBuf": (c_void_p, (c_void_p,)),
    "GetIndexLen": (c_int, (c_void_p,)),
    "GetData": (c_void_p, (c_void_p,)),
    "GetDataLen": (c_int, (c_void_p,)),
    "IsMediaDataFinish": (c_int, (c_void_p,)),
}
"""Result and arguments of every function, as in the vendor's header; pointers are opaque."""

STANDIN: Final = "wecrm_standin"
"""An export that the vendor's library does not have and the stand-in of the tests does."""


class Library:
    """The loaded library with at most one sdk. A crash inside it ends the process."""

    def __init__(self, path: str) -> None:
        """Load it, its symbols invisible to everything else: it exports an OpenSSL of its own.

        Raises:
            OSError: the loader refuses it, in its words.
            AttributeError: it lacks a function.
        """
        self._c = ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self._c, name)
            function.restype, function.argtypes = result, arguments
        self.standin = hasattr(self._c, STANDIN)
        self._sdk: int | None = None
        self._proxy = self._proxy_auth = b""
        self._timeout_s = 0

    def begin(self, corp_id: bytes, secret: bytes, proxy: bytes, proxy_auth: bytes, timeout_s: int) -> int:
        """Make the sdk that `page` and `media` use; the code of Init, which asks nobody."""
        self._proxy, self._proxy_auth, self._timeout_s = proxy, proxy_auth, timeout_s
        self._sdk = self._c.NewSdk()
        return int(self._c.Init(self._sdk, corp_id, secret))

    def page(self, seq: int, limit: int) -> Opened:
        """(0, the JSON after `seq` as it came) or (code, b"")."""
        out = self._c.NewSlice()
        try:
            code = self._c.GetChatData(self._sdk, seq, limit, self._proxy, self._proxy_auth, self._timeout_s, out)
            return (0, self._content(out)) if code == 0 else (code, b"")
        finally:
            self._c.FreeSlice(out)

    def decrypt(self, key: bytes, message: bytes) -> Opened:
        """(0, the plaintext) or (code, b""). A message under 13 bytes ends the process."""
        out = self._c.NewSlice()
        try:
            code = self._c.DecryptData(key, message, out)
            return (0, self._content(out)) if code == 0 else (code, b"")
        finally:
            self._c.FreeSlice(out)

    def media(self, sdkfileid: bytes, index: bytes) -> Piece:
        """(0, a piece, the next index, whether it was the last) or (code, b"", b"", False)."""
        c, out = self._c, self._c.NewMediaData()
        try:
            code = c.GetMediaData(self._sdk, index, sdkfileid, self._proxy, self._proxy_auth, self._timeout_s, out)
            if code != 0:
                return code, b"", b"", False
            data = _copied(c.GetData(out), c.GetDataLen(out))
            following = _copied(c.GetOutIndexBuf(out), c.GetIndexLen(out))
            return 0, data, following, c.IsMediaDataFinish(out) == 1
        finally:
            c.FreeMediaData(out)

    def end(self) -> None:
        """Give the sdk back, once."""
        sdk, self._sdk = self._sdk, None
        if sdk:
            self._c.DestroySdk(sdk)

    def _content(self, out: int) -> bytes:
        return _copied(self._c.GetContentFromSlice(out), self._c.GetSliceLen(out))


def _copied(pointer: int | None, length: int) -> bytes:
    """The buffer's bytes, zero bytes included; it belongs to the library and dies with its slice."""
    return string_at(pointer, length) if pointer and length > 0 else b""
