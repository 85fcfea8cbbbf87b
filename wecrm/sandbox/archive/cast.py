"""Who may be heard: members with a seat, customers who did not object, groups, robots; as they are at a moment."""

from functools import lru_cache
from random import Random
from typing import Any, Final

import msgspec

from wecrm.sandbox.archive import seats
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.world import World

PAIRS: Final = 3_000
GROUPS: Final = 40
ROOMS: Final = 8  # internal groups
ROBOTS: Final = 3
CROWD: Final = 1_400  # people of the largest group, whose list of receivers has about 50 kB


class Group(msgspec.Struct, frozen=True, array_like=True):
    """A group with its members (userids) and customers (external_userids)."""

    roomid: str
    members: tuple[str, ...]
    customers: tuple[str, ...]


class Cast(msgspec.Struct, frozen=True, array_like=True):
    """Everybody whose words reach the archive."""

    members: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]  # userid, external_userid
    objectors: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    rooms: tuple[Group, ...]
    robots: tuple[str, ...]
    same_ids: bool = False  # a file that is sent again on the same day keeps its sdkfileid
    md5: str = "right"  # or empty, or wrong

    @property
    def silent(self) -> bool:
        """Whether nobody is there whose words would be archived."""
        return not self.members


def gathered(world: World) -> Cast:
    """The cast as the world is now; drawn from the seed where it is larger than needed."""
    members = seats.permitted(world)
    rng = Random(world.digest("cast"))
    with world.db.lock:
        ids = dict(world.db.connection.execute("SELECT userid, id FROM member WHERE left_at IS NULL").fetchall())
        agreed, objectors = _pairs(world, rng, {ids[userid]: userid for userid in members})
        groups = _groups(world, rng, frozenset(members))
    return Cast(
        tuple(members), agreed, objectors, groups, rooms(world),
        tuple(wire_id("wb", world.seed, "robot", n) for n in range(1, ROBOTS + 1)), *switched(world),
    )  # fmt: skip


def switched(world: World) -> tuple[bool, str]:
    """How media are told of now: `same_ids` and `md5`."""
    return world.switch("archive_file_ids") == "same", str(world.switch("archive_md5"))


def _pairs(world: World, rng: Random, seated: dict[int, str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    last = world.db.connection.execute("SELECT max(id) FROM contact").fetchone()[0] or 0
    wanted = sorted(rng.sample(range(1, last + 1), min(PAIRS, last)))
    rows = world.db.connection.execute(
        "SELECT r.member, r.contact, c.external_userid FROM relation r JOIN contact c ON c.id = r.contact"
        " WHERE r.contact IN (SELECT value FROM json_each(?)) AND NOT r.one_way ORDER BY r.contact, r.member",
        (msgspec.json.encode(wanted).decode(),),
    ).fetchall()
    found: dict[str, list[tuple[str, str]]] = {"Agree": [], "Disagree": []}
    for member, contact, external in rows:
        if member in seated:
            objects = seats.agreed(world, member, contact)[0] == "Disagree"
            found["Disagree" if objects else "Agree"].append((seated[member], external))
    rng.shuffle(found["Agree"])
    return tuple(found["Agree"]), tuple(found["Disagree"])


def _groups(world: World, rng: Random, seated: frozenset[str]) -> tuple[Group, ...]:
    rows = world.db.connection.execute("SELECT chat_id, members FROM chat ORDER BY id LIMIT 400").fetchall()
    found: list[Group] = []
    for chat_id, members in rows:
        people: list[dict[str, Any]] = msgspec.json.decode(members)
        staff = tuple(each["userid"] for each in people if each["type"] == 1)
        if not seated.isdisjoint(staff):
            found.append(Group(chat_id, staff, tuple(each["userid"] for each in people if each["type"] == 2)))
    return tuple(rng.sample(found, min(GROUPS, len(found))))


def rooms(world: World) -> tuple[Group, ...]:
    """The groups that only members are in; who has left is in none."""
    with world.db.lock:
        rows = world.db.connection.execute("SELECT userid, left_at FROM member ORDER BY id").fetchall()
    found = []
    for n in range(1, ROOMS + 1):
        rng = Random(world.digest("internal group", n))
        chosen = rng.sample(rows, min(len(rows), rng.randrange(3, 30)))
        people = tuple(userid for userid, left_at in chosen if left_at is None)
        found.append(Group(wire_id("wr", world.seed, "internal group", n), people, ()))
    return tuple(found)


@lru_cache(maxsize=2)
def crowd(seed: int) -> Group:
    """The largest group: its people are nobody's customers."""
    people = tuple(wire_id("wm", seed, "crowd", n) for n in range(1, CROWD + 1))
    return Group(wire_id("wr", seed, "crowded group", 1), (), people)


def invented(seed: int, members: int = 50, customers: int = 2_000) -> Cast:
    """A cast without a world, for archives of any size that belong to nobody."""
    rng = Random(seed)
    userids = tuple(f"member.{n}" for n in range(1, members + 1))
    outside = tuple(wire_id("wm", seed, "invented customer", n) for n in range(1, customers + 1))
    groups = tuple(
        Group(wire_id("wr", seed, "invented group", n), tuple(rng.sample(userids, 2)), tuple(rng.sample(outside, 20)))
        for n in range(1, GROUPS + 1)
    )
    inside = tuple(
        Group(wire_id("wr", seed, "invented room", n), tuple(rng.sample(userids, min(8, members))), ())
        for n in range(1, ROOMS + 1)
    )
    pairs = tuple((rng.choice(userids), external) for external in outside)
    robots = tuple(wire_id("wb", seed, "robot", n) for n in range(1, ROBOTS + 1))
    return Cast(userids, pairs[9:], pairs[:9], groups, inside, robots)
