"""Rules of WeCom that nobody could confirm, read in other ways than the sandbox does unless told."""

from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.settings import JSON, SWITCHES

Readings = dict[str, JSON]

EACH: dict[str, Readings] = {
    f"{name}={other}": {name: other} for name, (_default, others, _doc) in SWITCHES.items() for other in others
}
"""Every switch by itself in every other position."""

TOGETHER: Readings = {
    "result_lag": "late",
    "result_attempts": "newest_only",
    "tags_follow": False,
    "notes_follow": True,
    "unassigned_order": "oldest",
    "group_day_full": "call",
    "group_takes_s": 60,
    "no_failures": "absent",
    "in_flight": 40100,
    "full_takeover_time": "absent",
    "refused_leaver_lost": False,
    "not_follower": 84061,
    "last_cursor": "absent",
    "result_of_departed": False,
    "resigned_counts": True,
}
OTHERWISE: Readings = {
    "result_lag": "empty",
    "taker_full": "call",
    "in_flight_of": "customer",
    "departed_listed": False,
    "full_taker_returns": False,
    "group_day_counts": "owner",
    "unknown_userid": 40003,
    "outside_userid": 60111,
    "transfer_unknown_userid": 60111,
    "refused_counts": False,
    "group_too_often": 45009,
    "short_pages": True,
}


def read(home: Wecrm, readings: Readings) -> None:
    """Let the sandbox read these rules so."""
    with home.world() as world:
        for name, value in readings.items():
            control.set_switch(world, name, value)
