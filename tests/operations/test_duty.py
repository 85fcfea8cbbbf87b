"""Who is on, as a pure question: shifts, caps, leaves, and what happens when nobody is left."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.models.codebook import CodeEntry, Shift
from wecrm.operations import duty, shifts
from wecrm.store.directory import KnownMember

BEIJING = ZoneInfo("Asia/Shanghai")
MONDAY_10 = datetime(2026, 11, 23, 10, 0, tzinfo=BEIJING)
NAMES = ("ann", "bob", "cat", "dan")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def facts(
    when: datetime = MONDAY_10,
    *,
    counts: dict[str, int] | None = None,
    leaves: dict[str, date] | None = None,
    **members: KnownMember | None,
) -> duty.Facts:
    """Everybody usable, unless `members` says otherwise (None: not in the cache)."""
    known = {name: KnownMember(name, name.title(), 1, True, True, False) for name in NAMES} | members
    counted = {("fair", name): n for name, n in (counts or {}).items()}
    return duty.Facts(when, {name: one for name, one in known.items() if one}, counted, leaves or {})


def member(userid: str, *, status: int = 1, follows: bool = True, in_view: bool = True, gone: bool = False):
    return KnownMember(userid, "", status, follows, in_view, gone)


def entry(**fields: object) -> CodeEntry:
    return CodeEntry("fair", channel="fair", **{"members": ("ann", "bob"), **fields})


def reasons(found: duty.Duty) -> dict[str, str]:
    return {one.userid: one.reason for one in found.standings}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, "unknown"),
        (member("ann", status=2), "disabled"),
        (member("ann", status=4), "not_activated"),
        (member("ann", status=5), "gone"),
        (member("ann", follows=False), "no_contact"),
        (member("ann", follows=False, in_view=False), "out_of_view"),
        (member("ann", follows=False, gone=True), "gone"),
    ],
)
def test_who_cannot_be_used_is_off_and_told_why(known: KnownMember | None, reason: str) -> None:
    found = duty.decide(entry(cap=5), ("ann", "bob"), facts(ann=known))
    assert (found.on, found.source) == (("bob",), "roster")
    assert reasons(found)["ann"] == reason
    assert found.standings[0].why


def test_at_the_cap_somebody_is_off_and_below_it_on() -> None:
    found = duty.decide(entry(cap=5, caps={"BOB": 7}), (), facts(counts={"ann": 5, "bob": 6}))
    assert found.on == ("bob",)
    assert [(one.reason, one.today, one.cap) for one in found.standings] == [("over_cap", 5, 5), ("always", 6, 7)]
    assert "5 of 5" in found.standings[0].why


def test_a_cap_of_nothing_is_no_cap() -> None:
    assert duty.decide(entry(cap=0, caps={"ann": 0}), (), facts(counts={"ann": 99})).on == ("ann", "bob")


def test_customers_of_another_channel_do_not_count() -> None:
    known = facts()
    counted = duty.Facts(known.at, known.members, {("other", "ann"): 9}, {})
    assert duty.decide(entry(cap=5), (), counted).on == ("ann", "bob")


def test_off_shift_says_when_the_next_one_begins() -> None:
    described = entry(shifts=(Shift("mon-fri", "12:00-18:00", ("Ann",)), Shift("mon-fri", "08:00-12:00", ("bob",))))
    found = duty.decide(described, (), facts())
    assert found.on == ("bob",)
    assert reasons(found) == {"ann": "off_shift", "bob": "on_shift"}
    assert found.standings[0].next_shift == at("2026-11-23T12:00")
    assert "11-23 12:00" in found.standings[0].why


def test_who_stands_in_no_shift_is_always_on_and_a_shift_without_names_is_everybodys() -> None:
    assert duty.decide(entry(shifts=(Shift("sun", members=("ann",)),)), (), facts()).on == ("bob",)
    assert duty.decide(entry(shifts=(Shift("mon"),)), (), facts()).on == ("ann", "bob")


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ("2026-11-27T21:59", False),  # Friday
        ("2026-11-27T22:00", True),
        ("2026-11-28T05:59", True),  # the night of Friday
        ("2026-11-28T06:00", False),
        ("2026-11-28T22:00", False),  # Saturday has none
        ("2026-11-29T02:00", False),
        ("2026-11-23T02:00", False),  # Monday morning belongs to Sunday
    ],
)
def test_a_shift_over_midnight_belongs_to_the_day_it_begins_on(when: str, on: bool) -> None:
    assert shifts.covered([Shift("mon-fri", "22:00-06:00")], at(when)) is on


@pytest.mark.parametrize(
    ("shift", "begins"),
    [
        (Shift("mon", "09:00-10:00"), "2026-11-30T09:00"),
        (Shift("tue,mon", "10:01-12:00"), "2026-11-23T10:01"),
        (Shift("sun", "00:00-24:00"), "2026-11-29T00:00"),
    ],
)
def test_the_next_shift_is_found_up_to_a_week_ahead(shift: Shift, begins: str) -> None:
    assert shifts.following([shift], MONDAY_10) == at(begins)


def test_leave_ends_with_its_last_day() -> None:
    away = facts(leaves={"ann": date(2026, 11, 24)})
    found = duty.decide(entry(cap=5), (), away)
    assert found.on == ("bob",)
    assert "2026-11-24" in found.standings[0].why


def test_the_fallback_takes_over_when_nobody_of_the_roster_can_be_on_and_has_no_cap() -> None:
    described = entry(cap=1, fallback=("cat", "dan"))
    assert duty.decide(described, (), facts()).on == ("ann", "bob")
    found = duty.decide(described, ("ann",), facts(counts={"ann": 1, "bob": 1, "cat": 50}, dan=member("dan", status=2)))
    assert (found.on, found.source) == (("cat",), "fallback")
    assert reasons(found) == {"ann": "over_cap", "bob": "over_cap", "cat": "fallback", "dan": "disabled"}


def test_after_its_last_day_a_campaign_has_only_its_fallback() -> None:
    described = entry(until="2026-11-23", fallback=("cat",))
    assert duty.decide(described, (), facts()).on == ("ann", "bob")
    found = duty.decide(described, ("ann", "bob"), facts(at("2026-11-24T00:00")))
    assert (found.on, found.source) == (("cat",), "fallback")
    assert reasons(found)["ann"] == "campaign_over"


def test_without_a_fallback_those_who_are_on_stay_if_they_can_be_used() -> None:
    found = duty.decide(entry(cap=1), ("BOB",), facts(counts={"ann": 1, "bob": 1}))
    assert (found.on, found.source, reasons(found)["bob"]) == (("bob",), "kept", "kept")
    assert "1 of 1" in found.standings[1].why


def test_rather_somebody_off_shift_than_somebody_who_left() -> None:
    night = Shift("mon-sun", "20:00-21:00", ("bob",))
    found = duty.decide(entry(shifts=(night,)), ("ann",), facts(ann=member("ann", follows=False, gone=True)))
    assert (found.on, found.source) == (("bob",), "kept")


def test_rather_somebody_on_leave_than_nobody_at_all() -> None:
    away = {"ann": date(2026, 11, 30)}
    found = duty.decide(entry(cap=5, fallback=("cat",)), ("cat",), facts(leaves=away, bob=None, cat=None))
    assert (found.on, found.source) == (("ann",), "kept")


def test_when_nobody_can_be_used_nobody_is_named() -> None:
    found = duty.decide(entry(cap=5), ("ann",), facts(ann=None, bob=member("bob", status=4)))
    assert (found.on, found.source) == ((), "nobody")


def test_userids_are_written_as_the_directory_writes_them() -> None:
    known = facts(ann=KnownMember("Ann", "Ann", 1, True, True, False))
    assert duty.decide(entry(members=("ANN",)), (), known).on == ("Ann",)


_people = st.lists(st.sampled_from(NAMES), unique=True, max_size=4).map(tuple)
_shift = st.builds(
    Shift,
    st.sampled_from(["mon", "mon-fri", "sat,sun", "mon-sun"]),
    st.sampled_from(["00:00-24:00", "09:00-18:00", "22:00-06:00"]),
    _people,
)


@given(
    described=st.builds(
        CodeEntry,
        st.just("fair"),
        channel=st.just("fair"),
        members=_people,
        cap=st.integers(0, 3),
        shifts=st.lists(_shift, max_size=2).map(tuple),
        fallback=_people,
        until=st.sampled_from(["", "2026-11-20", "2026-11-30"]),
    ),
    now=_people,
    counts=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5)),
    away=_people,
    unusable=_people,
    when=st.datetimes(datetime(2026, 11, 16), datetime(2026, 12, 7)),
)
def test_a_code_with_somebody_who_can_be_used_is_never_empty_and_names_only_such_people(
    described: CodeEntry,
    now: tuple[str, ...],
    counts: dict[str, int],
    away: tuple[str, ...],
    unusable: tuple[str, ...],
    when: datetime,
) -> None:
    leaves = dict.fromkeys(away, date(2026, 12, 31))
    known = facts(when.replace(tzinfo=BEIJING), counts=counts, leaves=leaves, **dict.fromkeys(unusable))
    found = duty.decide(described, now, known)
    usable = set(duty.everybody(described)) - set(unusable)
    assert bool(found.on) is bool(usable)
    assert set(found.on) <= usable
    assert duty.decide(described, found.on, known).on == found.on
    if found.source == "roster":
        assert all(counts.get(name, 0) < described.cap for name in found.on if described.cap)
        assert not set(found.on) & set(away)
