"""When nothing came although something was to be expected: errcode 0 is no proof of health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from wecrm.i18n import _
from wecrm.models import archivepage
from wecrm.models.archive import ArchiveSource, Sealed
from wecrm.operations.archive.seats import Seating
from wecrm.store.archive import rhythms
from wecrm.store.database import Store

FEWEST: Final = 5.0
"""Messages that must have been to be expected before their absence alarms."""

SHORTEST_S: Final = 12 * 3600
"""A shorter silence is not judged: messages may reach the archive late."""

YOUNG_S: Final = 24 * 3600
"""An archive that never had a message is let be for its first day."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came for `hours`, where `expected` messages were usual (0: never any); `checks` in their order."""

    hours: float
    expected: float
    checks: tuple[str, ...]


def judge(store: Store, source: ArchiveSource, started_at: int, tz: tzinfo, seating: Seating | None) -> Silence | None:
    """What is wrong with a pull that brought nothing; None when nothing was to be expected yet.

    Args:
        started_at: when this pull began, unix seconds.
        seating: the seats of today, where they could be read.
    """
    since = rhythms.nothing_since(store)
    if since is None:
        first = rhythms.first_pull(store)
        if first is None or started_at - first < YOUNG_S:
            return None
        return Silence((started_at - first) / 3600, 0.0, checks(store, source, seating))
    usual = rhythms.expected(store, since, started_at, tz)
    if started_at - since < SHORTEST_S or usual < FEWEST:
        return None
    return Silence((started_at - since) / 3600, usual, checks(store, source, seating))


def checks(store: Store, source: ArchiveSource, seating: Seating | None) -> tuple[str, ...]:
    """What to look at, the likeliest first, with what is known of each."""
    return (_public_key(store), _seats(seating), _consent(), _position(store, source))


def _public_key(store: Store) -> str:
    version = rhythms.newest_version(store)
    known = _("The last message came under version {n}.", n=version) if version else ""
    return _("1. Public key: is one set (RSA 2048)? Admin console → 管理工具 → 会话内容存档 → 消息加密公钥.") + (
        f" {known}" if known else ""
    )


def _seats(seating: Seating | None) -> str:
    if seating is None:
        return _("2. Seats: WeCom did not tell who has one.")
    if not seating.userids:
        return _("2. Seats: nobody has one. Admin console → 管理工具 → 会话内容存档 → 开启范围: choose members.")
    return _(
        "2. Seats: {n:,} members have one, {m:,} fewer than before.", n=len(seating.userids), m=len(seating.dropped)
    )


def _consent() -> str:
    return _("3. Consent: customers who have not agreed are not archived; `wecrm archive consent` lists them.")


def _position(store: Store, source: ArchiveSource) -> str:
    """What WeCom has, seen past the cursor: after the newest message of the archive, and its oldest one."""
    after, oldest = (_first(source, seq) for seq in (rhythms.newest_seq(store), 0))
    if after is None or oldest is None:
        return _("4. Position: could not be checked.")
    if after or (oldest and not rhythms.has_msgid(store, oldest[0].msgid)):
        return _(
            "4. Position: WeCom has messages that this archive never saw. The stored seq is of another corp or of an "
            "earlier life of it: begin at the oldest with `wecrm archive pull --from-start`; nothing is stored twice."
        )
    if not oldest:
        return _("4. Position: WeCom has no message at all of the last five days; the position is not to blame.")
    return _("4. Position: the oldest message that WeCom has is in this archive; the position is right.")


def _first(source: ArchiveSource, seq: int) -> Sequence[Sealed] | None:
    """The first message after `seq`, if there is one; None when it can't be asked."""
    code, body = source.page(seq, 1)
    page = archivepage.read(body) if code == 0 else None
    return None if page is None or page.errcode else page.sealed
