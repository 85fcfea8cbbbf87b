"""Mass messages of the corp into the cache: which there are, who sent them, how many receivers they reached.

A run costs two calls for the list, one for each message of the last 30 days that somebody has not sent yet, and
two in all for each member who sent one. The first run goes back 90 days. Those that members send on their own
are left out, and of receivers only numbers are kept.
"""

from collections import Counter
from typing import get_args

from wecrm.api import groupsends as api
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.groupsend import CAP_REACHED, NO_FRIEND, NOT_SENT, SENT, ChatType, SendTask
from wecrm.operations.answering import Failure, answered
from wecrm.operations.work import Work
from wecrm.store import groupsends as store
from wecrm.store.groupsends import Fates
from wecrm.store.syncs import Counts

BLOCK = 48
"""Calls made side by side before their answers are stored."""

DAY_S = 24 * 3600
FIRST_DAYS, WINDOW_DAYS = 90, 30
NOT_YET = 41063
"""The message is still being made."""
LEFT = frozenset((60111, 40003))
"""The member who sent it has left."""


def fetch(work: Work, counts: Counts, notes: list[str]) -> None:
    """Store what is new of the corp's mass messages; what could not be read is counted and told."""
    for chat_type in get_args(ChatType):
        _list(work, chat_type)
    _tasks(work, counts, notes)
    _fates(work, counts, notes)


def _list(work: Work, chat_type: ChatType) -> None:
    """Window by window, the oldest first, each stored whole: a stopped run goes on with the next one."""
    now = int(work.now())
    newest = store.newest(work.store, chat_type)
    since = now - FIRST_DAYS * DAY_S if newest is None else newest - DAY_S
    while since < now:
        work.run.check()
        until = min(since + WINDOW_DAYS * DAY_S, now)
        store.put(work.store, chat_type, list(api.listed(work.client, chat_type, since, until)))
        since = until


def _tasks(work: Work, counts: Counts, notes: list[str]) -> None:
    wanted = store.unfinished(work.store)
    for first in range(0, len(wanted), BLOCK):
        work.run.check()
        block = wanted[first : first + BLOCK]
        for msgid, found in zip(block, work.client.pool().map(lambda id_: _ask_tasks(work, id_), block), strict=True):
            if not isinstance(found, Failure):
                store.put_tasks(work.store, msgid, found, work.now())
                counts.seen += 1
            elif not isinstance(found, ApiError) or found.errcode != NOT_YET:
                if _gone(found):
                    store.put_tasks(work.store, msgid, (), work.now())
                counts.failed += not _gone(found)
                notes.append(_("Mass message {msgid} was not read: {why}", msgid=msgid, why=found.what))


def _ask_tasks(work: Work, msgid: str) -> list[SendTask] | ApiError | TemporaryError:
    return answered(lambda: list(api.tasks(work.client, msgid)), NOT_YET)


def _fates(work: Work, counts: Counts, notes: list[str]) -> None:
    wanted = store.unread(work.store, work.now())
    for first in range(0, len(wanted), BLOCK):
        work.run.check()
        block = wanted[first : first + BLOCK]
        found = dict(zip(block, work.client.pool().map(lambda key: _ask_fates(work, *key), block), strict=True))
        read = {key: each for key, each in found.items() if isinstance(each, Fates)}
        store.put_fates(work.store, read, work.now())
        store.give_up(work.store, [key for key, each in found.items() if _lost(each)], work.now())
        for (msgid, userid), each in found.items():
            if isinstance(each, Failure):
                counts.failed += not _lost(each)
                notes.append(
                    _("Receivers of {member} were not read ({msgid}): {why}", member=userid, msgid=msgid, why=each.what)
                )
        work.run.progress(Progress(_("mass messages"), first + len(block), len(wanted), counts.failed))


def _gone(found: object) -> bool:
    """Whether the message was cancelled, or WeCom does not know it any more: what is known of it stays."""
    return isinstance(found, ApiError) and find(found.errcode).reaction is Reaction.gone


def _lost(found: object) -> bool:
    """Whether nobody will ever read these receivers, so that nothing is missing."""
    return _gone(found) or (isinstance(found, ApiError) and found.errcode in LEFT)


def _ask_fates(work: Work, msgid: str, userid: str) -> Fates | ApiError | TemporaryError:
    found = answered(lambda: Counter(row.status for row in api.results(work.client, msgid, userid)))
    if isinstance(found, Failure):
        return found
    return Fates(found[SENT], found[NOT_SENT], found[NO_FRIEND], found[CAP_REACHED])
