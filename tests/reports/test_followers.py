"""Customers per member and tags by use, against what happened in the sandbox."""

from collections import Counter

from tests.reports.lives import Key, Life

OF_STRATEGY = "门店规则组/"
"""Tags that no list shows to the app."""


def last_statuses(life: Life) -> dict[Key, str]:
    """What became of each relation the last time."""
    return {(one.userid, one.external): one.status for one in life.account.episodes}


def test_every_member_has_as_many_customers_as_there_are(life: Life) -> None:
    counted = Counter((key[0], status) for key, status in last_statuses(life).items())
    rows = life.report("followers")
    assert {"lost", "transferred", "out_of_sight"} <= {status for (_userid, status) in counted}
    assert {row["userid"] for row in rows} == {userid for userid, _status in counted}
    for row in rows:
        for status in ("active", "lost", "transferred", "out_of_sight"):
            assert row[status] == counted[row["userid"], status], (row, status)
    assert [row["active"] for row in rows] == sorted((row["active"] for row in rows), reverse=True)


def test_every_tag_counts_those_who_carry_it_now(life: Life) -> None:
    carried = {key: life.account.tags[key] for key in life.account.open}
    rows = {f"{row['group']}/{row['tag']}": row for row in life.report("tags")}
    assert sum(row["customers"] for row in rows.values()) > 100
    listed = {name: id_ for name, id_ in life.tags.items() if not name.startswith(OF_STRATEGY)}
    assert rows.keys() == listed.keys()
    for name, id_ in listed.items():
        keys = [key for key, ids in carried.items() if id_ in ids]
        assert (rows[name]["customers"], rows[name]["members"]) == (len(keys), len({key[0] for key in keys})), name
