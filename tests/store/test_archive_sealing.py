"""An encrypted media file: what was written comes back, and no byte of it can be changed, moved or cut off unseen."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.store.archive.sealing import BrokenSeal, Seal, opened

SECRET = b"s" * 32


def sealed(pieces: list[bytes]) -> bytes:
    stream = io.BytesIO()
    seal = Seal(stream, SECRET)
    for n, piece in enumerate(pieces):
        seal.write(piece, last=n == len(pieces) - 1)
    return stream.getvalue()


def read(data: bytes, secret: bytes = SECRET) -> tuple[list[bytes], bool]:
    """The pieces, and whether the file is complete."""
    found = list(opened(io.BytesIO(data), secret))
    return [piece for piece, _last in found], bool(found) and found[-1][1]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6), st.integers(0, 5))
def test_pieces_come_back_also_when_it_was_written_in_two_goes(pieces: list[bytes], cut: int) -> None:
    stream = io.BytesIO()
    first = Seal(stream, SECRET)
    cut = min(cut, len(pieces))
    for piece in pieces[:cut]:
        first.write(piece, last=False)
    second = Seal(stream, SECRET, cut) if cut else first
    for piece in pieces[cut:]:
        second.write(piece, last=False)
    second.write(b"", last=True)
    assert read(stream.getvalue()) == ([*pieces, b""], True)


def test_nothing_of_the_content_is_readable_and_no_two_files_are_alike() -> None:
    pieces = [b"a sentence that is known"] * 3
    one, other = sealed(pieces), sealed(pieces)
    assert b"sentence" not in one
    assert one[40:] != other[40:]


def test_another_key_opens_nothing() -> None:
    with pytest.raises(BrokenSeal):
        read(sealed([b"content"]), b"t" * 32)


def test_every_changed_byte_is_noticed() -> None:
    data = sealed([b"first", b"second"])
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << random.Random(at).randrange(8)
        with pytest.raises(BrokenSeal):
            assert_complete(bytes(changed))


def assert_complete(data: bytes) -> None:
    """Read it as a reader does: a file whose last piece is not marked is broken too."""
    if not read(data)[1]:
        raise BrokenSeal


def test_a_file_that_was_cut_off_is_never_complete() -> None:
    pieces = [b"first", b"second", b"third"]
    data = sealed(pieces)
    for size in range(len(data)):
        try:
            found, complete = read(data[:size])
        except BrokenSeal:
            continue
        assert not complete
        assert found == pieces[: len(found)]


def test_pieces_can_not_be_exchanged_repeated_or_taken_from_another_file() -> None:
    data = sealed([b"aaaa", b"bbbb", b"cccc"])
    size = (len(data) - 32) // 3
    head, *frames = [data[:32], *(data[32 + n * size : 32 + (n + 1) * size] for n in range(3))]
    other = sealed([b"aaaa", b"bbbb", b"cccc"])[32 : 32 + size]
    for wrong in ([1, 0, 2], [0, 0, 1, 2], [0, 2], [1, 2]):
        with pytest.raises(BrokenSeal):
            read(head + b"".join(frames[n] for n in wrong))
    with pytest.raises(BrokenSeal):
        read(head + other + frames[1] + frames[2])
