"""A random sample for quality inspection, the same whenever it is drawn again with the same seed from the same archive.

Each conversation (or message) of a member gets a number from a hash of the seed, the member and its own key; the
smallest are drawn. So a message that comes later changes nothing but its own place in the lot.
"""

from collections import defaultdict
from hashlib import sha256
from heapq import heappush, heappushpop
from typing import Literal

from wecrm.store.archive import samples
from wecrm.store.archive.filters import Narrowed
from wecrm.store.database import Store

Of = Literal["conversations", "messages"]


def draw(archive: Store, narrowed: Narrowed, *, of: Of, per_member: int, seed: str) -> list[tuple[str, int]]:
    """(member, id of a conversation or record), at most so many for each member; by member, in order of the lot."""
    lots: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    found = samples.conversations(archive, narrowed) if of == "conversations" else samples.messages(archive, narrowed)
    for member, id_, key in found:
        entry = -_number(seed, member, key), id_
        lot = lots[member]
        if len(lot) < per_member:
            heappush(lot, entry)
        else:
            heappushpop(lot, entry)
    return [(member, id_) for member in sorted(lots) for _lot, id_ in sorted(lots[member], reverse=True)]


def _number(seed: str, member: str, key: str) -> int:
    text = f"{seed}\0{member.casefold()}\0{key}".encode("utf-8", "replace")
    return int.from_bytes(sha256(text).digest()[:8], "big")
