"""`livecodes qr`: each picture says what its code says, files are safe, and what can't be done is explained."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Wecrm
from tests.files import fonts
from tests.files.printed import dots, said, smudged
from wecrm.sandbox import control

CODES = """
codes:
- name: 双11-海报
  channel: poster
  members: [{member}]
- name: ../../逃逸
  channel: escape
  members: [{member}]
- name: A/B
  members: [{member}]
- name: a:b
  members: [{member}]
- name: 按钮
  scene: button
  members: [{member}]
- name: 会员群
  kind: group
  channel: room
  groups: [{chat}]
  until: 2026-12-31
- name: 官网
  kind: link
  channel: 官网 首页&x
  members: [{member}]
"""
OWN = ("双11-海报", "../../逃逸", "A/B", "a:b", "会员群", "官网")


@pytest.fixture(scope="module")
def shop(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """A corp with codes of every kind; shared, so nobody may change it."""
    home = tmp_path_factory.mktemp("shop") / "home"
    shutil.copytree(filled, home)
    wecrm = Wecrm(home)
    member = wecrm.sql("SELECT userid FROM member WHERE status = 1 AND follows ORDER BY userid")[0][0]
    chat = wecrm.sql("SELECT chat_id FROM group_chat ORDER BY chat_id")[0][0]
    (home / "codes.yaml").write_text(CODES.format(member=member, chat=chat), encoding="utf-8")
    result = wecrm("livecodes", "push", str(home / "codes.yaml"), "--yes")
    assert result.code == 0, result.err
    return wecrm


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def logo(tmp_path: Path) -> str:
    Image.new("RGBA", (200, 120), "navy").save(tmp_path / "logo.png")
    return str(tmp_path / "logo.png")


@pytest.fixture
def font(tmp_path: Path) -> str:
    return str(fonts.write(tmp_path / "few.ttf", "双1-海报官网会员群"))


def truth(wecrm: Wecrm, name: str) -> str:
    """What a phone is to find in the code of that name."""
    kind, id_ = wecrm.sql("SELECT kind, code_id FROM live_code WHERE name = ?", name)[0]
    with wecrm.world() as world:
        code = next(code for code in control.code_truth(world) if code.id == id_)
    return code.url if kind == "link" else code.target


def all_truth(wecrm: Wecrm) -> list[str]:
    """The same of every code in the cache; a button has no `url`."""
    known = {id_ for (id_,) in wecrm.sql("SELECT code_id FROM live_code")}
    with wecrm.world() as world:
        codes = [code for code in control.code_truth(world) if code.id in known and code.url]
    return [code.url if code.kind == "link" else code.target for code in codes]


@pytest.mark.parametrize("name", ["双11-海报", "会员群", "官网"])
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_code_of_every_kind_is_read_with_the_logo_on_at_two_centimetres(
    shop: Wecrm, here: Path, logo: str, font: str, name: str, ending: str
) -> None:
    result = shop("livecodes", "qr", name, "-o", f"x.{ending}", "--logo", logo, "--size", "2cm", "--font", font)
    assert result.code == 0, result.err
    image = dots((here / "x.png").read_bytes() if ending == "png" else (here / "x.svg").read_text("utf-8"))
    assert image.width == 236 < image.height
    channel = "?customer_channel=%E5%AE%98%E7%BD%91%20%E9%A6%96%E9%A1%B5%26x" if name == "官网" else ""
    assert said(image) == said(smudged(image)) == [truth(shop, name) + channel]


def test_all_codes_go_into_one_folder_and_each_is_read(shop: Wecrm, here: Path) -> None:
    result = shop("livecodes", "qr", "--all", "-o", "codes", "--caption", "none")
    assert result.code == 0, result.err
    assert "1 are buttons" in result.err
    found = [said(dots(path.read_bytes()))[0].partition("?")[0] for path in (here / "codes").iterdir()]
    assert sorted(found) == sorted(all_truth(shop))


def test_hostile_names_stay_in_the_folder_and_are_told_apart(shop: Wecrm, here: Path) -> None:
    result = shop("livecodes", "qr", *OWN, "-o", "codes", "--format", "svg")
    assert result.code == 0, result.err
    names = sorted(path.name for path in here.rglob("*") if path.is_file())
    assert len(names) == len(OWN)
    assert all((here / "codes" / name).is_file() for name in names)
    assert [name for name in names if name.lower().startswith("a_b")] == sorted(
        ["A_B.svg", f"a_b-{shop.sql('SELECT code_id FROM live_code WHERE name = ?', 'a:b')[0][0]}.svg"]
    )
    assert "_._.._逃逸.svg" in names


def test_codes_are_chosen_by_a_condition_or_an_id(shop: Wecrm, here: Path) -> None:
    assert shop("livecodes", "qr", "--where", "kind = 'group'", "-o", "codes", "--caption", "none").code == 0
    assert [path.name for path in (here / "codes").iterdir()] == ["会员群.png"]
    id_ = shop.sql("SELECT code_id FROM live_code WHERE name = ?", "双11-海报")[0][0]
    assert shop("livecodes", "qr", id_, "-o", "x.png", "--caption", "none").code == 0
    assert said(dots((here / "x.png").read_bytes())) == [truth(shop, "双11-海报")]


def test_another_channel_is_for_links_alone(shop: Wecrm, here: Path) -> None:
    assert shop("livecodes", "qr", "官网", "-o", "x.svg", "--channel", "flyer-7").code == 0
    assert said(dots((here / "x.svg").read_text("utf-8"))) == [truth(shop, "官网") + "?customer_channel=flyer-7"]
    assert shop("livecodes", "qr", "官网", "-o", "y.svg", "--channel", "").code == 0
    assert said(dots((here / "y.svg").read_text("utf-8"))) == [truth(shop, "官网")]
    refused = shop("livecodes", "qr", "双11-海报", "-o", "z.svg", "--channel", "flyer-7")
    assert refused.code == 2
    assert "Only links" in refused.err


@pytest.mark.parametrize(("channel", "code"), [("x" * 64, 0), ("x" * 65, 2), ("渠" * 21 + "x", 0), ("渠" * 22, 2)])
def test_a_channel_that_wecom_would_cut_is_refused(shop: Wecrm, here: Path, channel: str, code: int) -> None:
    result = shop("livecodes", "qr", "官网", "-o", "x.png", "--channel", channel, "--caption", "none")
    assert result.code == code, result.err
    assert (here / "x.png").exists() is (code == 0)
    if code:
        assert "64" in result.err


def test_a_code_too_fine_for_its_size_is_drawn_with_a_warning(shop: Wecrm, here: Path, logo: str) -> None:
    argv = ("livecodes", "qr", "官网", "-o", "x.svg", "--logo", logo, "--channel", "渠" * 21, "--force")
    result = shop(*argv, "--size", "20mm")
    assert result.code == 0
    needed = re.search(r"--size (\d+mm)", result.err)
    assert needed
    assert "--size" not in shop(*argv, "--size", needed[1]).err


def test_a_button_has_no_code_and_the_error_says_why(shop: Wecrm, here: Path) -> None:
    result = shop("livecodes", "qr", "按钮", "-o", "x.png")
    assert result.code == 2
    assert "button in a mini program" in result.err
    assert not (here / "x.png").exists()


def test_a_deleted_code_is_not_printed_any_more(synced: Wecrm, here: Path) -> None:
    id_ = synced.sql("SELECT code_id FROM live_code WHERE kind = 'contact' AND url <> ''")[0][0]
    change(synced, "UPDATE live_code SET gone_at = 1 WHERE code_id = ?", id_)
    result = synced("livecodes", "qr", id_, "-o", "x.png")
    assert result.code == 2
    assert "does not exist any more" in result.err
    assert synced("livecodes", "qr", "--where", f"code_id = '{id_}'", "-o", "x.png").code == 2
    assert not any(here.iterdir())


# -- captions


def test_a_caption_without_a_font_for_it_is_left_out_and_told(
    shop: Wecrm, here: Path, font: str, tmp_path: Path
) -> None:
    told = shop("livecodes", "qr", "双11-海报", "-o", "x.png", "--font", str(fonts.write(tmp_path / "a.ttf", "abc")))
    assert told.code == 0
    assert "双11-海报" in told.err
    assert "--font" in told.err
    assert Image.open(here / "x.png").size == (472, 472)
    silent = shop("livecodes", "qr", "双11-海报", "-o", "y.png", "--font", font)
    assert "--font" not in silent.err
    assert Image.open(here / "y.png").height > 472


def test_a_caption_may_name_code_and_channel(shop: Wecrm, here: Path) -> None:
    caption = "扫码 {name} <{channel}>"
    assert shop("livecodes", "qr", "双11-海报", "会员群", "-o", "c", "-f", "svg", "--caption", caption).code == 0
    assert "扫码 双11-海报 &lt;poster&gt;</text>" in joined((here / "c" / "双11-海报.svg").read_text("utf-8"))
    assert "扫码 会员群 &lt;room&gt;</text>" in joined((here / "c" / "会员群.svg").read_text("utf-8"))


def joined(svg: str) -> str:
    """The caption's lines as one."""
    return re.sub(r"</text><text[^>]*>", " ", svg)


# -- files


def test_a_file_that_is_there_is_replaced_only_with_force(shop: Wecrm, here: Path) -> None:
    (here / "x.png").write_text("mine")
    (here / "codes").mkdir()
    (here / "codes" / "双11-海报.png").write_text("mine")
    (here / "s.html").write_text("mine")
    argv = ("livecodes", "qr", "双11-海报", "--caption", "none")
    for where in (("-o", "x.png"), ("-o", "codes"), ("--sheet", "s.html")):
        refused = shop(*argv, *where)
        assert refused.code == 2
        assert "--force" in refused.err
    assert {path.read_text() for path in here.rglob("*") if path.is_file()} == {"mine"}
    for where in (("-o", "x.png"), ("-o", "codes"), ("--sheet", "s.html")):
        assert shop(*argv, *where, "--force").code == 0
    assert not [path for path in here.rglob("*") if path.is_file() and path.read_bytes() == b"mine"]


def test_as_is_does_not_replace_a_picture_of_another_format_either(shop: Wecrm, here: Path) -> None:
    (here / "双11-海报.jpg").write_text("mine")
    assert shop("livecodes", "qr", "双11-海报", "-o", ".", "--as-is").code == 2
    assert [path.name for path in here.iterdir()] == ["双11-海报.jpg"]


def test_a_dry_run_writes_no_file(shop: Wecrm, here: Path) -> None:
    for where in (("-o", "codes"), ("--sheet", "s.html")):
        assert shop("livecodes", "qr", "--all", *where, "--dry-run").code == 0
    assert not any(here.iterdir())


def test_wecoms_own_picture_is_saved_untouched(shop: Wecrm, here: Path) -> None:
    assert shop("livecodes", "qr", "双11-海报", "-o", "own", "--as-is").code == 0
    content = (here / "own" / "双11-海报.png").read_bytes()
    assert said(dots(content)) == [truth(shop, "双11-海报")]
    link = shop("livecodes", "qr", "官网", "-o", "own", "--as-is")
    assert link.code == 2
    assert "has no picture" in link.err


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("双11-海报",), "--sheet"),
        (("双11-海报", "-o", "x.png", "--sheet", "s.html"), "--sheet"),
        (("-o", "x.png"), "--where"),
        (("双11-海报", "--all", "-o", "x"), "--where"),
        (("双11-海报", "官网", "-o", "x.png"), "folder"),
        (("双11-海报", "-o", "x.jpg"), "folder"),
        (("双11-海报", "-o", "x.png", "-f", "svg"), "--format"),
        (("双11-海报", "-o", "x", "-f", "gif"), "png or svg"),
        (("双11-海报", "-o", "x.png", "--size", "4in"), "--size"),
        (("双11-海报", "-o", "x.png", "--size", "1mm"), "--size"),
        (("双11-海报", "-o", "x.png", "--size", "3m"), "--size"),
        (("双11-海报", "-o", "x.png", "--size", "5mm"), "--size"),
        (("双11-海报", "-o", "x.png", "--size", "200cm"), "svg"),
        (("双11-海报", "-o", "x.png", "--dpi", "10"), "--dpi"),
        (("双11-海报", "-o", "x.png", "--as-is", "--caption", "a"), "--as-is"),
        (("双11-海报", "-o", "x.png", "--caption", "长" * 60), "--caption"),
        (("双11-海报", "-o", "missing/folder/x.png"), "x.png"),
        (("双11-海报", "-o", "missing/folder"), "missing"),
        (("双11-海报", "--sheet", "s.pdf"), "HTML"),
        (("双11-海报", "--sheet", "s.html", "--size", "25cm"), "A4"),
        (("双11海报", "-o", "x.png"), "Did you mean"),
        (("--where", "name = 'nobody'", "-o", "x"), "no such live code"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    shop: Wecrm, here: Path, argv: tuple[str, ...], word: str
) -> None:
    result = shop("livecodes", "qr", *argv)
    assert result.code == 2, result.err
    assert word in result.err
    assert not [path for path in here.rglob("*") if path.is_file()]


# -- what fails on the way


def change(wecrm: Wecrm, sql: str, *params: object) -> None:
    """Write to the cache behind wecrm's back."""
    with sqlite3.connect(wecrm.database) as db:
        db.execute(sql, params)


def lose(wecrm: Wecrm, ids: list[str]) -> None:
    """Let the pictures of these codes lead nowhere."""
    for id_ in ids:
        change(
            wecrm,
            "UPDATE live_code SET code = json_set(code, '$.url', 'https://wework.qpic.cn/wwpic/none/0') "
            "WHERE code_id = ?",
            id_,
        )


def ways(wecrm: Wecrm) -> list[str]:
    return [id_ for (id_,) in wecrm.sql("SELECT code_id FROM live_code WHERE kind = 'contact' ORDER BY code_id")]


def test_one_picture_that_cannot_be_fetched_does_not_stop_the_others(synced: Wecrm, here: Path) -> None:
    lose(synced, ways(synced)[:1])
    result = synced("livecodes", "qr", "--all", "-o", "codes", "--caption", "none")
    assert result.code == 3
    assert "1 of 8 could not be drawn" in result.err
    assert len(list((here / "codes").iterdir())) == 7
    sheet = synced("livecodes", "qr", "--all", "--sheet", "s.html")
    assert sheet.code == 3
    assert (here / "s.html").read_text("utf-8").count("<svg") == 7


def test_one_code_alone_ends_with_the_error_itself(synced: Wecrm, here: Path) -> None:
    lose(synced, ways(synced)[:1])
    assert synced("livecodes", "qr", ways(synced)[0], "-o", "x.png").code == 5
    assert not (here / "x.png").exists()


def test_pictures_that_all_fail_are_not_asked_for_one_by_one(synced: Wecrm, here: Path) -> None:
    lose(synced, ways(synced))
    result = synced("livecodes", "qr", "--where", "kind = 'contact'", "--sheet", "s.html")
    assert result.code == 5
    assert result.err.count("HTTP 404") == 3  # two are told and passed over, the third is the end
    assert not (here / "s.html").exists()


# -- the sheet


def test_the_sheet_shows_every_code_with_name_channel_and_last_day(shop: Wecrm, here: Path, logo: str) -> None:
    result = shop("livecodes", "qr", *OWN, "--sheet", "双11.html", "--logo", logo, "--caption", "扫码添加")
    assert result.code == 0, result.err
    html = (here / "双11.html").read_text("utf-8")
    found = [said(dots(svg))[0].partition("?")[0] for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]
    assert found == [truth(shop, name) for name in OWN]
    for text in ("<title>双11</title>", "../../逃逸", "官网 首页&amp;x", "2026-12-31", "扫码添加", "2026-"):
        assert text in html


def test_the_sheet_speaks_chinese(shop: Wecrm, here: Path) -> None:
    assert shop("livecodes", "qr", "会员群", "--sheet", "s.html", "--lang", "zh").code == 0
    html = (here / "s.html").read_text("utf-8")
    assert '<html lang="zh">' in html
    assert "最后一天" in html


# -- without the extra


def bare(shop: Wecrm, tmp_path: Path, missing: str, *argv: str) -> "subprocess.CompletedProcess[str]":
    """The command line on a machine where a library is not installed."""
    blocked = tmp_path / "blocked" / missing
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text(f"raise ModuleNotFoundError('No module named {missing}', name='{missing}')")
    env = {**os.environ, "WECRM_HOME": str(shop.home), "WECRM_PROFILE": "sandbox", "PYTHONPATH": str(blocked.parent)}
    return subprocess.run(
        [sys.executable, "-m", "wecrm", *argv], env=env, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize("missing", ["PIL", "zxingcpp"])
def test_without_the_libraries_the_command_that_installs_them_is_named(
    shop: Wecrm, here: Path, tmp_path: Path, missing: str
) -> None:
    done = bare(shop, tmp_path, missing, "livecodes", "qr", "双11-海报", "-o", "x.png")
    assert done.returncode == 4, done.stderr
    assert "pip install 'wecrm[qr]'" in done.stderr
    assert missing in done.stderr
    assert not (here / "x.png").exists()


def test_wecoms_own_pictures_and_svg_of_links_need_no_library(shop: Wecrm, here: Path, tmp_path: Path) -> None:
    done = bare(shop, tmp_path, "PIL", "livecodes", "qr", "双11-海报", "-o", "x.png", "--as-is")
    assert done.returncode == 0, done.stderr
    (tmp_path / "blocked").rename(tmp_path / "before")
    done = bare(shop, tmp_path, "PIL", "livecodes", "qr", "官网", "-o", "x.svg")
    assert done.returncode == 0, done.stderr
    assert said(dots((here / "x.svg").read_text("utf-8")))[0].startswith(truth(shop, "官网"))
