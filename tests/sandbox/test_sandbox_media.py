"""media/upload and media/get: files of four kinds, kept for three days."""

from typing import Any

import httpx
import pytest

from wecrm.sandbox import control

DAY_S = 86_400
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(99)
MB = 1024 * 1024


def upload(office: Any, kind: str, content: bytes, app: str = "contact", name: str = "茶单.bin") -> dict[str, Any]:
    params = {"access_token": office.token(app), "type": kind}
    answer = office.http.post("/cgi-bin/media/upload", params=params, files={"media": (name, content, "x/y")})
    found: dict[str, Any] = answer.json()
    return found


def fetch(office: Any, media_id: str, app: str = "contact") -> httpx.Response:
    params = {"access_token": office.token(app), "media_id": media_id}
    answer: httpx.Response = office.http.get("/cgi-bin/media/get", params=params)
    return answer


def test_a_file_comes_back_byte_for_byte_to_every_app_of_the_corp(office: Any) -> None:
    made = upload(office, "image", PNG)
    assert (made["errcode"], made["errmsg"], made["type"]) == (0, "", "image")
    assert made["created_at"] == str(int(control.now(office.world)))
    got = fetch(office, made["media_id"], "other")
    assert got.content == PNG
    assert got.headers["content-type"] == "x/y"
    assert "filename" in got.headers["content-disposition"]
    assert fetch(office, "nothing").json()["errcode"] == 40007


def test_after_three_days_it_is_gone(office: Any) -> None:
    media_id = upload(office, "file", b"123456")["media_id"]
    office.later(3 * DAY_S - 60)
    assert fetch(office, media_id).content == b"123456"
    office.later(120)
    assert fetch(office, media_id).json()["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("image", b"\xff\xd8\xff" + bytes(10 * MB - 3), 0),
        ("image", b"\xff\xd8\xff" + bytes(10 * MB), 45001),
        ("image", b"GIF89a" + bytes(99), 40004),
        ("voice", b"#!AMR\n" + bytes(99), 0),
        ("voice", b"#!AMR\n" + bytes(2 * MB), 45001),
        ("voice", MP4, 40004),
        ("video", MP4, 0),
        ("video", PNG, 40004),
        ("file", bytes(20 * MB), 0),
        ("file", bytes(20 * MB + 1), 45001),
        ("file", b"12345", 40006),
        ("file", b"", 44001),
        ("icon", PNG, 40005),
    ],
)
def test_each_kind_has_its_form_and_size(office: Any, kind: str, content: bytes, errcode: int) -> None:
    assert upload(office, kind, content)["errcode"] == errcode


def test_a_body_that_is_no_form_or_has_no_media_is_refused(office: Any) -> None:
    params = {"access_token": office.token(), "type": "file"}
    for options in ({"content": b"{}"}, {"files": {"medium": ("a", b"123456")}}, {"content": b"--x\r\n"}):
        answer = office.http.post("/cgi-bin/media/upload", params=params, **options)
        assert answer.json()["errcode"] == 44001
    assert office.last().applied is False


def test_contacts_sync_and_the_archive_have_no_media(office: Any) -> None:
    for app in ("directory", "archive"):
        assert upload(office, "file", b"123456", app)["errcode"] == 48002


def test_faults_strike_files_too(office: Any) -> None:
    media_id = upload(office, "file", b"123456")["media_id"]
    for kind in ("wrong_type", "garbage", "http502"):
        control.add_fault(office.world, kind=kind, path="media/get")
        assert fetch(office, media_id).content != b"123456"
    assert fetch(office, media_id).content == b"123456"
