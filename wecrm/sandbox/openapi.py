"""The OpenAPI document of what is simulated: `GET /_sandbox/openapi.json`."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import msgspec

from wecrm.sandbox.pages.all_pages import PAGES
from wecrm.sandbox.pages.schemas import COMPONENTS, Page, Schema, record
from wecrm.sandbox.routes import GETTOKEN, ROUTES

ADDRESS: Final = "/_sandbox/openapi.json"
_HEAD: Final = {"errcode": {"type": "integer", "const": 0}, "errmsg": {"type": "string"}}


@cache
def document() -> bytes:
    """The document, OpenAPI 3.1 as JSON; the same in every world.

    Every answer has status 200: it is either refused (errcode is not 0) or what the page of the API says. Fields
    beyond those named are allowed everywhere, as the platform adds some from time to time. `x-doc-path` is the number
    of the official page.
    """
    return msgspec.json.encode(_document())


def _document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "WeCom as wecrm sandbox simulates it",
            "version": "1",
            "description": "Every answer has HTTP status 200. errcode 0 is success; any other number is a refusal.",
        },
        "paths": {path: {_method(path).lower(): _operation(path, page)} for path, page in PAGES.items()},
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"token": {"type": "apiKey", "in": "query", "name": "access_token"}},
        },
    }


def _method(path: str) -> str:
    return "GET" if path == GETTOKEN else ROUTES[path].method


def _operation(path: str, page: Page) -> dict[str, Any]:
    done = record(" ".join((*_HEAD, *page.answers.get("required", ()))), **{**_HEAD, **page.answers["properties"]})
    found: dict[str, Any] = {
        "operationId": path.removeprefix("/cgi-bin/").replace("/", "_"),
        "summary": page.summary,
        "x-doc-path": page.doc,
        "security": [] if path == GETTOKEN else [{"token": []}],
        "responses": {
            "200": {
                "description": "Done or refused",
                "content": {
                    "application/json": {"schema": {"oneOf": [{"$ref": "#/components/schemas/Refused"}, done]}}
                },
            }
        },
    }
    if _method(path) == "GET":
        found["parameters"] = list(_parameters(page.asks))
    else:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": page.asks}}}
    return found


def _parameters(asks: Schema) -> Iterator[dict[str, Any]]:
    required = asks.get("required", ())
    for name, schema in asks["properties"].items():
        yield {"name": name, "in": "query", "required": name in required, "schema": schema}
