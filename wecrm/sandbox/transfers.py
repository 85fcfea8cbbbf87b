"""Transfers (在职继承, 离职继承) of customers and groups: doc 92125, 94088, 95703, 92124, 94081, 94082, 92127."""

from typing import Final

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor, seal, unseal
from wecrm.sandbox.refusals import TEXTS, Refusal
from wecrm.sandbox.state import chatmoves, parties, results, transfers
from wecrm.sandbox.state.parties import Party
from wecrm.sandbox.state.scope import code, sees
from wecrm.sandbox.state.transfers import ONJOB, RESIGNED

AT_ONCE: Final = 100
PAGE: Final = 1000


def transfer_customer(asked: Asked) -> Answer:
    """Customers of a working member start their way to another one."""
    asked.fields.maybe_text("transfer_success_msg", longest=200)
    return _start(asked, ONJOB)


def resigned_transfer_customer(asked: Asked) -> Answer:
    """Customers of a member who left start their way to another one."""
    return _start(asked, RESIGNED)


def _start(asked: Asked, kind: str) -> Answer:
    world, now = asked.world, asked.now
    handover, takeover = _pair(asked)
    externals = asked.fields.texts("external_userid", most=AT_ONCE, missing=41035)
    if handover.lower() == takeover.lower():
        raise Refusal(40130)
    if kind == ONJOB:
        giver = parties.working_giver(world, asked.app, handover, now)
    else:
        giver = parties.leaver(world, handover, now)
    taker = parties.taker(world, asked.app, takeover, now)
    errcodes = transfers.start(world, kind, giver, taker, externals, now)
    pairs = zip(externals, errcodes, strict=True)
    return {"customer": [{"external_userid": external, "errcode": errcode} for external, errcode in pairs]}


def _pair(asked: Asked) -> tuple[str, str]:
    fields = asked.fields
    handover = fields.text("handover_userid", missing=41009, longest=64)
    return handover, fields.text("takeover_userid", missing=41009, longest=64)


def transfer_result(asked: Asked) -> Answer:
    """How the transfers between two members stand, the first of whom worked when they began."""
    return _results(asked, ONJOB)


def resigned_transfer_result(asked: Asked) -> Answer:
    """How the transfers between two members stand, the first of whom had left when they began."""
    return _results(asked, RESIGNED)


def _results(asked: Asked, kind: str) -> Answer:
    cursor = asked.fields.maybe_text("cursor")
    handover, takeover = _pair(asked)
    giver, taker = _party(asked, handover, left=kind == RESIGNED), _party(asked, takeover)
    rows, following = results.of_pair(asked.world, kind, giver, taker, asked.now, cursor)
    return {"customer": rows, **next_cursor(asked.world, following)}


def _party(asked: Asked, userid: str, *, left: bool = False) -> Party:
    """One of a pair; 40003 for somebody unknown or, where a switch says so, gone."""
    world = asked.world
    found = parties.find(world, userid)
    gone = found is not None and found.left_at is not None and not left
    if found is None or (gone and not world.switch("result_of_departed")):
        raise Refusal(code(world, "transfer_unknown_userid"), userid)
    if not sees(world, asked.app, found.id):
        raise Refusal(code(world, "outside_userid"), userid)
    return found


def get_unassigned_list(asked: Asked) -> Answer:
    """Customers of members who left, as long as nobody was assigned to them; by cursor, or by number of page."""
    world, fields = asked.world, asked.fields
    size = fields.body_number("page_size", least=1, most=PAGE) or PAGE
    page = fields.body_number("page_id")
    cursor = fields.maybe_text("cursor")
    (skip,) = unseal(world, cursor, 1, "get_unassigned_list", size)
    by_page = page is not None and not cursor
    if page is not None and by_page:
        skip = page * size
    rows, last = results.unassigned(world, asked.app, size, skip, asked.now)
    answer: dict[str, object] = {"info": rows, "is_last": last}
    if by_page:
        return answer
    following = "" if last else seal(world, [skip + size], "get_unassigned_list", size)
    return {**answer, **next_cursor(world, following)}


def onjob_transfer(asked: Asked) -> Answer:
    """Groups of working owners get another owner."""
    return _move(asked, ONJOB)


def groupchat_transfer(asked: Asked) -> Answer:
    """Groups of owners who left get another owner."""
    return _move(asked, RESIGNED)


def _move(asked: Asked, kind: str) -> Answer:
    chat_ids = asked.fields.texts("chat_id_list", most=AT_ONCE)
    new_owner = asked.fields.text("new_owner", missing=41009, longest=64)
    taker = parties.taker(asked.world, asked.app, new_owner, asked.now)
    failed = chatmoves.move(chatmoves.Change(asked.world, asked.app, kind, taker, asked.now), chat_ids)
    if not failed and asked.world.switch("no_failures") == "absent":
        return {}
    rows = [{"chat_id": id_, "errcode": errcode, "errmsg": TEXTS[errcode]} for id_, errcode in failed]
    return {"failed_chat_list": rows}
