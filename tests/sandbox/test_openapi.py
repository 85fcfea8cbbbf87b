"""The served OpenAPI document: whole, true to the documented samples, and kept by every answer.

Schemathesis makes the requests, from the document with ids of a living world in it, so that many of them get past the
doorkeepers. The document allows unknown fields, as the platform adds some; here none is allowed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as conformance

from tests.sandbox.conftest import Office
from wecrm.api import endpoints
from wecrm.sandbox import control, openapi
from wecrm.sandbox.archive import cast
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.routes import GETTOKEN, ROUTES
from wecrm.sandbox.world import World

GOLDEN = Path(__file__).parents[1] / "golden"
DOCUMENT: dict[str, Any] = json.loads(openapi.document())
PATHS = sorted(DOCUMENT["paths"])
REPEATABLE: Any = {
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate),  # a failing call changes the world, so there is nothing to shrink
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
]
NOTICES = ("text", "markdown", "textcard")
NEVER_DONE = frozenset(
    f"/cgi-bin/externalcontact/{name}"
    for name in ("close_temp_chat", "send_welcome_msg", "customer_acquisition/get_chat_info")
)
"""What nobody can ask for by chance: keys that customers make by what they do, within seconds."""

OF_LEAVERS = frozenset(
    f"/cgi-bin/externalcontact/{name}"
    for name in ("resigned/transfer_customer", "resigned/transfer_result", "groupchat/transfer")
)


@dataclass(frozen=True)
class Furnished:
    """A world file, ids in it by the name of their schema, tokens by app, and two members who have customers."""

    world: Path
    ids: dict[str, list[Any]]
    tokens: dict[str, str]
    giver: str
    taker: str


def operation(path: str) -> dict[str, Any]:
    (found,) = DOCUMENT["paths"][path].values()
    return found


def asked(path: str) -> dict[str, Any]:
    """The schema of the body, or of the query as an object."""
    found = operation(path)
    if "requestBody" in found:
        return found["requestBody"]["content"]["application/json"]["schema"]
    parameters = found["parameters"]
    return {
        "type": "object",
        "properties": {each["name"]: each["schema"] for each in parameters},
        "required": [each["name"] for each in parameters if each["required"]],
    }


def answered(path: str) -> dict[str, Any]:
    return operation(path)["responses"]["200"]["content"]["application/json"]["schema"]


def done(path: str) -> dict[str, Any]:
    """The schema of an answer that is no refusal."""
    return answered(path)["oneOf"][1]


def closed(schema: Any) -> Any:
    """The same schema, whose records have no fields beyond those named."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(each) for key, each in schema.items()}
    return {**found, "additionalProperties": False} if isinstance(found.get("properties"), dict) else found


def faults(schema: dict[str, Any], value: object) -> list[str]:
    """What is wrong with a value."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [f"{each.instance_path}: {each.message}" for each in jsonschema_rs.validator_for(whole).iter_errors(value)]


def numbers_of(query: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A query with numbers where the document wants them; in the address all are texts."""
    wanted = {
        name
        for name, each in schema["properties"].items()
        if each.get("type") == "integer" or each.get("$ref", "").endswith(("DepartmentId", "AgentId"))
    }
    return {n: int(v) if n in wanted and v.isascii() and v.isdigit() else v for n, v in query.items()}


def test_every_simulated_api_is_in_the_document_with_its_fields_and_its_page() -> None:
    assert set(PATHS) == {GETTOKEN, *ROUTES}
    for path, route in ROUTES.items():
        assert list(DOCUMENT["paths"][path]) == [route.method.lower()]
        assert set(asked(path)["properties"]) == route.fields, path
    for endpoint in endpoints.ALL:
        assert operation(endpoint.path)["x-doc-path"] == endpoint.doc, endpoint.path


def test_the_document_is_served_and_read_by_other_peoples_tools(office: Office) -> None:
    schema = schemathesis.openapi.from_wsgi(openapi.ADDRESS, office.http._transport.app)
    assert sorted(each.ok().path for each in schema.get_all_operations()) == PATHS
    assert office.http.get(openapi.ADDRESS).json() == DOCUMENT


def test_references_lead_somewhere_and_every_named_schema_is_used() -> None:
    text = json.dumps(DOCUMENT)
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert {name for name in named if f'"$ref": "{name}"' in text} == named
    assert text.count('"$ref"') == sum(text.count(f'"$ref": "{name}"') for name in named)


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda file: file.stem)
def test_the_documented_samples_keep_to_the_document(file: Path) -> None:
    sample = json.loads(file.read_text("utf-8"))
    request, path = sample["request"], sample["request"]["path"]
    sent = request["body"] if request["method"] == "POST" else numbers_of(request["query"], asked(path))
    assert not faults(closed(asked(path)), sent)
    assert not faults(closed(done(path)), sample["answer"])
    if request["method"] == "POST":
        assert not faults(asked(path), sample.get("every_field", sent))


@pytest.fixture(scope="module")
def furnished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """A world with one of everything in it, its ids, and a token for each app."""
    path = tmp_path_factory.mktemp("furnished") / "a.world"
    path.write_bytes(template.read_bytes())
    office = Office(World.open(path))
    ids = ids_of(office)
    tokens = {app: office.token(app) for app in ("contact", "directory", "archive")}
    ends = office.relation(0).userid, office.relation(40).userid
    office.world.close()
    return Furnished(path, ids, tokens, *ends)


@pytest.fixture
def office(furnished: Furnished, tmp_path: Path) -> Iterator[Office]:
    """An office in a copy of that world."""
    path = tmp_path / "a.world"
    path.write_bytes(furnished.world.read_bytes())
    office = Office(World.open(path))
    office.tokens.update(furnished.tokens)
    yield office
    office.world.close()


def ids_of(office: Office) -> dict[str, list[Any]]:
    """Some of everything that the world has, by the name of its schema."""
    world, now = office.world, int(office.world.now())
    first, other = office.relation(0), office.relation(40)
    chats = office.ec("groupchat/list", limit=10)["group_chat_list"]
    way = {"type": 2, "scene": 2, "user": [first.userid]}
    join = {"scene": 2, "chat_id_list": [chats[0]["chat_id"]]}
    link = {"link_name": "x", "range": {"user_list": [first.userid]}}
    group = office.ec("get_corp_tag_list")["tag_group"][0]
    mass = office.ec("get_groupmsg_list_v2", chat_type="single", start_time=now - 30 * 86_400, end_time=now)
    return {
        "UserId": [first.userid, other.userid],
        "Receivers": [first.userid, "@all"],
        "ExternalUserId": [first.external_userid],
        "ChatId": [each["chat_id"] for each in chats[:3]],
        "RoomId": [chats[0]["chat_id"], cast.rooms(world)[0].roomid],
        "RobotId": [cast.gathered(world).robots[0]],
        "TagId": [tag["id"] for tag in group["tag"]],
        "TagGroupId": [group["group_id"]],
        "DepartmentId": [1, 2],
        "AgentId": [world.db.connection.execute("SELECT agentid FROM app WHERE kind = 'contact'").fetchone()[0]],
        "ConfigId": [
            office.ec("add_contact_way", **way)["config_id"],
            office.ec("groupchat/add_join_way", **join)["config_id"],
        ],
        "LinkId": [office.ec("customer_acquisition/create_link", **link)["link"]["link_id"]],
        "TemplateId": [office.ec("group_welcome_template/add", text={"content": "x"})["template_id"]],
        "SendId": [each["msgid"] for each in mass["group_msg_list"][:2]],
        "Cursor": [""],
        "Moment": [now - 86_400, now - 2 * 86_400],
    }


def at_hand(schema: Any, ids: Mapping[str, list[Any]]) -> Any:
    """The same schema, where one of these ids stands for each named one."""
    if isinstance(schema, list):
        return [at_hand(each, ids) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return {"enum": ids[name]} if name in ids else {key: at_hand(each, ids) for key, each in schema.items()}


def at_home(furnished: Furnished, path: str) -> dict[str, Any]:
    """The document of one path, with ids of this world in it, and with no unknown field allowed in an answer."""
    found = json.loads(json.dumps({**DOCUMENT, "paths": {path: DOCUMENT["paths"][path]}}))
    ids = furnished.ids | {"ConfigId": furnished.ids["ConfigId"]["join_way" in path :][:1]}
    (one,) = found["paths"][path].values()
    one["responses"]["200"]["content"]["application/json"]["schema"] = closed(answered(path))
    for parameter in one.get("parameters", ()):
        known = {"corpid": CORP_ID, "corpsecret": SECRETS["contact"]}.get(parameter["name"])
        if known:
            parameter["schema"] = {"enum": [known]}
    for name in one.keys() & {"parameters", "requestBody"}:
        one[name] = at_hand(one[name], ids)
    if "requestBody" in one:
        fields = one["requestBody"]["content"]["application/json"]["schema"]["properties"]
        for name in fields.keys() & {"handover_userid", "takeover_userid", "new_owner"}:
            fields[name] = {"enum": [furnished.giver if name == "handover_userid" else furnished.taker]}
    return found


def run(office: Office, furnished: Furnished, path: str, mode: GenerationMode, examples: int) -> list[int]:
    """Call one API so many times; the errcodes. What was done kept to the document on both sides."""
    if path in OF_LEAVERS:
        control.delete_member(office.world, furnished.giver)
    schema = schemathesis.openapi.from_dict(at_home(furnished, path))
    schema.app = office.http._transport.app
    kinds = ROUTES[path].kinds if path in ROUTES else frozenset(("contact",))
    token = office.token(next(each for each in ("contact", "directory", "archive") if each in kinds))
    (one,) = (each.ok() for each in schema.get_all_operations())
    told: list[int] = []

    @settings(max_examples=examples, **REPEATABLE)
    @given(case=one.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        response = case.call(params={"access_token": token})
        case.validate_response(response, checks=CHECKS)
        errcode = response.json()["errcode"]
        told.append(errcode)
        if errcode == 0 and isinstance(case.body, dict):
            assert not faults(asked(path), heeded(path, case.body))

    call()
    return told


def without_nulls(value: Any) -> Any:
    """The same without fields that are null, which count as not sent."""
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(each) for name, each in value.items() if each is not None}


def heeded(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body without what the API does not look at: nulls, parts of a message that it does not send, and the like."""
    sent = without_nulls(body)
    if "group_welcome_template" in path:
        parts = [name for name in ("image", "link", "miniprogram", "file", "video") if name in sent]
        return {name: value for name, value in sent.items() if name not in parts[1:]}
    if path.endswith("add_corp_tag") and "group_id" in sent:
        return {name: value for name, value in sent.items() if name not in ("group_name", "order")}
    if path.endswith("message/send"):
        return {name: value for name, value in sent.items() if name not in {*NOTICES} - {sent["msgtype"]}}
    if path.endswith("_link") and sent.get("priority_option", {}).get("priority_type") != 2:
        return {name: value for name, value in sent.items() if name != "priority_option"}
    if path.endswith("_contact_way") and not sent.get("is_temp"):
        return {name: sent[name] for name in sent.keys() - {"conclusions", "expires_in", "chat_expires_in", "unionid"}}
    return sent


@pytest.mark.parametrize("path", PATHS)
def test_what_the_document_allows_is_answered_as_it_says(office: Office, furnished: Furnished, path: str) -> None:
    told = run(office, furnished, path, GenerationMode.POSITIVE, 8)
    assert (0 in told) == (path not in NEVER_DONE)


@pytest.mark.parametrize("path", PATHS)
def test_what_the_document_forbids_is_refused(office: Office, furnished: Furnished, path: str) -> None:
    run(office, furnished, path, GenerationMode.NEGATIVE, 4)


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("path", PATHS)
def test_many_calls_keep_to_it(office: Office, furnished: Furnished, path: str, mode: GenerationMode) -> None:
    assert len(run(office, furnished, path, mode, 200)) > 0


def test_other_methods_and_other_paths_are_refused_and_do_nothing(office: Office) -> None:
    token = {"access_token": office.token()}
    for path in (*PATHS, "/cgi-bin/externalcontact/nothing", "/"):
        documented = DOCUMENT["paths"].get(path, {})
        for method in METHODS:
            if method.lower() in documented:
                continue
            answer = office.http.request(method, path, params=token)
            assert answer.status_code == 200
            assert not faults(DOCUMENT["components"]["schemas"]["Refused"], answer.json()), (method, path)
            assert not office.last().applied
