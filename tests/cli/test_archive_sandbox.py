"""`wecrm sandbox archive`: conversations in the sandbox, and what its admin does to the archive."""

import json
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.archive import keys, records, seats


def pair(wecrm: Any) -> tuple[str, str]:
    """A member with a seat and one of their customers."""
    with wecrm.world() as world:
        seated = set(seats.permitted(world))
        found = next(r for r in control.truth(world) if r.userid in seated)
        return found.userid, found.external_userid


def said(wecrm: Any) -> list[dict[str, Any]]:
    with wecrm.world() as world:
        return [m for _, m in records.truth(world)]


def test_many_messages_are_said_at_once(wecrm: Any) -> None:
    before = len(said(wecrm))
    result = wecrm("sandbox", "archive", "messages", "500", "--days", "1")
    assert (result.code, result.err.strip()) == (0, "500 messages were archived.")
    assert len(said(wecrm)) == before + 500


def test_somebody_says_something_and_takes_it_back(wecrm: Any) -> None:
    userid, customer = pair(wecrm)
    assert wecrm("sandbox", "archive", "say", customer, userid, "我要退款", "--recall").code == 0
    *_, told, taken = said(wecrm)
    assert told["text"] == {"content": "我要退款"}
    assert (taken["action"], taken["revoke"]) == ("recall", {"pre_msgid": told["msgid"]})


def test_keys_are_uploaded_lost_found_and_removed(wecrm: Any) -> None:
    assert "Version 2" in wecrm("sandbox", "archive", "key", "rotate").err
    assert wecrm("sandbox", "archive", "key", "withhold", "1").code == 0
    with wecrm.world() as world:
        assert set(keys.held_by_admin(world)) == {2}
    assert wecrm("sandbox", "archive", "key", "give", "1").code == 0
    assert wecrm("sandbox", "archive", "key", "remove").code == 0
    with wecrm.world() as world:
        assert set(keys.held_by_admin(world)) == {1, 2}
        assert keys.current(world) == 0
    refused = wecrm("sandbox", "archive", "say", "a", "b", "c")
    assert refused.code == 2
    assert "no public key" in refused.err


@pytest.mark.parametrize("words", [("turn",), ("rotate", "1"), ("withhold",), ("withhold", "9"), ("give", "0")])
def test_a_key_is_named_rightly(wecrm: Any, words: tuple[str, ...]) -> None:
    assert wecrm("sandbox", "archive", "key", *words).code == 2


def test_seats_are_dropped_and_restored(wecrm: Any) -> None:
    userid, _ = pair(wecrm)

    def there() -> list[str]:
        with wecrm.world() as world:
            return seats.permitted(world)

    assert wecrm("sandbox", "archive", "seats", "drop", userid).code == 0
    assert userid not in there()
    assert wecrm("sandbox", "archive", "seats", "drop").code == 0
    assert there() == []
    assert wecrm("sandbox", "archive", "seats", "restore", userid).code == 0
    assert there() == [userid]
    assert wecrm("sandbox", "archive", "seats", "drop", "nobody").code == 2
    assert wecrm("sandbox", "archive", "seats", "sell").code == 2


def test_a_customer_objects(wecrm: Any) -> None:
    userid, customer = pair(wecrm)
    assert wecrm("sandbox", "archive", "consent", userid, customer, "disagree").code == 0
    assert said(wecrm)[-1]["disagree"]["userid"] == customer
    assert wecrm("sandbox", "archive", "consent", userid, customer, "perhaps").code == 2


@pytest.mark.parametrize("state", ["off", "expired", "on"])
def test_the_service_has_three_states(wecrm: Any, state: str) -> None:
    assert wecrm("sandbox", "archive", state).code == 0
    with wecrm.world() as world:
        assert world.setting(records.STATE) == state


def test_the_archive_trusts_addresses_of_its_own(wecrm: Any) -> None:
    assert wecrm("sandbox", "archive", "trust", "203.0.113.7").code == 0
    with wecrm.world() as world:
        assert world.setting(records.TRUSTED) == ["203.0.113.7"]
    assert wecrm("sandbox", "archive", "trust", "all").code == 0
    with wecrm.world() as world:
        assert world.setting(records.TRUSTED) is None


def test_faults_of_the_library_are_listed(wecrm: Any) -> None:
    assert wecrm("sandbox", "fault", "10001", "--path", "getchatdata", "--times", "2").code == 0
    assert wecrm("sandbox", "fault", "10001").code == 2
    (fault,) = json.loads(wecrm("sandbox", "fault", "--list", "-f", "json").out)
    assert (fault["kind"], fault["path"], fault["times"]) == ("10001", "getchatdata", 2)
