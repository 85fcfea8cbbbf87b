"""Answers of WeCom: whatever comes, a call ends with a value or with an error of ours, and in bounded time."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.api.conftest import PassingClock
from tests.api.documented import AFTER_A_REFUSAL, CUSTOMER, EXPECTED, GOLDEN, MEMBER, name, read, sample
from tests.fuzz.holding import LONG, held, kept, nothing_written, shown, tries
from tests.fuzz.mutations import texts
from wecrm.api import contacts, endpoints
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import GETTOKEN, Endpoint
from wecrm.models.clock import Run

CALLS = {endpoint: call for endpoint, (call, _expected) in EXPECTED.items()}
CALLS |= {endpoint: call for endpoint, (call, _expected, _refusals) in AFTER_A_REFUSAL.items()}
CALLS |= {
    contacts.GET: lambda client: contacts.get(client, CUSTOMER),
    contacts.BATCH_GET: lambda client: contacts.batch_get(client, [MEMBER]),
}
CALLS[GETTOKEN] = lambda client: client.check_token("contact", anew=True)
REFUSALS = {endpoint: refusals for endpoint, (_call, _expected, refusals) in AFTER_A_REFUSAL.items()}
GOOD = {endpoint.path: json.dumps(read(endpoint)["answer"]).encode() for endpoint in endpoints.ALL}


class Broken:
    """A WeCom that gives one answer for one path, always, and the documented ones for the others."""

    def __init__(self, endpoint: Endpoint, answer: bytes) -> None:
        refused = {path: json.dumps({"errcode": code}).encode() for path, code in REFUSALS.get(endpoint, {}).items()}
        self.answers = {**GOOD, **refused, endpoint.path: answer}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json; charset=UTF-8")])
        return [self.answers[environ["PATH_INFO"]]]


def ask(endpoint: Endpoint, answer: bytes, folder: Path) -> object:
    """Call the endpoint of a WeCom that answers so."""
    secrets = dict.fromkeys(("contact", "directory", "archive"), "golden")
    client = Client(Settings("wwgolden000000001", secrets, folder), Run(PassingClock()), Broken(endpoint, answer))
    try:
        found = CALLS[endpoint](client)
        return list(found) if hasattr(found, "__next__") else found
    finally:
        client.close()


def shapes(endpoint: Endpoint) -> list[Any]:
    """Every documented answer."""
    golden = json.loads(sample(endpoint).read_text("utf-8"))
    also = (each["answers"] for each in golden.get("also", ()) if "answers" in each)
    return [golden["answer"], *itertools.chain.from_iterable(also)]


def try_all(endpoint: Endpoint, folder: Path, count: int) -> None:
    homes = itertools.count()

    @tries(count)
    @given(answer=texts(shapes(endpoint)))
    def each(answer: bytes) -> None:
        with shown(answer, folder):
            held(lambda: ask(endpoint, answer, folder / str(next(homes))))

    each()


def test_every_endpoint_is_tried() -> None:
    assert set(CALLS) == set(endpoints.ALL)


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_any_answer_is_understood_or_refused(endpoint: Endpoint, tmp_path: Path) -> None:
    with nothing_written(GOLDEN):
        try_all(endpoint, tmp_path, 10)


@pytest.mark.long
@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_any_answer_is_understood_or_refused_hundreds_of_times(endpoint: Endpoint, tmp_path: Path) -> None:
    try_all(endpoint, tmp_path, LONG // 10)


@pytest.mark.parametrize("file", kept("answers"), ids=lambda file: file.name)
def test_answers_that_are_kept(file: Path, tmp_path: Path) -> None:
    """A kept answer is one for every endpoint: nobody knows which one meets it next."""
    for endpoint in endpoints.ALL:
        held(lambda endpoint=endpoint: ask(endpoint, file.read_bytes(), tmp_path / endpoint.name))
