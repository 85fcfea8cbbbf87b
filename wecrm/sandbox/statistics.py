"""The platform's statistics: get_user_behavior_data (doc 92132), groupchat/statistic and _by_day (doc 92133)."""

from collections import Counter
from typing import Final

import msgspec

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import statistics
from wecrm.sandbox.state.scope import Member, below, member_of, sees
from wecrm.sandbox.state.statistics import Talk

MOST: Final = 100
ORDERS: Final = ("new_chat_cnt", "chat_total", "new_member_cnt", "member_total")
FIGURES: Final = (
    "new_chat_cnt", "chat_total", "chat_has_msg", "new_member_cnt", "member_total", "member_has_msg", "msg_total",
)  # fmt: skip


def get_user_behavior_data(asked: Asked) -> Answer:
    """One row per day, summed over everybody asked for."""
    members = _talkers(asked)
    wanted = statistics.days(
        asked.fields.body_number("start_time"),
        asked.fields.body_number("end_time"),
        asked.now,
        at_least="start_time and end_time",
    )
    sums = {day: Talk() for day in wanted}
    for member in members:
        for day, talk in zip(wanted, statistics.talks(asked.world, member, wanted), strict=True):
            if statistics.ready(asked.world, day, asked.now):
                sums[day].add(talk)
    return {"behavior_data": [_row(day, talk) for day, talk in sums.items()]}


def statistic(asked: Asked) -> Answer:
    """The groups of each owner over some days; owners without groups are not in it."""
    fields, owners, wanted = asked.fields, _owners(asked), _group_days(asked)
    order = ORDERS[(fields.body_number("order_by", least=1, most=4) or 1) - 1]
    ascending = fields.body_number("order_asc", most=1) == 1
    offset, limit = fields.body_number("offset") or 0, fields.body_number("limit", least=1, most=1000) or 500
    found = statistics.groups(asked.world, owners, wanted.start, wanted[-1])
    sign = 1 if ascending else -1
    listed = sorted(
        (one for one in owners if one.id in found), key=lambda one: (sign * found[one.id][order], one.userid)
    )
    page = [
        {"owner": one.userid, "data": _shown(asked, wanted[-1], found[one.id])}
        for one in listed[offset : offset + limit]
    ]
    return {"total": len(listed), "next_offset": offset + len(page), "items": page}


def statistic_group_by_day(asked: Asked) -> Answer:
    """The groups of all owners asked for together, day by day."""
    owners, items = _owners(asked), []
    for day in _group_days(asked):
        figures = Counter[str]()
        for each in statistics.groups(asked.world, owners, day, day).values():
            figures.update(each)
        items.append({"stat_time": day, "data": _shown(asked, day, figures)})
    return {"items": items}


def _row(day: int, talk: Talk) -> dict[str, object]:
    rates: dict[str, object] = {}
    if talk.begun:
        rates["reply_percentage"] = round(100 * talk.answered / talk.begun, 2)
    if talk.answered:
        rates["avg_reply_time"] = talk.waited // talk.answered
    return {
        "stat_time": day,
        "chat_cnt": talk.chats,
        "message_cnt": talk.messages,
        **rates,
        "negative_feedback_cnt": talk.negative,
        "new_apply_cnt": talk.applied,
        "new_contact_cnt": talk.new,
    }


def _talkers(asked: Asked) -> list[Member]:
    """The members asked for, by name or by department; 84074 without customer contact."""
    world, fields = asked.world, asked.fields
    _check_permitted(asked)
    userids, parties = fields.maybe_texts("userid") or [], fields.maybe_numbers("partyid") or []
    if not userids and not parties:
        raise Refusal(40063, "userid or partyid")
    if len(userids) > MOST or len(parties) > MOST:
        raise Refusal(40058, "userid or partyid")
    rows = world.db.connection.execute(
        "SELECT id, userid, departments FROM member WHERE left_at IS NULL AND follows ORDER BY id"
    ).fetchall()
    able = {id_: Member(id_, userid) for id_, userid, _own in rows}
    found = {member_of(world, asked.app, userid).id: userid for userid in userids}
    if not found.keys() <= able.keys():
        raise Refusal(84074, next(userid for id_, userid in found.items() if id_ not in able))
    inside = below(world, parties)
    meant = {id_ for id_, _, own in rows if not inside.isdisjoint(msgspec.json.decode(own))}
    return [one for id_, one in able.items() if id_ in found or (id_ in meant and sees(world, asked.app, id_))]


def _owners(asked: Asked) -> list[Member]:
    """The owners asked for; without any, everybody in range, unless those are over 1000 (81017)."""
    world = asked.world
    _check_permitted(asked)
    owner_filter = asked.fields.maybe_object("owner_filter")
    userids = (owner_filter.maybe_texts("userid_list") if owner_filter else None) or []
    if len(userids) > MOST:
        raise Refusal(40058, "owner_filter")
    if userids:
        return list(dict.fromkeys(member_of(world, asked.app, userid) for userid in userids))
    rows = world.db.connection.execute("SELECT id, userid FROM member WHERE left_at IS NULL ORDER BY id").fetchall()
    everybody = [Member(*row) for row in rows if sees(world, asked.app, row[0])]
    if len(everybody) > world.limit("list_people"):
        raise Refusal(81017)
    return everybody


def _check_permitted(asked: Asked) -> None:
    if not asked.world.switch("stats_permitted"):
        raise Refusal(48002)


def _group_days(asked: Asked) -> range:
    begin = asked.fields.body_number("day_begin_time")
    end = asked.fields.body_number("day_end_time")
    return statistics.days(begin, begin if end is None else end, asked.now, at_least="day_begin_time")


def _shown(asked: Asked, last: int, figures: Counter[str]) -> dict[str, int]:
    """The figures; all zero before the last day's are there."""
    there = statistics.ready(asked.world, last, asked.now)
    return {name: figures[name] if there else 0 for name in FIGURES}
