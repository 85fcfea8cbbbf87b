"""What is done to members: access taken and given, deletion, and notices to them.

Deletion is for good, and a notice can't be called back. Of a notice nothing can be read back: one whose
answer was lost is left for a person.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence

from wecrm.api import members as api
from wecrm.api import notices
from wecrm.errors import ApiError, Exit
from wecrm.i18n import _
from wecrm.models.member import Member
from wecrm.models.plan import Change, Outcome, State, Undo
from wecrm.operations.outcomes import text
from wecrm.operations.work import Work
from wecrm.store import directory
from wecrm.store.database import Store

DISABLED = 2
UNKNOWN = (60111, 40003)
OUT_OF_SIGHT = 60011
"""Errcodes of a member who is gone; each of them may also mean that the app may not see somebody who is there."""


def find(work: Work, userid: str) -> Member | None:
    """The member as the directory has them now, without details where those can't be read; None: not in the corp.

    Raises:
        ApiError, TemporaryError: the directory can't be read, or 60011: the member is out of the app's sight.
    """
    try:
        return api.get(work.client, userid)
    except ApiError as error:
        if error.errcode not in (*UNKNOWN, OUT_OF_SIGHT):
            raise
        refusal = error
    if "directory" in work.client.settings.secrets:
        try:
            return next((one for one in api.member_ids(work.client) if one.userid.lower() == userid.lower()), None)
        except ApiError as error:
            if error.errcode not in (api.MAY_NOT, api.NOT_FROM_THIS_IP):
                raise
    if refusal.errcode == OUT_OF_SIGHT:
        raise refusal
    return None


class _OneMember:
    """What ops about one member have in common: each is a call of its own."""

    batch = 1

    def cluster(self, change: Change) -> str:
        return text(change.key["userid"])

    def group(self, change: Change) -> Hashable:
        return change.id

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return thing, 0


class Disable(_OneMember):
    """Op `member.disable`: a member may not log in any more (or again, to undo it); nothing else changes."""

    op = "member.disable"
    undo: Undo = "reversible"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {api.MEMBER.path: len(clusters), api.UPDATE.path: sent}

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for change in changes:
            member = find(work, text(change.key["userid"]))
            gone = State(gone=True, errcode=UNKNOWN[0], errmsg="not a member")
            yield {change.id: gone if member is None else State({"enabled": member.status != DISABLED})}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        act = api.enable if changes[0].after["enabled"] else api.disable
        act(work.client, text(changes[0].key["userid"]))
        return [Outcome("ok")]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        disabled = [Member(text(c.key["userid"]), status=DISABLED) for c in changes if not c.after["enabled"]]
        directory.put_statuses(work.store, disabled, work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo, change.input)]

    def title(self, change: Change) -> str:
        return "{} · enabled → {}".format(change.key["userid"], change.after["enabled"])


class Delete(_OneMember):
    """Op `member.delete`: a member leaves the corp for good; customers and groups wait for somebody, for a year."""

    op = "member.delete"
    undo: Undo = "irreversible"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {api.MEMBER.path: len(clusters), api.DELETE.path: sent}

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for change in changes:
            yield {change.id: State({"present": find(work, text(change.key["userid"])) is not None})}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        api.delete(work.client, text(changes[0].key["userid"]))
        return [Outcome("ok")]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            directory.note_gone(work.store, text(change.key["userid"]), work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return ()

    def title(self, change: Change) -> str:
        return "delete {}".format(change.key["userid"])


class Notice(_OneMember):
    """Op `notice.send`: a short text from the app to one member; key: `userid`, `about`, `day`, `text`."""

    op = "notice.send"
    undo: Undo = "irreversible"

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {notices.SEND.path: sent}

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        for change in changes:
            yield {change.id: State(change.before, unsure=True)}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        userid = text(changes[0].key["userid"])
        try:
            sent = notices.send(work.client, notices.sender(work.client), [userid], text(changes[0].key["text"]))
        except ApiError as error:
            if error.code in (Exit.config, Exit.temporary):
                raise
            return [Outcome("failed", error.errcode, error.errmsg, error.fix)]
        if sent.invalid or sent.unlicensed:
            hint = _("Put the member into the app's visible range (可见范围).")
            return [Outcome("failed", 0, _("does not get messages of this app"), hint)]
        return [Outcome("ok", evidence=f"msgid {sent.msgid}")]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        return

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return ()

    def title(self, change: Change) -> str:
        return "tell {}: {}".format(change.key["userid"], change.key["about"])
