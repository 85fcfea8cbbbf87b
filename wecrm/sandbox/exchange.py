"""One call from request to answer: count it, let faults strike, check it, carry it out, log it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from wecrm.sandbox import faults, media, rates
from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.auth import gettoken
from wecrm.sandbox.calls import Call, write_call
from wecrm.sandbox.faults import Fault
from wecrm.sandbox.fields import Fields
from wecrm.sandbox.refusals import Refusal, errmsg
from wecrm.sandbox.routes import FILES, GETTOKEN, QUERY_OF_ALL, ROUTES, Route
from wecrm.sandbox.settings import JSON
from wecrm.sandbox.state import settling, tokens
from wecrm.sandbox.state.media import File
from wecrm.sandbox.world import Moment, World

log = logging.getLogger("wecrm.sandbox")
UNKNOWN_PATH: Final = 48005  # the platform's own answer is not known; it has to stop a client


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it came over the wire."""

    method: str
    path: str
    query: str
    body: bytes
    ip: str
    pid: int | None  # calling process, where it is known without looking
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back, and the fault that may keep it from arriving."""

    errcode: int | None
    body: bytes
    fault: Fault | None = None
    file: File | None = None  # whose content the body is


@dataclass(slots=True)
class _Trail:
    """What the log wants to know beside the answer."""

    app: str = ""
    applied: bool = False
    notes: list[str] = field(default_factory=list)


def exchange(world: World, request: Request, crowd: int) -> Reply:
    """The answer to one call; the world has changed by then.

    Args:
        world: whose rules.
        request: the call.
        crowd: how many calls of this API are in flight.
    """
    with world.writing() as db:
        moment = world.tick()
        settling.settle(world, moment.now)
        fault = faults.draw(world, request.path)
        trail = _Trail()
        if fault is not None and fault.when == "before":
            reply = _struck(world, request, moment, fault)
        else:
            reply = _answer(world, request, moment, crowd, trail)
            if fault is not None:
                reply = _spoilt(world, request, moment, fault, reply)
        write_call(
            db,
            Call(
                moment.number, moment.now, request.path, trail.app, request.ip, request.pid, reply.errcode,
                trail.applied, fault.name if fault else "", "; ".join(trail.notes), request.query, request.body,
            ),
        )  # fmt: skip
    return reply


def _struck(world: World, request: Request, moment: Moment, fault: Fault) -> Reply:
    """A fault instead of the effect."""
    if fault.kind in faults.ERRCODES:
        if fault.kind in ("42001", "40014"):
            tokens.end_token(world, dict(parse_qsl(request.query)).get("access_token", ""))
        return replace(_refused(world, request, moment, Refusal(int(fault.kind))), fault=fault)
    if fault.kind in faults.BODIES:
        return Reply(None, faults.spoil(fault.kind, b'{"errcode":0,"errmsg":"ok"}'), fault)
    return Reply(None, b"", fault)


def _spoilt(world: World, request: Request, moment: Moment, fault: Fault, reply: Reply) -> Reply:
    """A fault after the effect."""
    if fault.kind in faults.ERRCODES:
        return _struck(world, request, moment, fault)
    if fault.kind in faults.BODIES:
        errcode = reply.errcode if fault.kind == "wrong_type" else None
        return Reply(errcode, faults.spoil(fault.kind, reply.body), fault)
    return Reply(None, reply.body, fault, reply.file)


def _answer(world: World, request: Request, moment: Moment, crowd: int, trail: _Trail) -> Reply:
    try:
        answer = _carry_out(world, request, moment, crowd, trail)
    except Refusal as refusal:
        trail.applied = refusal.keeps_effect
        return _refused(world, request, moment, refusal)
    if isinstance(answer, File):
        return Reply(0, answer.content, file=answer)
    if isinstance(answer, str):
        return Reply(0, b'{"errcode":0,"errmsg":"ok",' + answer.encode() + b"}")
    return Reply(0, msgspec.json.encode({"errcode": 0, "errmsg": "ok", **answer}))


def _refused(world: World, request: Request, moment: Moment, refusal: Refusal) -> Reply:
    trace = world.digest("hint", moment.number).hex()
    text = errmsg(refusal.errcode, refusal.text, now=moment.now, number=moment.number, trace=trace, ip=request.ip)
    return Reply(refusal.errcode, msgspec.json.encode({"errcode": refusal.errcode, "errmsg": text}))


def _carry_out(world: World, request: Request, moment: Moment, crowd: int, trail: _Trail) -> Answer:
    if crowd > world.limit("concurrency"):
        raise Refusal(45033)
    ip_limits = world.limit("ip_per_minute"), world.limit("ip_per_hour")
    corp_limits = world.limit("per_minute"), world.limit("per_hour")
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.path == GETTOKEN:
        rates.count(world, request.ip, request.path, moment.now, *ip_limits)
        rates.count(world, world.corp_id, request.path, moment.now, *corp_limits)
        _check_method(world, "GET", request)
        return gettoken(world, Fields(query), request.ip, moment.now)
    route = ROUTES.get(request.path) or FILES.get(request.path)
    if route is None:
        log.warning("the sandbox does not simulate %s", request.path)
        trail.notes.append("unknown path")
        raise Refusal(UNKNOWN_PATH, request.path)
    rates.count(world, request.ip, request.path, moment.now, *ip_limits)
    if world.switch("wrong_secret_blocks") == "all":
        tokens.blocked(world, request.ip, moment.now)
    app = tokens.app_of(world, query.get("access_token", ""), moment.now)
    trail.app = app.kind
    if world.switch("trusted_ip_at") == "call":
        tokens.trusted(world, request.ip)
    if route.per_minute:
        corp_limits = min(corp_limits[0], world.scaled(route.per_minute)), corp_limits[1]
    rates.count(world, world.corp_id, request.path, moment.now, *corp_limits)
    if app.kind not in route.kinds:
        raise Refusal(48002)
    _check_method(world, route.method, request)
    fields = Fields(_given(world, route, request, query, trail), int(world.limit("page_rows")))
    file = media.received(request.content_type, request.body) if route.uploads else None
    asked = Asked(world, app, fields, request.ip, moment.now, file)
    return _write(world, route, asked, trail) if route.writes else route.handle(asked)


def _write(world: World, route: Route, asked: Asked, trail: _Trail) -> Answer:
    """Run a writing handler so that a refusal leaves nothing half done."""
    db = world.db.connection
    db.execute("SAVEPOINT effect")
    try:
        answer = route.handle(asked)
    except Refusal as refusal:
        db.execute("RELEASE effect" if refusal.keeps_effect else "ROLLBACK TO effect")
        raise
    db.execute("RELEASE effect")
    trail.applied = True
    return answer


def _check_method(world: World, method: str, request: Request) -> None:
    if request.method != method:
        code = world.switch("wrong_method")
        assert isinstance(code, int)
        raise Refusal(code, f"use {method}")


def _given(world: World, route: Route, request: Request, query: dict[str, str], trail: _Trail) -> Mapping[str, JSON]:
    """The fields sent; unknown ones are noted, or refused where the world is strict."""
    body: Mapping[str, JSON] = query
    unknown = query.keys() - QUERY_OF_ALL
    if route.method == "GET" or route.uploads:
        unknown = unknown - route.fields
    else:
        body = _json_object(world, request.body)
        unknown |= body.keys() - route.fields
    if unknown:
        text = "unknown field: " + ", ".join(sorted(unknown))
        trail.notes.append(text)
        log.info("%s: %s", request.path, text)
        if world.switch("strict"):
            raise Refusal(40058, text)
    return body


def _json_object(world: World, body: bytes) -> dict[str, JSON]:
    if b"\\u" in body and world.switch("escapes") == "refuse":
        raise Refusal(40033)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise Refusal(40058, "body is not JSON") from e
    if not isinstance(value, dict):
        raise Refusal(40058, "body is not an object")
    return value
