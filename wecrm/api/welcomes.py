"""Templates of the message that welcomes customers in a group (入群欢迎语素材). WeCom has no list of them.

A template greets nobody until a member or an administrator attaches it to a group.
"""

import msgspec

from wecrm.api.answers import Envelope
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.errors import ApiError
from wecrm.models.welcome import WelcomeTemplate

_AT = "/cgi-bin/externalcontact/group_welcome_template"
ADD = Endpoint("POST", f"{_AT}/add", doc=92366, effect="once")
EDIT = Endpoint("POST", f"{_AT}/edit", doc=92366, effect="same")
GET = Endpoint("POST", f"{_AT}/get", doc=92366, effect="read")
DELETE = Endpoint("POST", f"{_AT}/del", doc=92366, effect="same")

UNKNOWN = frozenset((40058,))
"""Errcodes of an id that was deleted or never was; no page names one, and `get` sends nothing but the id."""
FOREIGN = 41058
"""Made by another app."""


class _Added(msgspec.Struct, frozen=True):
    template_id: str


def add(client: Client, template: WelcomeTemplate, *, notify: bool) -> str:
    """Make a template; its new id, which no list will ever tell again (doc 92366).

    Args:
        notify: whether the members are told that they can use it.

    Raises:
        ApiError: 41055 the corp has 100 templates; 41088 nothing in it.
    """
    return client.call(ADD, _Added, body={**_parts(template), "notify": int(notify)}).template_id


def edit(client: Client, template_id: str, template: WelcomeTemplate) -> None:
    """Replace the parts of a template (doc 92366).

    Raises:
        ApiError: 41058 made by another app.
    """
    client.call(EDIT, Envelope, body={"template_id": template_id, **_parts(template)})


def get(client: Client, template_id: str) -> WelcomeTemplate:
    """The parts of a template; its image has a `pic_url` and no `media_id` (doc 92366).

    Raises:
        ApiError: `UNKNOWN` deleted, or never there.
    """
    return client.call(GET, WelcomeTemplate, body={"template_id": template_id})


def delete(client: Client, template_id: str) -> None:
    """Delete a template; one that WeCom calls unknown counts as deleted (doc 92366).

    Raises:
        ApiError: 41058 made by another app.
    """
    try:
        client.call(DELETE, Envelope, body={"template_id": template_id})
    except ApiError as error:
        if error.errcode not in UNKNOWN:
            raise


def _parts(template: WelcomeTemplate) -> dict[str, object]:
    parts: dict[str, object] = msgspec.to_builtins(template)
    return parts
