"""The single rows behind figures, and channels of some people alone, against what happened in the sandbox."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.reports.lives import Episode, Key, Life, periods
from tests.reports.test_customers import reached, under
from tests.reports.test_followers import OF_STRATEGY
from tests.reports.test_groups import chats

LINK = 16
FIGURES = ("added", "fresh", "active", "lost")


def inside(life: Life) -> tuple[str, set[str]]:
    """A department that has others below it, and who belongs there."""
    parents = dict(life.world("SELECT id, parentid FROM department"))
    departments = life.departments()
    top = next(id_ for id_ in sorted(set(parents.values()) - {0, 1}) if reached(parents, id_, departments))
    return str(top), {userid for userid, ids in departments.items() if any(under(parents, id_, top) for id_ in ids)}


def busiest(life: Life) -> str:
    return Counter(userid for userid, _external in life.account.open).most_common(1)[0][0]


def seconds(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp())


def keys(rows: list[dict[str, Any]]) -> list[Key]:
    return sorted((row["userid"], row["external_userid"]) for row in rows)


def test_relations_behind_the_figures_of_members(life: Life) -> None:
    last = {(one.userid, one.external): one for one in life.account.episodes}
    rows = life.report("followers", "--rows")
    assert keys(rows) == sorted(last)
    for row in rows:
        one = last[row["userid"], row["external_userid"]]
        assert (row["status"], seconds(row["began"])) == (one.status, one.began)
        assert (row["ended"] is None) is (one.ended is None)
        assert row["name"] == life.account.names[one.external]
    figures = {row["userid"]: row for row in life.report("followers")}
    for (userid, status), count in Counter((row["userid"], row["status"]) for row in rows).items():
        assert figures[userid][status] == count
    top, people = inside(life)
    mine = life.report("followers", "--rows", "--department", top)
    assert keys(mine) == sorted(key for key in last if key[0] in people)
    assert 0 < len(mine) < len(rows)
    assert {row["userid"] for row in life.report("followers", "--department", top)} == {key["userid"] for key in mine}


def test_customers_behind_the_figures_of_tags(life: Life) -> None:
    names = {id_: name for name, id_ in life.tags.items() if not name.startswith(OF_STRATEGY)}

    def carried(narrowed: set[str] | None = None) -> dict[Key, list[str]]:
        found = {
            key: sorted(
                names[tag]
                for tag in life.account.tags[key]
                if tag in names and names[tag] in (narrowed or names.values())
            )
            for key in life.account.open
        }
        return {key: tags for key, tags in found.items() if tags}

    rows = life.report("tags", "--rows")
    assert {(row["userid"], row["external_userid"]): row["tags"] for row in rows} == carried()
    counted = Counter(tag for row in rows for tag in row["tags"])
    assert {
        f"{row['group']}/{row['tag']}": row["customers"] for row in life.report("tags") if row["customers"]
    } == counted
    one, userid = "客户等级/VIP", busiest(life)
    mine = life.report("tags", "--rows", "--tag", one, "--member", userid)
    expected = {key: tags for key, tags in carried({one}).items() if key[0] == userid}
    assert {(row["userid"], row["external_userid"]): row["tags"] for row in mine} == expected
    (figure,) = life.report("tags", "--tag", one, "--member", userid)
    assert (figure["customers"], figure["members"]) == (len(mine), 1)
    assert len(mine) > 0


def test_customers_behind_tags_that_go_together(life: Life) -> None:
    names = {id_: name for name, id_ in life.tags.items()}
    expected = {
        key: sorted(names[tag] for tag in life.account.tags[key])
        for key in life.account.open
        if len(life.account.tags[key]) > 1
    }
    rows = life.report("tag-overlap", "--rows")
    assert {(row["userid"], row["external_userid"]): row["tags"] for row in rows} == expected
    for pair in life.report("tag-overlap")[:5]:
        both = {f"{pair['group']}/{pair['tag']}", f"{pair['other_group']}/{pair['other_tag']}"}
        assert sum(both <= {*row["tags"]} for row in rows) == pair["both"]
    mine = life.report("tag-overlap", "--rows", "--tag", "客户等级/VIP")
    assert keys(mine) == sorted(key for key, tags in expected.items() if "客户等级/VIP" in tags)
    assert 0 < len(mine) < len(rows)


def test_members_behind_customers_of_several(life: Life) -> None:
    holders: dict[str, set[str]] = defaultdict(set)
    for userid, external in life.account.open:
        holders[external].add(userid)
    shared = {external: userids for external, userids in holders.items() if len(userids) > 1}
    touches = life.account.first_touches()
    expected = {
        (userid, external): (
            life.account.open[userid, external].began,
            life.account.open[userid, external].way,
            external in touches and touches[external].userid == userid,
        )
        for external, userids in shared.items()
        for userid in userids
    }
    rows = life.report("shared-customers", "--rows")
    found = {
        (row["userid"], row["external_userid"]): (seconds(row["began"]), row["add_way"], row["first"]) for row in rows
    }
    assert found == expected
    assert len(rows) == len(expected) > 10
    userid = rows[0]["userid"]
    mine = life.report("shared-customers", "--rows", "--member", userid)
    assert keys(mine) == sorted((each, external) for external, us in shared.items() if userid in us for each in us)


def by_channel(life: Life, episodes: list[Episode]) -> dict[tuple[str, str], dict[str, Any]]:
    """(channel, kind) → what is to be counted of those who came so."""
    touches = life.account.first_touches()
    parts: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for one in episodes:
        parts[one.channel, "link" if one.way == LINK else "contact" if one.channel else "none"].append(one)
    return {
        key: {
            "added": len(part),
            "fresh": sum(touches[one.external] is one for one in part),
            "active": sum(one.status == "active" for one in part),
            "lost": sum(one.status == "lost" for one in part),
        }
        for key, part in parts.items()
    }


def narrowings(life: Life) -> list[tuple[tuple[str, ...], Callable[[Episode], bool]]]:
    """Options, and who is left."""
    top, people = inside(life)
    one = busiest(life)
    return [
        ((), lambda _one: True),
        (("--member", one), lambda each: each.userid == one),
        (("--department", top), lambda each: each.userid in people),
        (("--channel", "poster", "--channel", "counter"), lambda each: each.channel in ("poster", "counter")),
        (("--member", one, "--channel", "poster"), lambda each: each.userid == one and each.channel == "poster"),
    ]


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("period", range(2))
def test_channels_of_some_people_and_everyone_who_came(life: Life, n: int, period: int) -> None:
    words, chosen = narrowings(life)[n]
    asked, since, until = periods(life)[period]
    episodes = [
        one for one in life.account.episodes if not one.passed_on and since <= one.began < until and chosen(one)
    ]
    expected = by_channel(life, episodes)
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)  # links without a channel have a row each
    for row in life.report("channels", *words, *asked):
        if row["kind"] != "group":
            found[row["channel"], row["kind"]].update({name: row[name] for name in FIGURES})
    assert found == expected
    assert expected
    rows = [row for row in life.report("channels", "--rows", *words, *asked) if row["kind"] != "group"]
    touches = life.account.first_touches()
    assert sorted(
        (row["userid"], row["external_userid"], seconds(row["began"]), row["fresh"], row["status"]) for row in rows
    ) == sorted((one.userid, one.external, one.began, touches[one.external] is one, one.status) for one in episodes)
    assert Counter((row["channel"], row["kind"]) for row in rows) == {
        key: row["added"] for key, row in expected.items()
    }
    assert [row["began"] for row in rows] == sorted((row["began"] for row in rows), key=lambda at: -(seconds(at) or 0))


def test_people_of_groups_are_those_of_the_owners_asked_for(life: Life) -> None:
    def joined(owner: str = "") -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for chat in chats(life).values():
            if chat["head"]["owner"] == owner or not owner:
                for one in chat["people"]:
                    if one["type"] == 2 and one.get("state"):
                        found[one["state"]].add(one["userid"])
        return found

    owners = Counter(
        chat["head"]["owner"] for chat in chats(life).values() if any(one.get("state") for one in chat["people"])
    )
    for words, owner in (((), ""), (("--member", owners.most_common(1)[0][0]), owners.most_common(1)[0][0])):
        expected = {state: len(people) for state, people in joined(owner).items()}
        assert expected
        figures = [row for row in life.report("channels", *words) if row["kind"] == "group"]
        assert {row["channel"]: row["added"] for row in figures} == expected
        rows = [row for row in life.report("channels", "--rows", *words) if row["kind"] == "group"]
        assert {state: {row["external_userid"] for row in rows if row["channel"] == state} for state in expected} == (
            joined(owner)
        )
        assert len(rows) == sum(expected.values())
        assert all(row["chat_id"] and row["userid"] for row in rows)
