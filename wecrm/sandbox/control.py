"""What a person does to a world from outside: its time, faults, limits, and the admin console.

The same names work over HTTP: POST /_sandbox/<name> with the arguments as JSON.
"""

from collections.abc import Iterator

from wecrm.sandbox import faults
from wecrm.sandbox.archive.console import Archived as Archived
from wecrm.sandbox.archive.console import archive_consent as archive_consent
from wecrm.sandbox.archive.console import archive_drop_seats as archive_drop_seats
from wecrm.sandbox.archive.console import archive_first_seq as archive_first_seq
from wecrm.sandbox.archive.console import archive_messages as archive_messages
from wecrm.sandbox.archive.console import archive_msgid as archive_msgid
from wecrm.sandbox.archive.console import archive_record as archive_record
from wecrm.sandbox.archive.console import archive_remove_key as archive_remove_key
from wecrm.sandbox.archive.console import archive_restore_seats as archive_restore_seats
from wecrm.sandbox.archive.console import archive_rotate_key as archive_rotate_key
from wecrm.sandbox.archive.console import archive_say as archive_say
from wecrm.sandbox.archive.console import archive_state as archive_state
from wecrm.sandbox.archive.console import archive_trust as archive_trust
from wecrm.sandbox.archive.console import archive_truth as archive_truth
from wecrm.sandbox.archive.console import archive_withhold_key as archive_withhold_key
from wecrm.sandbox.calls import PAGE, Call, read_calls
from wecrm.sandbox.console import Relation as Relation
from wecrm.sandbox.console import add_relation as add_relation
from wecrm.sandbox.console import change_secret as change_secret
from wecrm.sandbox.console import delete_relation as delete_relation
from wecrm.sandbox.console import disable_secret as disable_secret
from wecrm.sandbox.console import edit_tags as edit_tags
from wecrm.sandbox.console import end_tokens as end_tokens
from wecrm.sandbox.console import set_customer_contact as set_customer_contact
from wecrm.sandbox.console import set_remark as set_remark
from wecrm.sandbox.console import set_trusted_ips as set_trusted_ips
from wecrm.sandbox.console import set_visible_range as set_visible_range
from wecrm.sandbox.console import truth as truth
from wecrm.sandbox.outcomes import Event as Event
from wecrm.sandbox.outcomes import GroupMove as GroupMove
from wecrm.sandbox.outcomes import Notice as Notice
from wecrm.sandbox.outcomes import Transfer as Transfer
from wecrm.sandbox.outcomes import customer_refuses as customer_refuses
from wecrm.sandbox.outcomes import events as events
from wecrm.sandbox.outcomes import group_moves as group_moves
from wecrm.sandbox.outcomes import notices as notices
from wecrm.sandbox.outcomes import refusal_share as refusal_share
from wecrm.sandbox.outcomes import transfers as transfers
from wecrm.sandbox.scans import Arrival as Arrival
from wecrm.sandbox.scans import CodeTruth as CodeTruth
from wecrm.sandbox.scans import came as came
from wecrm.sandbox.scans import code_truth as code_truth
from wecrm.sandbox.scans import customer_writes as customer_writes
from wecrm.sandbox.scans import scan as scan
from wecrm.sandbox.settings import JSON, LIMITS, SWITCHES
from wecrm.sandbox.staff import delete_member as delete_member
from wecrm.sandbox.staff import restore_member as restore_member
from wecrm.sandbox.staff import set_member as set_member
from wecrm.sandbox.world import World


def now(world: World) -> float:
    """The world's time."""
    return world.now()


def advance(world: World, seconds: float) -> float:
    """Let time pass; the new time."""
    return world.advance(seconds)


def add_fault(
    world: World,
    *,
    kind: str,
    path: str = "",
    times: int | None = None,
    share: float | None = None,
    seed: int = 1,
    when: str = "",
    seconds: float = 60.0,
    skip: int = 0,
) -> int:
    """Make calls go wrong; the fault's number.

    Args:
        world: where.
        kind: -1, 45009, 45033, 42001, 40014, http502, cut, garbage, wrong_type, slow, close or kill; others of the
            archive's library and of pictures: `faults.kinds_of`.
        path: how the paths end that it strikes, as in "mark_tag"; "" = every API; "wwpic" = pictures of QR codes.
        times: how many calls; 1 if neither `times` nor `share` is given.
        share: which part of the calls, 0 to 1, drawn from `seed`.
        seed: for `share`.
        when: before or after the effect. Unless told: errcodes, close and kill before, the others after.
        seconds: how long a slow answer takes.
        skip: so many calls of its path go well before it begins.
    """
    return faults.add(world, kind, path, times, share, seed, when, seconds, skip)


def clear_faults(world: World) -> None:
    """Let everything go right again."""
    faults.clear(world)


def calls(world: World, *, after: int = 0, path: str = "") -> Iterator[Call]:
    """The call log, oldest first: calls after number `after` whose path ends with `path`."""
    while True:
        with world.db.lock:
            page = read_calls(world.db.connection, after, path)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def set_switch(world: World, name: str, value: JSON) -> None:
    """Choose how an uncertain rule is read; `settings.SWITCHES` lists them with their meaning."""
    if name not in SWITCHES:
        raise ValueError(f"no switch {name!r}; there are {', '.join(sorted(SWITCHES))}")
    default, others, _ = SWITCHES[name]
    allowed = (default, *others)
    if isinstance(default, int) and not isinstance(default, bool) and default == 0:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{name} is a whole number")
    elif not any(value == one and type(value) is type(one) for one in allowed):
        raise ValueError(f"{name} is one of {', '.join(map(repr, allowed))}")
    world.store(f"switch.{name}", value)


def switches(world: World) -> dict[str, JSON]:
    """Every switch and where it stands."""
    world.refresh()
    return {name: world.switch(name) for name in SWITCHES}


def set_limits(world: World, **given: float | None) -> dict[str, float]:
    """Change limits and forget all running blocks; the limits as they are then, unscaled.

    Args:
        world: where.
        given: new values by the names of `settings.LIMITS`, which says what each bounds; None leaves one as it is.

    Raises:
        ValueError: there is no limit of that name.
    """
    if unknown := given.keys() - LIMITS.keys():
        raise ValueError(f"no limit {', '.join(sorted(unknown))}; there are {', '.join(LIMITS)}")
    with world.writing() as db:
        for name, value in given.items():
            if value is not None:
                world.store(f"limit.{name}", value)
        db.execute("DELETE FROM rate")
    stored = {name: world.setting(f"limit.{name}") for name in LIMITS}
    return {n: LIMITS[n] if not isinstance(v, int | float) else v for n, v in stored.items()}
