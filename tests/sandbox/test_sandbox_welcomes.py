"""Welcome messages and group welcome templates."""

from typing import Any

import pytest

from wecrm.sandbox import control

TEXT = {"content": "您好"}
LINK = {"title": "t", "url": "https://example.com"}


@pytest.fixture
def code(office: Any) -> str:
    """A fresh welcome_code."""
    way = next(code for code in control.code_truth(office.world) if code.usable)
    control.scan(office.world, way.id)
    return list(control.came(office.world, way.id))[-1].welcome_code


def test_a_welcome_code_works_once(office: Any, code: str) -> None:
    assert office.ec("send_welcome_msg", "second", welcome_code=code, text=TEXT)["errcode"] == 0
    assert office.ec("send_welcome_msg", welcome_code=code, text=TEXT)["errcode"] == 41051


def test_a_welcome_code_works_for_20_seconds(office: Any, code: str) -> None:
    control.advance(office.world, 21)
    assert office.ec("send_welcome_msg", welcome_code=code, text=TEXT)["errcode"] == 41050


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"text": {"content": "字" * 1334}}, 45002),
        ({"attachments": [{"msgtype": "link", "link": LINK}] * 10}, 41064),
        ({"attachments": [{"msgtype": "voice", "voice": {}}]}, 41065),
        ({"attachments": [{"msgtype": "link", "image": {"media_id": "x"}}]}, 41088),
        ({"attachments": [{"msgtype": "miniprogram", "miniprogram": {"title": "t"}}]}, 40063),
        ({"attachments": [{"msgtype": "image", "image": {}}]}, 40063),
        ({"text": TEXT, "welcome_code": "x"}, 41050),
        ({"text": TEXT, "welcome_code": ""}, 41049),
    ],
)
def test_a_refused_greeting_leaves_the_code_unused(office: Any, code: str, body: dict[str, Any], errcode: int) -> None:
    assert office.ec("send_welcome_msg", **{"welcome_code": code, **body})["errcode"] == errcode
    good = [{"msgtype": "link", "link": LINK}]
    assert office.ec("send_welcome_msg", welcome_code=code, attachments=good)["errcode"] == 0


def template(office: Any, path: str, app: str = "contact", **body: Any) -> dict[str, Any]:
    return office.ec(f"group_welcome_template/{path}", app, **body)  # type: ignore[no-any-return]


def test_a_template_keeps_the_text_and_the_first_other_part(office: Any) -> None:
    made = template(office, "add", text=TEXT, video={"media_id": "V"}, link=LINK, notify=0)["template_id"]
    assert template(office, "get", template_id=made) == {"errcode": 0, "errmsg": "ok", "text": TEXT, "link": LINK}
    assert template(office, "edit", template_id=made, image={"media_id": "M"})["errcode"] == 0
    (image,) = [v for k, v in template(office, "get", template_id=made).items() if k == "image"]
    assert set(image) == {"pic_url"}
    assert template(office, "del", template_id=made)["errcode"] == 0
    assert template(office, "get", template_id=made)["errcode"] == 40058


def test_a_template_belongs_to_its_app(office: Any) -> None:
    made = template(office, "add", text=TEXT)["template_id"]
    assert template(office, "edit", "second", template_id=made, text=TEXT)["errcode"] == 41058
    assert template(office, "del", "second", template_id=made)["errcode"] == 41058
    assert template(office, "get", template_id=made)["text"] == TEXT


def test_a_template_is_refused(office: Any) -> None:
    assert template(office, "add")["errcode"] == 40063
    assert template(office, "add", text={"content": "a" * 3001})["errcode"] == 45002
    assert template(office, "add", text=TEXT, notify=2)["errcode"] == 40058
    made = template(office, "add", text={"content": "a" * 3000})["template_id"]
    assert template(office, "edit", template_id=made, text={"content": "a" * 4000})["errcode"] == 0
    assert template(office, "edit", template_id=made, text={"content": "a" * 4001})["errcode"] == 45002


def test_a_corp_has_100_templates(office: Any) -> None:
    codes = [template(office, "add", text=TEXT)["errcode"] for _ in range(101)]
    assert codes == [0] * 100 + [41055]
