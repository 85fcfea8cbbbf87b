"""What is missing in customers, and who is silent, against the sandbox's truth."""

import json
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Wecrm
from tests.reports.lives import DAY_S, Life, copied, day_of, midnight
from wecrm.sandbox import control

LACKS = ("remark", "tag", "mobile", "description")


def lacking(one: control.Relation) -> list[str]:
    has = one.remark and one.remark != one.name, one.tag_ids, one.remark_mobiles, one.description
    return [name for name, there in zip(LACKS, has, strict=True) if not there]


def test_what_is_missing(life: Life) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for (userid, _external), one in life.account.truth.items():
        expected[userid].update(["customers", *(f"no_{name}" for name in lacking(one))])
    rows = life.report("quality")
    found = {row["userid"]: Counter({k: v for k, v in row.items() if k not in ("userid", "name")}) for row in rows}
    assert found == expected
    assert all(sum(row[f"no_{name}"] for row in rows) for name in LACKS)


def test_relations_that_lack_something(life: Life) -> None:
    expected = {key: lacking(one) for key, one in life.account.truth.items() if lacking(one)}
    rows = life.report("quality", "--rows")
    assert {(row["userid"], row["external_userid"]): row["missing"] for row in rows} == expected


def test_a_remark_that_is_the_customers_name_is_none_and_who_left_owns_nobody(life: Life, tmp_path: Path) -> None:
    home = copied(life, tmp_path)
    former = next(key for key, one in life.account.truth.items() if one.remark)
    with home.world() as world:
        control.set_remark(world, *former, life.account.names[former[1]])
    assert home("sync", "contacts", "-qq").code == 0
    before = {row["userid"]: row for row in life.report("quality")}[former[0]]
    with home.world() as world:
        control.delete_member(world, former[0])
    assert home("sync", "members", "-qq").code in (0, 7)
    rows = msgspec.json.decode(home("report", "quality", "-f", "json").out)
    after = next(row for row in rows if row["userid"] == former[0])
    assert after["no_remark"] == before["no_remark"] + 1
    assert (before["no_owner"], after["no_owner"]) == (0, after["customers"])
    assert sum(row["no_owner"] for row in rows) == after["customers"]


@pytest.mark.parametrize("days", [None, 9, 20])
def test_silent_customers(life: Life, days: int | None) -> None:
    account = life.account
    since = life.now - 30 * DAY_S if days is None else midnight(day_of(life.now - days * DAY_S))
    words = () if days is None else ("--since", str(day_of(since)))
    signs = {key: max(one.began, account.changed.get(key, 0)) for key, one in account.open.items()}
    silent = {key for key, at in signs.items() if at < since}
    rows = life.report("silent", *words)
    customers = Counter(userid for userid, _external in account.open)
    assert {row["userid"]: (row["customers"], row["silent"]) for row in rows} == {
        userid: (count, sum(key[0] == userid for key in silent)) for userid, count in customers.items()
    }
    assert all(row["share"] == round(100 * row["silent"] / row["customers"], 1) for row in rows)
    assert {key for key in account.changed if key in signs} - silent
    ones = life.report("silent", "--rows", *words)
    found = {(row["userid"], row["external_userid"]): row for row in ones}
    assert set(found) == silent
    assert len(ones) == len(silent)
    for key, row in found.items():
        assert row["sign"] == ("change" if account.changed.get(key, 0) > account.open[key].began else "added")
        assert abs(row["days"] - (life.now - signs[key]) / DAY_S) <= 1


def said(home: Wecrm) -> dict[frozenset[str] | str, float]:
    """When two people, or a group, last wrote, of what the archive has."""
    last: dict[frozenset[str] | str, float] = {}
    with home.world() as world:
        for message in control.archive_truth(world):
            if message.at < control.now(world) - 5 * DAY_S:  # WeCom keeps none for longer
                continue
            with suppress(ValueError):  # one that nobody can read
                one = json.loads(message.plain, strict=False)
                place = one.get("roomid") or frozenset((one.get("from", ""), *one.get("tolist", ())))
                last[place] = max(last.get(place, 0), one.get("msgtime", 0) // 1000)
    return last


def test_where_messages_are_archived_they_are_the_sign(life: Life, tmp_path: Path) -> None:
    home, account = copied(life, tmp_path), life.account
    keys = sorted(account.open)
    chat = life.world("SELECT chat_id FROM chat ORDER BY 1")[0][0]
    with home.world() as world:
        for n, (userid, external) in enumerate(keys[::3]):
            pair = (userid, external) if n % 2 else (external, userid)
            control.archive_say(world, *pair, "您好", msgtime=int((life.now - n * DAY_S) * 1000))
        control.archive_say(world, keys[0][0], chat, "大家好", msgtime=int(life.now - 5 * DAY_S) * 1000)
    assert home("archive", "pull", "-qq").code == 0
    last, since = said(home), midnight(day_of(life.now - 20 * DAY_S))
    signs = {
        key: max(one.began, last.get(frozenset(key)) or account.changed.get(key, 0))
        for key, one in account.open.items()
    }
    silent = Counter(userid for (userid, _external), at in signs.items() if at < since)
    rows = msgspec.json.decode(home("report", "silent", "--since", str(day_of(since)), "-f", "json").out)
    assert Counter({row["userid"]: row["silent"] for row in rows}) == silent
    talking = [key for key in account.open if frozenset(key) in last]
    assert any(account.changed.get(key, 0) >= since > last[frozenset(key)] for key in talking)
    assert any(account.changed.get(key, 0) < since <= last[frozenset(key)] for key in talking)
    groups = msgspec.json.decode(home("report", "groups", "-f", "json").out)
    times = {row["chat_id"]: row["last_message"] for row in groups}
    moments = {id_: at and datetime.fromisoformat(at).timestamp() for id_, at in times.items()}
    assert moments == {id_: last.get(id_) for id_ in times}
    assert moments[chat] == max(int(life.now - 5 * DAY_S), last[chat])
