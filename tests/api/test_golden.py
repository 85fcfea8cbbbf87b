"""What we send equals the documented request, and the documented answer decodes to what it says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.documented import (
    AFTER_A_REFUSAL,
    CUSTOMER,
    EXPECTED,
    GOLDEN,
    LIBRARY,
    MEMBER,
    Replay,
    StillClock,
    name,
    read,
    sample,
)
from wecrm.api import contacts, endpoints, members, tags
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import GETTOKEN, OPTIONAL, Endpoint
from wecrm.models.clock import Run
from wecrm.models.contact import Relation
from wecrm.sandbox.routes import GETTOKEN as SANDBOX_GETTOKEN
from wecrm.sandbox.routes import ROUTES


@pytest.fixture
def replay() -> Replay:
    return Replay()


@pytest.fixture
def client(replay: Replay, tmp_path: Path) -> Iterator[Client]:
    secrets = {kind: f"golden-{kind}-secret" for kind in ("contact", "directory", "archive")}
    client = Client(Settings("wwgolden000000001", secrets, tmp_path), Run(StillClock()), replay)
    yield client
    client.close()


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_every_endpoint_has_a_sample_and_an_expected_value(endpoint: Endpoint) -> None:
    assert sample(endpoint).exists()
    assert endpoint in EXPECTED or endpoint in AFTER_A_REFUSAL
    request = read(endpoint)["request"]
    assert (request["method"], request["path"]) == (endpoint.method, endpoint.path)


def test_no_sample_is_left_over() -> None:
    assert set(GOLDEN.glob("*.json")) == {sample(endpoint) for endpoint in endpoints.ALL}


@pytest.mark.parametrize("endpoint", EXPECTED, ids=name)
def test_the_documented_answer_decodes_to_what_it_says(endpoint: Endpoint, client: Client, replay: Replay) -> None:
    call, expected = EXPECTED[endpoint]
    assert call(client) == expected
    assert replay.asked(endpoint) == [read(endpoint)["request"]]


@pytest.mark.parametrize("endpoint", AFTER_A_REFUSAL, ids=name)
def test_the_fallback_is_asked_and_decoded(endpoint: Endpoint, client: Client, replay: Replay) -> None:
    call, expected, refusals = AFTER_A_REFUSAL[endpoint]
    replay.answers = {path: [{"errcode": code, "errmsg": "refused"}] for path, code in refusals.items()}
    assert call(client) == expected
    assert replay.asked(endpoint) == [read(endpoint)["request"]]


def test_the_token_goes_into_the_query_of_every_call_but_gettoken(client: Client, replay: Replay) -> None:
    contacts.follow_users(client)
    tags.mark(client, MEMBER, CUSTOMER, ["etGOLDENtag0001"], [])
    assert replay.tokens == ["", "golden-token-1", "golden-token-1"]


def test_each_secret_is_asked_for_its_own_token(client: Client, replay: Replay) -> None:
    contacts.follow_users(client)
    members.departments(client)
    assert [request["query"]["corpsecret"] for request in replay.asked(GETTOKEN)] == [
        "golden-contact-secret",
        "golden-directory-secret",
    ]


@pytest.mark.parametrize("endpoint", [e for e in endpoints.ALL if e is not GETTOKEN], ids=name)
def test_the_sandbox_simulates_every_endpoint(endpoint: Endpoint) -> None:
    route = ROUTES[endpoint.path]
    request = read(endpoint)["request"]
    assert route.method == endpoint.method
    assert route.writes == (endpoint.effect != "read")
    assert set(request["body"] or request["query"]) <= route.fields
    assert endpoint.secret in route.kinds or (endpoint.secret in OPTIONAL and "contact" in route.kinds)


def test_the_sandbox_grants_tokens_where_we_ask_for_them() -> None:
    assert GETTOKEN.path == SANDBOX_GETTOKEN


@pytest.mark.parametrize("endpoint", [contacts.REMARK, tags.EDIT, tags.DELETE, tags.MARK], ids=name)
def test_chinese_text_is_sent_as_it_is_not_as_escapes(endpoint: Endpoint, tmp_path: Path) -> None:
    bodies: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"errcode":0,"errmsg":"ok","access_token":"t","expires_in":7200}']

    client = Client(Settings("wwgolden000000001", {"contact": "s"}, tmp_path), Run(StillClock()), app)
    EXPECTED[endpoint][0](client)
    client.close()
    assert b"\\u" not in bodies[-1]
    assert json.loads(bodies[-1]) == read(endpoint)["request"]["body"]


def test_unknown_fields_of_an_answer_are_ignored(client: Client, replay: Replay) -> None:
    answer = read(tags.LIST)["answer"]
    answer["new_field"] = {"deep": [1, 2]}
    answer["tag_group"][0]["tag"][0]["colour"] = "red"
    replay.answers = {tags.LIST.path: [answer]}
    assert tags.look_up(client, ["etGOLDENtag0001"]) == (LIBRARY,)


def test_the_bytes_of_a_relation_are_kept_as_they_came(client: Client) -> None:
    (relation,) = contacts.get(client, CUSTOMER)
    assert isinstance(relation, Relation)
    answer = read(contacts.GET)["answer"]
    assert json.loads(relation.contact_raw) == answer["external_contact"]
    assert json.loads(relation.follow_raw) == answer["follow_user"][0]
