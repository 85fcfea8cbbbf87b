"""Customers and relations of a new world, written as a stream: a million take no more memory than ten."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Final

import msgspec

from wecrm.sandbox.seed import names
from wecrm.sandbox.seed.directory import Person
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.seed.tags import Tags

THREE_YEARS_S: Final = 3 * 365 * 86400
PER_CUSTOMER: Final = 1.2  # relations per customer: 15 to 20 % of customers have two or more followers
BATCH: Final = 2000

Contact = tuple[int, str, str]
Relation = tuple[int, int, str, str, str, str, int]

PERSONAL: Final = ('[["个人","老乡"]]', '[["","钓鱼"]]', '[["个人","同学"],["个人","VIP"]]')


class Sower:
    """Draws customers and relations, each from its own numbers."""

    def __init__(self, rng: Random, people: Sequence[Person], tags: Tags, seed: int, start: int) -> None:
        self.rng = rng
        self.tags = tags
        self.seed = seed
        self.start = start
        self.people = people
        self.ways = [way for way, _ in names.ADD_WAYS]
        self.way_weights = list(accumulate(weight for _, weight in names.ADD_WAYS))
        # a few tags are on everybody, most on few: weights fall with the place in the list
        self.tag_weights = list(accumulate(1.0 / (2 + n) for n in range(len(tags.corp))))
        self.encode = msgspec.json.Encoder().encode

    def external_userid(self, n: int) -> str:
        """The id of customer `n`; every twelfth uses WeCom, the others WeChat."""
        return wire_id("wo" if n % 12 == 0 else "wm", self.seed, "customer", n)

    def contact(self, n: int) -> Contact:
        """Customer `n`."""
        external = self.external_userid(n)
        return n, external, self.encode(customer_detail(self.rng, self.seed, external, n)).decode()

    def relation(self, member: Person, n: int) -> Relation:
        """How `member` knows customer `n`."""
        rng = self.rng
        random = rng.random
        way = rng.choices(self.ways, cum_weights=self.way_weights)[0]
        by_customer = random() < 0.6
        info: dict[str, object] = {
            "userid": member.userid,
            "remark": self._remark(),
            "description": rng.choice(names.NOTES) if random() < 0.3 else "",
            "createtime": self.start - 600 - int(random() * random() * THREE_YEARS_S),
            "remark_mobiles": [names.mobile(rng)] if random() < 0.25 else [],
            "oper_userid": self.external_userid(n) if by_customer else member.userid,
            "add_way": way,
        }
        if n % 12 and random() < 0.1:
            info["remark_corp_name"] = rng.choice(names.FIRMS)[0]
        if way in (1, 16) and random() < 0.7:
            info["state"] = rng.choice(names.CHANNELS)
        if way == 10:
            info["wechat_channels"] = {"nickname": "沙盒视频号", "source": rng.randrange(4)}
        draw = random()
        personal = PERSONAL[int(draw * 60)] if draw < 0.05 else "[]"
        strategy = f'["{rng.choice(self.tags.strategy)}"]' if draw > 0.98 else "[]"
        return member.id, n, self.encode(info).decode(), self._tags(), personal, strategy, 0

    def _remark(self) -> str:
        draw = self.rng.random()
        if draw < 0.5:
            return names.chinese(self.rng)[0]
        if draw < 0.51:
            return self.rng.choice(names.HOSTILE)[:20]
        return ""

    def _tags(self) -> str:
        count = int(self.rng.random() ** 2 * 6)
        if not count:
            return "[]"
        drawn = self.rng.choices(self.tags.corp, cum_weights=self.tag_weights, k=count)
        return '["' + '","'.join(dict.fromkeys(drawn)) + '"]'


def customer_detail(rng: Random, seed: int, external_userid: str, n: int) -> dict[str, object]:
    """What is known of customer `n` beside their relations."""
    detail: dict[str, object] = {"external_userid": external_userid, "name": names.customer(rng)}
    wecom = external_userid.startswith("wo")
    detail["type"] = 2 if wecom else 1
    detail["avatar"] = f"https://avatar.sandbox.example/c/{n}/0"
    detail["gender"] = rng.choice((0, 0, 1, 2))
    if wecom:
        short, full = rng.choice(names.FIRMS)
        detail["corp_name"] = short
        detail["corp_full_name"] = full
        if rng.random() < 0.5:
            detail["position"] = "采购经理"
        detail["external_profile"] = {
            "external_corp_name": short,
            "external_attr": [{"type": 0, "name": "职务", "text": {"value": "采购经理"}}],
        }
        return detail
    draw = rng.random()
    if draw < 0.93:
        detail["unionid"] = wire_id("o", seed, "union", n)[:28]
    elif draw < 0.95:
        detail["unionid"] = ""
    elif draw < 0.96:
        detail["unionid"] = None
    return detail


def sow_customers(
    db: sqlite3.Connection, rng: Random, relations: int, people: list[Person], tags: Tags, seed: int, start: int
) -> None:
    """Exactly `relations` relations, unevenly spread: few members have many customers, some have none."""
    followers = [person for person in people if person.follows]
    if relations <= 0 or not followers:
        return
    sower = Sower(rng, followers, tags, seed, start)
    busy = followers if len(followers) < 4 else [p for n, p in enumerate(followers) if n % 12 != 5]
    customers = relations if len(busy) < 2 else max(1, round(relations / PER_CUSTOMER))
    shares = _shares(rng, customers, len(busy))
    _insert(db, sower, _firsts(busy, shares))
    seconds = sorted(set(_seconds(rng, relations - customers, busy, shares)))
    rows = [sower.relation(busy[m], n) for m, n in seconds]
    db.executemany("INSERT INTO relation VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _shares(rng: Random, customers: int, busy: int) -> list[int]:
    """How many customers each busy member added first; a long tail, at least one each if there are enough."""
    weights = [rng.paretovariate(1.3) for _ in range(busy)]
    total = sum(weights)
    shares = [int(customers * weight / total) for weight in weights]
    for n in range(customers - sum(shares)):
        shares[n % busy] += 1
    return shares


def _firsts(busy: list[Person], shares: list[int]) -> Iterator[tuple[Person, int]]:
    n = 0
    for person, share in zip(busy, shares, strict=True):
        for _ in range(share):
            n += 1
            yield person, n


def _seconds(rng: Random, count: int, busy: list[Person], shares: list[int]) -> Iterator[tuple[int, int]]:
    """(place of a member, customer) pairs that are not first relations, all different."""
    ends = list(accumulate(shares))
    customers = ends[-1]
    seen: set[tuple[int, int]] = set()
    most = customers * (len(busy) - 1)
    while len(seen) < min(count, most):
        m, n = rng.randrange(len(busy)), rng.randint(1, customers)
        if ends[m] - shares[m] < n <= ends[m] or (m, n) in seen:
            continue
        seen.add((m, n))
        yield m, n


def _insert(db: sqlite3.Connection, sower: Sower, firsts: Iterator[tuple[Person, int]]) -> None:
    contacts: list[Contact] = []
    relations: list[Relation] = []
    for person, n in firsts:
        contacts.append(sower.contact(n))
        relations.append(sower.relation(person, n))
        if len(contacts) == BATCH:
            _flush(db, contacts, relations)
    _flush(db, contacts, relations)


def _flush(db: sqlite3.Connection, contacts: list[Contact], relations: list[Relation]) -> None:
    db.executemany("INSERT INTO contact VALUES (?, ?, ?)", contacts)
    db.executemany("INSERT INTO relation VALUES (?, ?, ?, ?, ?, ?, ?)", relations)
    contacts.clear()
    relations.clear()
