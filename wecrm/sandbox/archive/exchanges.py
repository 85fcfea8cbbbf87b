"""One exchange: a few messages between the same people about the same matter."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any, Final

import msgspec

from wecrm.sandbox.archive import cast as casts
from wecrm.sandbox.archive import phrases
from wecrm.sandbox.archive.cast import Cast, Group
from wecrm.sandbox.archive.contents import Content, Draw
from wecrm.sandbox.archive.weights import CALLS, TYPES

SINGLE, LATE, GROUP, COLLEAGUES, ROOM = "single", "late", "group", "colleagues", "room"
ROBOT, CROWD, AGREE, DISAGREE, SWITCH = "robot", "crowd", "agree", "disagree", "switch"

# kind of exchange: how often
KINDS: Final[Mapping[str, float]] = {
    SINGLE: 68,  # a member and a customer
    LATE: 3,  # a member comes back to an exchange of some hours ago
    GROUP: 14,  # a customer group
    COLLEAGUES: 8,  # two members
    ROOM: 5,  # members in a group of their own
    ROBOT: 1,
    CROWD: 0.05,  # a group of 1,400 people: 50 kB of receivers
    AGREE: 0.5,
    DISAGREE: 0.2,
    SWITCH: 0.2,
}
SHORT: Final = frozenset((LATE, ROBOT, CROWD, AGREE, DISAGREE, SWITCH))
"""Exchanges of one message."""

# share of the messages
RECALLS: Final = 0.012
OLD_RECALLS: Final = 0.06  # of the recalls: their original is a week old, or was never archived
ODD: Final = 0.006  # a text that breaks what is written carelessly
LAGGARDS: Final = 0.004  # sent up to three days before it arrives
TIMELESS: Final = 0.0003  # msgtime 0
MORE_FIELDS: Final = 0.01  # fields that nobody knows

_CONTROL: Final = re.compile(rb"(?<!\\)\\u(0007|001b)")  # not inside JSON that stands in a string

_NAMES: Final = list(TYPES)
_MAKERS: Final = [maker for _, maker in TYPES.values()]
_WEIGHTS: Final = list(accumulate(weight for weight, _ in TYPES.values()))


@dataclass(frozen=True, slots=True)
class Said:
    """One message; `plain` is its JSON."""

    msgid: str
    plain: bytes


@dataclass(slots=True)
class Scene:
    """What an exchange is played from."""

    seed: int
    rng: Random
    cast: Cast
    pair_number: int  # decides who talks with whom
    times: list[float]
    id_number: int  # decides the msgids
    long_ago: int = 0  # id_number of an exchange of another week

    def pair(self) -> tuple[str, str]:
        """A member and a customer; two members where nobody has customers."""
        pairs = self.cast.pairs
        return pairs[self.pair_number % len(pairs)] if pairs else self.colleagues()

    def colleagues(self) -> tuple[str, str]:
        """Two members, or a member and the first robot."""
        members = self.cast.members
        one = self.pair_number % len(members)
        other = members[(one + 1 + self.pair_number // 7 % max(1, len(members) - 1)) % len(members)]
        return members[one], other if other != members[one] else self.cast.robots[0]


def played(scene: Scene, kind: str) -> list[Said]:
    """The messages of the exchange, as many as the scene has times."""
    if kind == SWITCH:
        return [_switch(scene)]
    if kind in (AGREE, DISAGREE):
        return [_consent(scene, kind)]
    group = _group_of(scene, kind)
    if group is not None:
        return _Exchange(scene, group.roomid, (*group.members, *group.customers), bool(group.customers)).play()
    pair = _two(scene, kind)
    return _Exchange(scene, "", pair, pair[1][:2] in ("wm", "wo", "wb")).play(turns=True, late=kind == LATE)


def _group_of(scene: Scene, kind: str) -> Group | None:
    if kind == CROWD:  # everybody hears it, a member says it
        crowd = casts.crowd(scene.seed)
        return Group(crowd.roomid, (scene.cast.members[scene.pair_number % len(scene.cast.members)],), crowd.customers)
    groups = {GROUP: scene.cast.groups, ROOM: scene.cast.rooms}.get(kind, ())
    usable = [group for group in groups if len(group.members) + len(group.customers) > 1]
    if not usable:
        return None
    return usable[scene.pair_number % len(usable)]


def _two(scene: Scene, kind: str) -> tuple[str, str]:
    if kind == COLLEAGUES:
        return scene.colleagues()
    if kind == ROBOT:
        return scene.pair()[0], scene.cast.robots[scene.pair_number % len(scene.cast.robots)]
    return scene.pair()


class _Exchange:
    """Plays the messages of one conversation."""

    def __init__(self, scene: Scene, roomid: str, people: tuple[str, ...], external: bool) -> None:
        self.scene = scene
        self.rng = scene.rng
        self.roomid = roomid
        self.people = people
        self.external = external
        self.topic = phrases.topic(scene.rng)
        self.said: list[tuple[str, str]] = []  # sender, msgid

    def play(self, *, turns: bool = False, late: bool = False) -> list[Said]:
        """All of them; in turns where two talk, where the second (the customer) mostly begins."""
        random = self.rng.random
        times = self.scene.times
        speaker = 0 if late or random() < 0.15 else min(1, len(self.people) - 1)
        found = []
        for n, at in enumerate(times):
            if not turns:
                speaker = int(random() ** 2 * min(len(self.people), 60)) if len(self.people) < 1_000 else 0
            elif n and random() < (0.2 if at - times[n - 1] < 30 else 0.9):
                speaker = 1 - speaker
            found.append(self._message(n, at, self.people[speaker], late=late))
        return found

    def _message(self, n: int, at: float, sender: str, *, late: bool) -> Said:
        msgid = _msgid(self.scene.id_number, n, at, self.external)
        random = self.rng.random
        recalled = self._recalled(sender) if random() < RECALLS else ""
        if recalled:
            msgtype, content = "revoke", {"revoke": {"pre_msgid": recalled}}
        else:
            msgtype, content = self._content(at, sender, late=late)
        self.said.append((sender, msgid))
        message: dict[str, Any] = {
            "msgid": msgid,
            "action": "recall" if recalled else "send",
            "from": sender,
            "tolist": [who for who in self.people if who != sender],
            "roomid": self.roomid,
            "msgtime": _msgtime(self.rng, at),
            "msgtype": msgtype,
            **content,
        }
        if msgtype in CALLS:
            del message["roomid"]
        if random() < MORE_FIELDS:
            message["trace"] = {"hop": self.rng.getrandbits(64), "via": None, "旧": [1.5, True]}
        return Said(msgid, _json(message))

    def _content(self, at: float, sender: str, *, late: bool) -> tuple[str, Content]:
        rng = self.rng
        if rng.random() < ODD:
            return "text", {"text": {"content": phrases.ODD[int(rng.random() * len(phrases.ODD))]}}
        draw = Draw(self.scene.seed, rng, self.scene.cast, int(at), sender, self._sentence(sender, late=late))
        chosen = 0 if late else bisect_right(_WEIGHTS, rng.random() * _WEIGHTS[-1])
        name = _NAMES[chosen]
        return "text" if name == "quote" else name, _MAKERS[chosen](draw)

    def _sentence(self, sender: str, *, late: bool) -> str:
        outside = sender.startswith(("wm", "wo"))
        lines: tuple[str, ...]
        if late:
            lines = phrases.LATE
        elif sender.startswith("wb"):
            lines = phrases.ROBOT
        elif not self.external:
            lines = phrases.WORK.inside if self.rng.random() < 0.5 else phrases.WORK.outside
        else:
            lines = self.topic.outside if outside else self.topic.inside
        return phrases.spoken(self.rng, lines)

    def _recalled(self, sender: str) -> str:
        """What the sender takes back: something of this exchange, or of long ago."""
        if self.rng.random() < OLD_RECALLS:
            return _msgid(self.scene.long_ago, 0, 0.0, self.external)
        own = [msgid for who, msgid in self.said if who == sender]
        return own[-1] if own else ""


def _msgid(number: int, n: int, at: float, external: bool) -> str:
    """An id in one of the forms that are seen; the first message of an exchange has the form without time."""
    form = (number >> 8) % 3 if n else 2
    digits = number >> 64 ^ n * 0x9E3779B97F4A7C15
    tail = "_external" if external else ""
    if form == 2:
        raw = (number ^ n << 96).to_bytes(17, "big")[-16:]
        return msgspec.json.encode(raw).decode().strip('"') + tail
    return f"{digits % 10**19:019d}_{int(at) if form else int(at * 1000)}{tail}"


def _msgtime(rng: Random, at: float) -> int:
    drawn = rng.random()
    if drawn < TIMELESS:
        return 0
    if drawn < TIMELESS + LAGGARDS:
        return int(1000 * (at - 3 * 86_400 * rng.random()))
    return int(1000 * (at - 1.5 * drawn))


def _consent(scene: Scene, kind: str) -> Said:
    """A customer agrees to being archived, or objects."""
    objectors = scene.cast.objectors
    pair = objectors[scene.pair_number % len(objectors)] if kind == DISAGREE and objectors else scene.pair()
    at = scene.times[0]
    answered = AGREE if pair in scene.cast.pairs or not objectors or kind == AGREE else DISAGREE
    return consent_message(pair, answered, at, _msgid(scene.id_number, 0, at, True))


def consent_message(pair: tuple[str, str], answered: str, at: float, msgid: str) -> Said:
    """What the archive says of a customer's answer, `agree` or `disagree`."""
    message = {
        "msgid": msgid, "action": "send", "from": pair[1], "tolist": [pair[0]], "roomid": "",
        "msgtime": int(at * 1000), "msgtype": answered,
        answered: {"userid": pair[1], f"{answered}_time": int(at * 1000)},
    }  # fmt: skip
    return Said(msgid, _json(message))


def _switch(scene: Scene) -> Said:
    """A member changes to another of their corps."""
    members = scene.cast.members
    msgid = str(scene.id_number % 10**18)
    user = members[scene.pair_number % len(members)]
    return Said(msgid, _json({"msgid": msgid, "action": "switch", "time": int(scene.times[0] * 1000), "user": user}))


def _json(message: dict[str, Any]) -> bytes:
    """The message as it is sealed: control characters raw, and half of a surrogate pair where a text has the mark."""
    plain = msgspec.json.encode(message)
    if b"\\u00" in plain:
        plain = _CONTROL.sub(lambda found: bytes((int(found[1], 16),)), plain)
    return plain.replace("\ue000".encode(), b"\\ud83d") if b"\xee\x80\x80" in plain else plain
