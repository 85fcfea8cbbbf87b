"""Who gets whom: nobody twice, nobody silently, never beyond the room, and the same again for the same seed."""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.models.sharing import STRATEGIES, Customer, Group, Strategy, Taker
from wecrm.operations.sharing import Shared, share, share_groups

PEOPLE = ("an", "bo", "chen", "ding", "er")
UNORDERED: tuple[Strategy, ...] = tuple(name for name in STRATEGIES if name != "cap")

departments = st.frozensets(st.integers(1, 3), max_size=2)
allowed = st.none() | st.frozensets(st.sampled_from((*PEOPLE, "gone")), max_size=3)
customers = st.lists(
    st.builds(
        Customer,
        st.integers(1, 25).map("wm{}".format),
        st.sampled_from(("an", "xu", "yi")),
        departments,
        st.sampled_from(("", "", "Acme", "acme ", "Bravo")),
        st.frozensets(st.integers(1, 6).map("wr{}".format), max_size=2),
        allowed,
    ),
    unique_by=lambda one: one.key,
    max_size=40,
)
takers = st.lists(
    st.builds(Taker, st.sampled_from(PEOPLE), st.integers(0, 30), st.none() | st.integers(0, 12), departments),
    unique_by=lambda one: one.userid,
    max_size=5,
)


def homes(shared: Shared) -> dict[tuple[str, str], str]:
    return {one.key: userid for one, userid in shared.given}


@given(customers, takers, st.sampled_from(STRATEGIES), st.integers(0, 3))
def test_everybody_is_given_once_or_left_with_a_reason(
    customers: list[Customer], takers: list[Taker], strategy: Strategy, seed: int
) -> None:
    shared = share(customers, takers, strategy, seed)
    keys = [one.key for one, _userid in shared.given] + [one.key for one, _why in shared.left]
    assert Counter(keys) == Counter(one.key for one in customers)
    by_name = {taker.userid: taker for taker in takers}
    for one, userid in shared.given:
        assert userid in by_name
        assert userid != one.handover
        assert one.takers is None or userid in one.takers
        assert strategy != "department" or one.departments & by_name[userid].departments


@given(customers, takers, st.sampled_from(STRATEGIES), st.integers(0, 3))
def test_nobody_gets_more_than_there_is_room(
    customers: list[Customer], takers: list[Taker], strategy: Strategy, seed: int
) -> None:
    got: dict[str, set[str]] = defaultdict(set)
    shared = share(customers, takers, strategy, seed)
    for one, userid in shared.given:
        got[userid].add(one.external_userid)
    for taker in takers:
        assert taker.room is None or len(got[taker.userid]) <= taker.room


@given(customers, takers, st.sampled_from(("one", "load", "cap", "round-robin", "rules")))
def test_nobody_is_left_as_full_while_somebody_has_room(
    customers: list[Customer], takers: list[Taker], strategy: Strategy
) -> None:
    shared = share(customers, takers, strategy, 0)
    got: dict[str, set[str]] = defaultdict(set)
    for one, userid in shared.given:
        got[userid].add(one.external_userid)
    roomy = {t.userid for t in takers if t.room is None or len(got[t.userid]) < t.room}
    for one, why in shared.left:
        open_to = {
            t.userid for t in takers if t.userid != one.handover and (one.takers is None or t.userid in one.takers)
        }
        assert (why == "full") is bool(open_to)
        assert not open_to & roomy


@given(st.data(), customers, takers, st.integers(0, 3))
def test_the_same_seed_shares_the_same_whatever_the_order_of_the_input(
    data: st.DataObject, customers: list[Customer], takers: list[Taker], seed: int
) -> None:
    shuffled = data.draw(st.permutations(customers))
    others = data.draw(st.permutations(takers))
    for strategy in UNORDERED:
        first, second = share(customers, takers, strategy, seed), share(shuffled, others, strategy, seed)
        assert homes(first) == homes(second)
        assert {(one.key, why) for one, why in first.left} == {(one.key, why) for one, why in second.left}
    assert homes(share(customers, takers, "cap", seed)) == homes(share(shuffled, takers, "cap", seed))


@given(customers, takers, st.integers(0, 3))
def test_who_belongs_together_stays_together(customers: list[Customer], takers: list[Taker], seed: int) -> None:
    free = [replace(one, takers=None, handover="xu") for one in customers]
    unique = list({one.key: one for one in free}.values())
    found: dict[tuple[str, str], str] = homes(share(unique, takers, "keep-together", seed))
    for one in unique:
        for other in unique:
            same = one.company.strip().lower() == other.company.strip().lower() != ""
            if same or one.chats & other.chats:
                assert found.get(one.key) == found.get(other.key)


def test_another_seed_shares_differently() -> None:
    many = [Customer(f"wm{n}", "xu") for n in range(60)]
    two = [Taker("an"), Taker("bo")]
    results = {tuple(sorted(homes(share(many, two, "round-robin", seed)).items())) for seed in range(4)}
    assert len(results) == 4


def test_by_load_those_with_few_customers_catch_up_first() -> None:
    many = [Customer(f"wm{n}", "xu") for n in range(40)]
    shared = share(many, [Taker("an", 100), Taker("bo", 90), Taker("chen", 300)], "load", 1)
    assert Counter(userid for _one, userid in shared.given) == {"an": 15, "bo": 25}


def test_in_turn_everybody_gets_as_many() -> None:
    many = [Customer(f"wm{n}", "xu") for n in range(30)]
    shared = share(many, [Taker("an", 100), Taker("bo"), Taker("chen", 5, 4)], "round-robin", 1)
    assert Counter(userid for _one, userid in shared.given) == {"an": 13, "bo": 13, "chen": 4}


def test_by_cap_takers_are_filled_in_the_order_in_which_they_are_named() -> None:
    many = [Customer(f"wm{n}", "xu") for n in range(30)]
    shared = share(many, [Taker("bo", 0, 12), Taker("an", 0, 10)], "cap", 1)
    assert Counter(userid for _one, userid in shared.given) == {"bo": 12, "an": 10}
    assert [why for _one, why in shared.left] == ["full"] * 8
    few = share(many[:12], [Taker("bo", 0, 12), Taker("an", 0, 10)], "cap", 1)
    assert {userid for _one, userid in few.given} == {"bo"}


def test_a_customer_of_two_members_goes_to_one_taker_and_takes_room_once() -> None:
    twice = [Customer(f"wm{n}", userid) for n in range(10) for userid in ("xu", "yi")]
    shared = share(twice, [Taker("an", 0, 5), Taker("bo", 0, 5)], "round-robin", 1)
    assert len(shared.given) == 20
    assert all(len({userid for one, userid in shared.given if one.external_userid == f"wm{n}"}) == 1 for n in range(10))


@pytest.mark.parametrize(
    ("customer", "strategy", "why"),
    [
        (Customer("wm1", "an", takers=frozenset({"an"})), "rules", "self"),
        (Customer("wm1", "xu", takers=frozenset()), "rules", "rule"),
        (Customer("wm1", "xu", takers=frozenset({"gone"})), "rules", "unusable"),
        (Customer("wm1", "xu", frozenset({9})), "department", "department"),
    ],
)
def test_who_fits_nobody_is_left_with_the_reason(customer: Customer, strategy: Strategy, why: str) -> None:
    shared = share([customer], [Taker("an", departments=frozenset({1})), Taker("bo")], strategy, 0)
    assert [reason for _one, reason in shared.left] == [why]


def test_those_who_belong_together_and_fit_nowhere_are_left_together() -> None:
    chat = [Customer(f"wm{n}", "xu", chats=frozenset({"wr1"})) for n in range(5)]
    shared = share([*chat, Customer("wm9", "xu")], [Taker("an", 0, 4), Taker("bo", 0, 4)], "keep-together", 0)
    assert [(one.external_userid, why) for one, why in shared.left] == [
        (one.external_userid, "together") for one in chat
    ]
    assert len(shared.given) == 1


@pytest.mark.parametrize(("most", "few"), [("an", "bo"), ("bo", "an")])
def test_a_group_follows_most_of_its_customers_and_the_others_are_spread(most: str, few: str) -> None:
    taken = {"wm1": few, "wm2": most, "wm3": most}
    groups = [Group("wr1", "xu", customers=frozenset({"wm1", "wm2", "wm3", "wm9"}))]
    groups += [Group(f"wr{n}", "xu") for n in range(2, 7)]
    placed, left = share_groups(groups, taken, [Taker("an"), Taker("bo")], "load", 0)
    owners = {group.chat_id: userid for group, userid in placed}
    assert not left
    assert owners["wr1"] == most
    assert set(Counter(owners.values()).values()) <= {2, 3, 4}
