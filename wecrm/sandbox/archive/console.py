"""What people do about the archive: they write to each other, and an admin changes keys, seats and consent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from wecrm.sandbox.archive import exchanges, keys, records, seats
from wecrm.sandbox.archive.cast import rooms
from wecrm.sandbox.archive.talks import Stream
from wecrm.sandbox.settings import JSON
from wecrm.sandbox.state import events
from wecrm.sandbox.world import World

STATES: Final = ("on", "off", "expired")
ANSWERS: Final = {"agree": "Agree", "disagree": "Disagree"}
OVERRIDES: Final = ("msgid", "publickey_ver", "encrypt_random_key", "encrypt_chat_msg")


@dataclass(frozen=True, slots=True)
class Archived:
    """One message that was archived."""

    seq: int
    at: float  # when it arrived
    msgid: str
    plain: str  # what it opens to; bytes that are not UTF-8 are replaced


def archive_messages(world: World, count: int, *, days: float = 4.0) -> int:
    """Let people have written so many messages, spread over the last days; how many were archived.

    Args:
        world: where.
        count: any number; a million takes no room.
        days: more than 5 makes messages that are not kept any more.

    Raises:
        ValueError: no messages or no time.
    """
    if count < 1 or days <= 0:
        raise ValueError("count and days are more than 0")
    with world.writing() as db:
        records.catch_up(world)
        now = world.now()
        stream = Stream.of_count(0, now - 86_400 * days, now, count)
        row = db.execute(
            "INSERT INTO archive_stream (begins, ends, rate, said) VALUES (?, ?, ?, ?) RETURNING n",
            (stream.begins, stream.ends, stream.rate, count),
        ).fetchone()
        return records.add_span(world, row[0], 0, count, now)


def archive_say(
    world: World,
    sender: str,
    to: str,
    text: str = "",
    *,
    message: Mapping[str, JSON] | None = None,
    msgtime: int | None = None,
    recalls: str = "",
) -> int:
    """Somebody writes to somebody, or into a group, now; the seq.

    Args:
        world: where.
        sender: a userid, or a customer's or robot's id; it need not exist.
        to: the same, or the id of a group.
        text: what they write.
        message: the content of another type and its msgtype, or any field of the message that shall differ.
        msgtime: milliseconds; the world's time unless given.
        recalls: msgid of the message that they take back, instead of writing something.

    Raises:
        ValueError: nothing is archived now.
    """
    with world.writing():
        now = world.now()
        inside = to.startswith("wr")
        people = _people(world, to) if inside else (sender, to)
        outside = any(who.startswith(("wm", "wo")) for who in (sender, *people))
        said: dict[str, Any] = {
            "msgid": f"{world.new_number() + 10**18}_{int(now)}{'_external' if outside else ''}",
            "action": "recall" if recalls else "send",
            "from": sender,
            "tolist": [who for who in people if who != sender],
            "roomid": to if inside else "",
            "msgtime": int(now * 1000) if msgtime is None else msgtime,
            "msgtype": "revoke" if recalls else "text",
            **({"revoke": {"pre_msgid": recalls}} if recalls else {"text": {"content": text}}),
        }
        if message is not None:
            del said["text" if not recalls else "revoke"]
            said |= message
        return records.add_one(world, msgspec.json.encode(said), now, {"msgid": said["msgid"]})


def archive_record(world: World, plain: str, *, at: float | None = None, **sealed: str | int) -> int:
    """Archive a record whose opened text is anything; the seq.

    Args:
        world: where.
        plain: what it opens to; UTF-8, with `surrogateescape` for bytes that are not.
        at: when it arrived, unix seconds; now unless given.
        sealed: msgid, publickey_ver, encrypt_random_key or encrypt_chat_msg, where the record shall say something
            else. An encrypt_chat_msg that begins with "!crash" ends the library's process.

    Raises:
        ValueError: nothing is archived now, or no such field.
    """
    unknown = sealed.keys() - OVERRIDES
    if unknown:
        raise ValueError(f"a record has {', '.join(OVERRIDES)}, not {', '.join(sorted(unknown))}")
    with world.writing():
        now = world.now() if at is None else at
        told = {"msgid": f"{world.new_number() + 10**18}_{int(now)}", **sealed}
        return records.add_one(world, plain.encode("utf-8", "surrogateescape"), now, told)


def archive_msgid(world: World, seq: int) -> str:
    """The msgid of the record of that seq; ValueError if there is none."""
    found = next(records.of(world).truth(seq - 1), None)
    if found is None or found[0] != seq:
        raise ValueError(f"no record {seq}")
    return found[2].msgid


def archive_truth(world: World) -> Iterator[Archived]:
    """Every message that was ever archived, by seq; also those that are no longer kept."""
    records.catch_up(world)
    for seq, at, said in records.of(world).truth():
        yield Archived(seq, at, said.msgid, said.plain.decode("utf-8", "replace"))


def archive_rotate_key(world: World) -> int:
    """Upload a new public key (also after it was removed); its version. Old messages keep theirs."""
    with world.writing():
        records.catch_up(world)
        return keys.rotate(world)


def archive_withhold_key(world: World, version: int, *, withheld: bool = True) -> None:
    """The admin loses the private key of a version, or finds it again."""
    keys.withhold(world, version, withheld)


def archive_remove_key(world: World) -> None:
    """Take the public key out of the console: nothing more is archived, and nobody says so."""
    with world.writing():
        records.catch_up(world)
        keys.remove(world)


def archive_drop_seats(world: World, userids: Sequence[str] | None = None) -> None:
    """These members lose their seat (over quota, out of range); all of them unless told."""
    with world.writing():
        records.catch_up(world)
        if userids is None:
            world.store(seats.DROPPED, True)
        else:
            _known(world, userids)
            world.store(seats.DROPPED, sorted({*_dropped(world), *userids}))
        records.recast(world)


def archive_restore_seats(world: World, userids: Sequence[str] | None = None) -> None:
    """These members get their seat back; all of them unless told."""
    with world.writing():
        records.catch_up(world)
        kept = set() if userids is None else {*_dropped(world)} - set(userids)
        world.store(seats.DROPPED, sorted(kept))
        records.recast(world)


def archive_state(world: World, state: str) -> None:
    """Switch the archive off (301053), let it expire (301052), or on again; what is said meanwhile is lost."""
    if state not in STATES:
        raise ValueError(f"state is one of {', '.join(STATES)}")
    with world.writing():
        records.catch_up(world)
        world.store(records.STATE, state)


def archive_trust(world: World, ips: Sequence[str] | None) -> None:
    """Set the archive's own list of trusted IPs; others get 301042. None = everybody is trusted."""
    world.store(records.TRUSTED, None if ips is None else list(ips))


def archive_consent(world: World, userid: str, external_userid: str, answer: str) -> None:
    """A customer agrees to being archived with a member, or objects; the archive says so, and an event.

    Args:
        world: where.
        userid: the member.
        external_userid: one of their customers.
        answer: agree or disagree. After an objection nothing more of the two is archived.
    """
    if answer not in ANSWERS:
        raise ValueError(f"answer is one of {', '.join(ANSWERS)}")
    with world.writing() as db:
        records.catch_up(world)
        row = db.execute(
            "SELECT r.member, r.contact FROM relation r JOIN member m ON m.id = r.member"
            " JOIN contact c ON c.id = r.contact WHERE m.userid = ? AND m.left_at IS NULL AND c.external_userid = ?",
            (userid, external_userid),
        ).fetchone()
        if row is None:
            raise ValueError(f"{userid} does not know {external_userid}")
        now = world.now()
        db.execute("INSERT OR REPLACE INTO archive_consent VALUES (?, ?, ?, ?)", (*row, ANSWERS[answer], now))
        records.recast(world)
        if records.open_(world):
            msgid = f"{world.new_number() + 10**18}_{int(now)}_external"
            said = exchanges.consent_message((userid, external_userid), answer, now, msgid)
            records.add_one(world, said.plain, now, {"msgid": msgid})
        if answer == "agree":
            events.customer(world, now, "msg_audit_approved", userid, external_userid)


def archive_first_seq(world: World, seq: int) -> None:
    """Let the next record have at least this seq, up to 2^64 - 1."""
    if not 0 < seq <= records.LARGEST_SEQ:
        raise ValueError("seq is from 1 to 2^64 - 1")
    with world.writing():
        records.catch_up(world)
        world.store(records.FIRST_SEQ, seq)


def _people(world: World, roomid: str) -> tuple[str, ...]:
    """Who is in a group; nobody where it is unknown."""
    row = world.db.connection.execute("SELECT members FROM chat WHERE chat_id = ?", (roomid,)).fetchone()
    if row is not None:
        return tuple(each["userid"] for each in msgspec.json.decode(row[0]))
    return next((room.members for room in rooms(world) if room.roomid == roomid), ())


def _known(world: World, userids: Sequence[str]) -> None:
    rows = world.db.connection.execute("SELECT userid FROM member WHERE left_at IS NULL").fetchall()
    unknown = set(userids) - {userid for (userid,) in rows}
    if unknown:
        raise ValueError(f"no member {', '.join(sorted(unknown))}")


def _dropped(world: World) -> Sequence[str]:
    """Who has no seat any more, by name also where it was all."""
    gone = world.setting(seats.DROPPED)
    if gone is True:
        return [row[0] for row in world.db.connection.execute("SELECT userid FROM member WHERE left_at IS NULL")]
    return cast(Sequence[str], gone or ())
