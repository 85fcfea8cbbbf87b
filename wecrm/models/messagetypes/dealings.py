"""Types of archived messages that people do something with: votes, forms, meetings, calls, red packets."""

from collections.abc import Iterator

import msgspec

from wecrm.i18n import _
from wecrm.models.messagetypes.body import Body, span


class Todo(Body, frozen=True):
    """`todo`: `title` names where it comes from."""

    label = "[to-do]"
    title: str = ""
    content: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.content)


class Vote(Body, frozen=True):
    """`vote`: votetype 101 starts one, 102 takes part."""

    votetitle: str = ""
    voteitem: tuple[str, ...] = ()
    votetype: int = 0
    voteid: str = ""

    def texts(self) -> Iterator[str]:
        yield self.votetitle
        yield from self.voteitem

    def line(self) -> str:
        values = {"title": self.votetitle, "choices": " / ".join(self.voteitem)}
        if self.votetype == 102:
            return _("[took part in a vote] {title}: {choices}", **values)
        return _("[vote] {title}: {choices}", **values)


class Question(msgspec.Struct, frozen=True):
    """One question of a `collect`; type Text, Number, Date or Time."""

    id: int = 0
    ques: str = ""
    type: str = ""


class Collect(Body, frozen=True):
    """`collect` (填表); `create_time` as it came, a text or a number."""

    label = "[form]"
    room_name: str = ""
    creator: str = ""
    create_time: str = ""
    title: str = ""
    details: tuple[Question, ...] = ()

    def texts(self) -> Iterator[str]:
        yield self.title
        for each in self.details:
            yield each.ques


class Redpacket(Body, frozen=True):
    """`redpacket`, `external_redpacket`: type 1 normal, 2 random, 3 incentive; `totalamount` in fen."""

    type: int = 0
    wish: str = ""
    totalcnt: int = 0
    totalamount: int = 0

    def texts(self) -> Iterator[str]:
        yield self.wish

    def line(self) -> str:
        fen = self.totalamount
        yuan = f"{fen // 100}.{fen % 100:02}" if 0 <= fen < 10**15 else "?"
        return _("[red packet] {wish} {amount} yuan in {n}", wish=self.wish, amount=yuan, n=self.totalcnt)


class Meeting(Body, frozen=True):
    """`meeting`: meetingtype 101 invites, 102 answers (then with `status`); times in seconds."""

    topic: str = ""
    starttime: int = 0
    endtime: int = 0
    address: str = ""
    remarks: str = ""
    meetingtype: int = 0
    meetingid: int = 0
    status: int = 0

    def texts(self) -> Iterator[str]:
        yield from (self.topic, self.address, self.remarks)

    def line(self) -> str:
        if self.meetingtype == 102:
            status = MEETING_ANSWERS.get(self.status)
            return _("[answer to a meeting] {topic}: {status}", topic=self.topic, status=_(status) if status else "?")
        return _("[meeting] {topic}", topic=self.topic)


MEETING_ANSWERS = {
    1: "joins",
    2: "declines",
    3: "undecided",
    4: "not invited",
    5: "cancelled",
    6: "expired",
    7: "not in the room",
}
"""`status` of an answer to a meeting, as page 91774 numbers it."""


class MeetingNotice(Body, frozen=True):
    """`meeting_notification` (会议控制): values of `notification_type` are not documented."""

    label = "[meeting]"
    content: str = ""
    meeting_id: int = 0
    notification_type: int = 0

    def texts(self) -> Iterator[str]:
        yield self.content


class Calendar(Body, frozen=True):
    """`calendar`: times in seconds."""

    label = "[calendar]"
    title: str = ""
    creatorname: str = ""
    attendeename: tuple[str, ...] = ()
    starttime: int = 0
    endtime: int = 0
    place: str = ""
    remarks: str = ""

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.place, self.remarks, self.creatorname, *self.attendeename)

    def line(self) -> str:
        return " ".join((_(self.label), *filter(None, (self.title, self.place, self.remarks))))


class Call(Body, frozen=True):
    """`voiptext` (音视频通话): invitetype 1 single video, 2 single voice, 3 group video, 4 group voice; seconds."""

    callduration: int | None = None
    invitetype: int = 0

    def line(self) -> str:
        length = span(self.callduration)
        match self.invitetype:
            case 1:
                text = _("[video call] {length}", length=length)
            case 3:
                text = _("[group video call] {length}", length=length)
            case 4:
                text = _("[group call] {length}", length=length)
            case _other:
                text = _("[call] {length}", length=length)
        return text.rstrip()


class Revoke(Body, frozen=True):
    """`revoke`: takes the message `pre_msgid` back; that one stays archived."""

    label = "[revoked a message]"
    pre_msgid: str = ""


class Agree(Body, frozen=True):
    """`agree`: the customer `userid` lets conversations be archived; milliseconds."""

    userid: str = ""
    agree_time: int = 0

    def line(self) -> str:
        return _("[agreed to archiving] {person}", person=self.userid)


class Disagree(Body, frozen=True):
    """`disagree`: the customer `userid` does not let conversations be archived; milliseconds."""

    userid: str = ""
    disagree_time: int = 0

    def line(self) -> str:
        return _("[objected to archiving] {person}", person=self.userid)


class Switch(Body, frozen=True):
    """`switch` (an action): the member `user` went to another corp; milliseconds."""

    time: int = 0
    user: str = ""

    def line(self) -> str:
        return _("[went to another corp] {person}", person=self.user)
