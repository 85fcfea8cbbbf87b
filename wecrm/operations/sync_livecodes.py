"""Live codes into the cache: every code that WeCom lists, and every one that we remember.

A code that is not listed may still exist: join ways are in no list, and neither are temporary contact
ways nor those made before 2021-07-10. It is only gone when reading it says so.
"""

from collections.abc import Sequence

from wecrm.api import acquisitions
from wecrm.api import livecodes as api
from wecrm.errors import ApiError, Exit, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.livecode import KINDS, Kind, LiveCode
from wecrm.operations import linkdays, welcomebook
from wecrm.operations.sync import Synced, recorded
from wecrm.operations.work import Work
from wecrm.store import links
from wecrm.store import livecodes as register
from wecrm.store.syncs import Counts

BLOCK = 48
"""Codes asked for side by side before they are stored."""

MAY_NOT = 48002


def livecodes(work: Work) -> Synced:
    """Contact ways, join ways and welcome templates of the register, links with their customers and quota."""

    def fill(counts: Counts) -> tuple[str, ...]:
        notes: list[str] = []
        for kind in KINDS:
            try:
                _kind(work, kind, counts, notes)
            except ApiError as error:
                if kind != "link" or error.errcode != MAY_NOT:
                    raise
                notes.append(_("Acquisition links were left out: this secret may not read them (48002)."))
        welcomebook.refresh(work, counts, notes)
        return tuple(notes[:10])

    return recorded(work, "livecodes", fill)


def _kind(work: Work, kind: Kind, counts: Counts, notes: list[str]) -> None:
    known = [one.code.id for one in register.known(work.store) if one.code.kind == kind]
    listed = api.ids(work.client, kind) if kind in api.LIST else ()
    ids = list(dict.fromkeys((*listed, *known)))
    for start in range(0, len(ids), BLOCK):
        work.run.check()
        refresh(work, kind, ids[start : start + BLOCK], counts, notes)
        work.run.progress(Progress(_("live codes"), start + BLOCK, len(ids), counts.failed))
    if kind == "link":
        linkdays.fetch_quota(work)
        there = [link_id for link_id in listed if _brought(work, link_id, counts)]
        unread: list[str] = []
        linkdays.fetch(work, there, linkdays.USUAL_DAYS, unread)
        notes += unread[:1]  # the codes themselves were read: no hole, and no reason to tell it of each link


def _brought(work: Work, link_id: str, counts: Counts) -> bool:
    """Store whom a link brought; False if it was deleted a moment ago."""
    work.run.check()
    try:
        links.put_customers(work.store, link_id, list(acquisitions.customers(work.client, link_id)))
    except ApiError as error:
        if error.errcode not in api.UNKNOWN["link"]:
            raise
        register.note_gone(work.store, "link", link_id, work.now())
        counts.lost += 1
        return False
    return True


def refresh(work: Work, kind: Kind, ids: Sequence[str], counts: Counts, notes: list[str]) -> None:
    """Read these codes side by side and store them as they are, or mark them gone where WeCom says so."""
    found = list(work.client.pool().map(lambda id_: _read(work, kind, id_), ids))
    counts.seen += register.put(work.store, [one for one in found if isinstance(one, tuple)], work.now())
    for id_, one in zip(ids, found, strict=True):
        if isinstance(one, tuple):
            continue
        if isinstance(one, ApiError) and one.errcode in api.UNKNOWN[kind]:
            register.note_gone(work.store, kind, id_, work.now())
            counts.lost += 1
        else:
            counts.failed += 1
            notes.append(_("Live code {code} was not read: {why}", code=id_, why=one.what))


def _read(work: Work, kind: Kind, id_: str) -> tuple[LiveCode, bytes] | ApiError | TemporaryError:
    try:
        return api.get(work.client, kind, id_)
    except ApiError as error:
        if error.code in (Exit.config, Exit.temporary) or error.errcode == MAY_NOT:
            raise
        return error
    except TemporaryError as error:
        return error
