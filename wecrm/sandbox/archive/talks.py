"""Conversations as a pure function of the seed: any message of a stream can be made again, and none is stored.

A stream is cut into hours. Each hour has a plan (which exchanges there are, and when each of their messages
arrives) and the exchanges themselves, made when one of their messages is asked for.
"""

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate
from random import Random
from typing import Final

from wecrm.sandbox.archive import exchanges
from wecrm.sandbox.archive.cast import Cast
from wecrm.sandbox.archive.exchanges import KINDS, SINGLE, Said, Scene
from wecrm.sandbox.archive.hours import HOUR_S, busy_hours

DOUBLED: Final = 0.001  # share of the messages that come a second time, with the same msgid
PLANS_KEPT: Final = 6
ORDINARY: Final = 8  # every so manyth exchange of an hour, from the first, is between one member and one customer
LENGTHS: Final = (1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 10, 13, 18)
_KINDS: Final = list(KINDS)
_WEIGHTS: Final = list(accumulate(KINDS.values()))


@dataclass(frozen=True, slots=True)
class Stream:
    """Messages between two moments (unix seconds); `rate` in a busy hour. Without end it goes on for ever."""

    n: int
    begins: float
    ends: float | None
    rate: float

    @classmethod
    def of_count(cls, n: int, begins: float, ends: float, count: int) -> "Stream":
        """One of exactly so many messages."""
        return cls(n, begins, ends, count / (busy_hours(ends) - busy_hours(begins)))

    def upto(self, at: float) -> int:
        """How many messages there are by the beginning of an hour, or by the stream's end."""
        at = max(at, self.begins)
        if self.ends is not None:
            at = min(at, self.ends)
        return int(self.rate * (busy_hours(at) - busy_hours(self.begins)) + 1e-6)

    def window(self, hour: int) -> tuple[float, float]:
        """The part of an hour that lies in the stream."""
        last = (hour + 1) * HOUR_S
        return max(hour * HOUR_S, self.begins), last if self.ends is None else min(last, self.ends)


@dataclass(slots=True)
class Hour:
    """The plan of one hour; `first` is the number of its first message in the stream."""

    first: int
    times: list[float]
    places: list[tuple[int, int]]  # exchange, message in it
    kinds: list[str]
    steps: list[list[float]]  # arrival of the messages of each exchange
    made: dict[tuple[int, int], list[Said]] = field(default_factory=dict)

    @property
    def after(self) -> int:
        """Number of the first message of the next hour."""
        return self.first + len(self.times)


class Talks:
    """Makes the messages of streams; `seed` decides them all."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = b"%d" % seed
        self._hours: OrderedDict[tuple[int, int], Hour] = OrderedDict()

    def arrived(self, stream: Stream, at: float) -> int:
        """How many messages of the stream have arrived by that moment."""
        if at < stream.begins:
            return 0
        if stream.ends is not None and at >= stream.ends:
            return stream.upto(at)
        hour = self._hour(stream, int(at // HOUR_S))
        return hour.first + bisect_right(hour.times, at)

    def message(self, stream: Stream, number: int, cast: Cast, cast_id: int = 0) -> tuple[float, Said]:
        """When a message of the stream arrived, and what it says; `number` from 0."""
        name = self._hour_of(stream, number)
        hour = self._hour(stream, name)
        at = number - hour.first
        exchange, place = hour.places[at]
        said = hour.made.get((cast_id, exchange))
        if said is None:
            said = self._exchange(stream, name, exchange, hour, cast)
            hour.made[cast_id, exchange] = said
        if place == len(said) - 1:
            hour.made.pop((cast_id, exchange))  # read through; memory stays small
        return hour.times[at], said[place]

    def _hour_of(self, stream: Stream, number: int) -> int:
        for (n, name), hour in reversed(self._hours.items()):
            if n == stream.n and hour.first <= number < hour.after:
                return name
        low = int(stream.begins // HOUR_S)
        wide = 1
        while stream.upto((low + wide) * HOUR_S) <= number:
            wide *= 2
            if wide > 1 << 40:
                raise IndexError(f"stream {stream.n} has no message {number}")
        high = low + wide
        while high - low > 1:
            middle = (low + high) // 2
            if stream.upto(middle * HOUR_S) <= number:
                low = middle
            else:
                high = middle
        return low

    def _hour(self, stream: Stream, name: int) -> Hour:
        key = stream.n, name
        hour = self._hours.get(key)
        if hour is None:
            first = stream.upto(name * HOUR_S)
            count = stream.upto((name + 1) * HOUR_S) - first
            hour = _plan(Random(self._digest("hour", *key)), first, count, stream.window(name))
            self._hours[key] = hour
            while len(self._hours) > PLANS_KEPT:
                self._hours.popitem(last=False)
        else:
            self._hours.move_to_end(key)
        return hour

    def _exchange(self, stream: Stream, name: int, n: int, hour: Hour, cast: Cast) -> list[Said]:
        key = stream.n, name, n
        kind = hour.kinds[n]
        rng = Random(self._digest("exchange", *key))
        scene = Scene(self.seed, rng, cast, self._digest("pair", *key), hour.steps[n], self._digest("id", *key))
        if kind == exchanges.LATE:
            scene.pair_number = self._digest("pair", *_ordinary(stream, name - rng.randrange(1, 30), rng))
        scene.long_ago = self._digest("id", *_ordinary(stream, name - 150, rng))
        return exchanges.played(scene, kind)

    def _digest(self, what: str, *parts: int) -> int:
        text = f"{what}\x1f{parts}".encode()
        return int.from_bytes(blake2b(text, digest_size=16, key=self._key).digest(), "big")


def _ordinary(stream: Stream, name: int, rng: Random) -> tuple[int, int, int]:
    """An exchange of another hour that surely was between one member and one customer, if that hour had any."""
    count = stream.upto((name + 1) * HOUR_S) - stream.upto(name * HOUR_S)
    return stream.n, name, ORDINARY * rng.randrange(1 + count // LENGTHS[-1] // ORDINARY)


def _plan(rng: Random, first: int, count: int, window: tuple[float, float]) -> Hour:
    begins, ends = window
    random = rng.random
    left = count - min(count // 2, int(count * DOUBLED + random()))
    doubled = count - left
    kinds: list[str] = []
    steps: list[list[float]] = []
    entries: list[tuple[float, int, int]] = []
    while left > 0:
        kind = _KINDS[bisect_right(_WEIGHTS, random() * _WEIGHTS[-1])] if len(kinds) % ORDINARY else SINGLE
        length = 1 if kind in exchanges.SHORT else min(left, LENGTHS[int(random() * len(LENGTHS))])
        times = _times(rng, length, begins, ends)
        entries += [(at, len(kinds), n) for n, at in enumerate(times)]
        kinds.append(kind)
        steps.append(times)
        left -= length
    entries.sort()
    for _ in range(doubled):
        at, exchange, n = entries[int(random() * len(entries))]
        entries.append((at + (ends - at) * random(), exchange, n))
    if doubled:
        entries.sort()
    return Hour(first, [each[0] for each in entries], [each[1:] for each in entries], kinds, steps)


def _times(rng: Random, length: int, begins: float, ends: float) -> list[float]:
    """When the messages of an exchange arrive: quick ones after seconds, answers mostly after minutes."""
    random = rng.random
    at = begins + (ends - begins) * 0.95 * random()
    times = [at]
    for _ in range(length - 1):
        step = 3 + rng.expovariate(1 / 15) if random() < 0.4 else rng.lognormvariate(4.8, 1.2)
        if at + step >= ends:
            step = (ends - at) * 0.9 * random()
        at += step
        times.append(at)
    return times
