"""Listening between the HTTP library and the sandbox, and holding what is heard against the documented samples."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.api.shapes import answers_of, request_of, shape_of, strangers
from wecrm.api.endpoint import Endpoint

REFUSED = shape_of([{"errcode": 60111, "errmsg": "userid not found"}])


@dataclass(frozen=True)
class Exchange:
    """One call: what was sent without the token, and what came back."""

    method: str
    sent: dict[str, Any]
    answer: dict[str, Any]


Recorded = dict[str, list[Exchange]]


@contextmanager
def listening() -> Iterator[Recorded]:
    """Every call in process while it lasts, by path."""
    found: Recorded = defaultdict(list)
    send = httpx.WSGITransport.handle_request

    def listen(transport: httpx.WSGITransport, request: httpx.Request) -> httpx.Response:
        response = send(transport, request)
        found[request.url.path].append(_exchange(request, response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.WSGITransport, "handle_request", listen)
        yield found


def _exchange(request: httpx.Request, response: httpx.Response) -> Exchange:
    query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    query.pop("access_token", None)
    body = request.read()
    assert not (query and body), "everything stands in one place"
    answer = json.loads(response.read(), strict=False)  # a switch sends control characters raw
    return Exchange(request.method, json.loads(body) if body else query, answer)


def undocumented_requests(endpoint: Endpoint, calls: list[Exchange]) -> set[str]:
    """Fields and types of these requests that no sample of the endpoint has."""
    shape = request_of(endpoint)
    return {found for call in calls for found in strangers(call.sent, shape, whole=False)}


def undocumented_answers(endpoint: Endpoint, calls: list[Exchange]) -> set[str]:
    """Fields and types of these answers that no sample of the endpoint has, and fields that every sample has."""
    good = shape_of(answers_of(endpoint))
    return {
        found
        for call in calls
        for found in strangers(call.answer, REFUSED if call.answer["errcode"] else good, whole=True)
    }
