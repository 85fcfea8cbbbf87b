"""Archived messages as values: every documented type, and anything that could come instead."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecrm import i18n
from wecrm.models import message as messages
from wecrm.models.message import MediaRef, UnreadableMessage, media, parse, searchable, summary
from wecrm.models.messagetypes import TYPES
from wecrm.models.messagetypes.body import Body, Other
from wecrm.models.messagetypes.bundles import ChatRecord, Item, Mixed
from wecrm.models.messagetypes.words import Text

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(GOLDEN.glob("*.json"))}
PICTURE = MediaRef("SDKFILEID", "image", "jpg", "", 13000, "0123")

SAID = {
    "agree": ("[agreed to archiving] wmEXAMPLE01", ""),
    "calendar": ("[calendar] Review", "Review\nAnn\nBob"),
    "card": ("[card] Example Co wmEXAMPLE02", "Example Co\nwmEXAMPLE02"),
    "chatrecord": ("[forwarded chat] Chat: hi / [image] 13 KB", "Chat\nhi"),
    "collect": ("[form] Form Name", "Form\nName"),
    "disagree": ("[objected to archiving] wmEXAMPLE01", ""),
    "docmsg": ("[document] Doc https://doc.example.test/1", "Doc\nhttps://doc.example.test/1"),
    "emotion": ("[sticker]", ""),
    "external_redpacket": ("[red packet] W 0.20 yuan in 2", "W"),
    "file": ("[file] plan.docx 18 KB", "plan.docx"),
    "image": ("[image] 70 KB", ""),
    "link": ("[link] T D https://example.test/a", "T\nD\nhttps://example.test/a"),
    "location": ("[location] Office 1 Example Rd", "Office\n1 Example Rd"),
    "markdown": ("**note**", "**note**"),
    "meeting": ("[answer to a meeting] Sync: joins", "Sync"),
    "meeting_notification": ("[meeting] Meeting ended", "Meeting ended"),
    "meeting_voice_call": ("[recorded meeting] a.docx", "a.docx"),
    "mixed": ("hi [image] 13 KB", "hi"),
    "news": ("[article] T D https://example.test/n", "T\nD\nhttps://example.test/n"),
    "note": ("[note] a note b.png", "a note\nb.png"),
    "qydiskfile": ("[WeDrive file] log.txt", "log.txt"),
    "redpacket": ("[red packet] W 30.00 yuan in 1", "W"),
    "revoke": ("[revoked a message]", ""),
    "solitaire": ("[solitaire] Who joins? Ann", "Who joins?\nAnn"),
    "sphfeed": ("[channels] Channel D", "Channel\nD"),
    "switch": ("[went to another corp] ann", ""),
    "text": ("hello", "hello"),
    "todo": ("[to-do] From Do it", "From\nDo it"),
    "video": ("[video] 1:48 15 MB", ""),
    "voice": ("[voice] 10 s", ""),
    "voip_doc_share": ("[shared in a call] a.pdf 4.4 MB", "a.pdf"),
    "voiptext": ("[call] 9 s", ""),
    "vote": ("[vote] Lunch?: a / b", "Lunch?\na\nb"),
    "weapp": ("[mini program] Shop T D", "Shop\nT\nD"),
}

CARRIED = {
    "chatrecord": [PICTURE],
    "emotion": [MediaRef("SDKFILEID", "emotion", "gif", "", 9600, "0123")],
    "file": [MediaRef("SDKFILEID", "file", "docx", "plan.docx", 18000, "0123")],
    "image": [MediaRef("SDKFILEID", "image", "jpg", "", 70001, "0123456789abcdef0123456789abcdef")],
    "meeting_voice_call": [MediaRef("SDKFILEID", "meeting_voice_call", "mp4", "", None, "")],
    "mixed": [PICTURE],
    "note": [MediaRef("SDKFILEID", "note", "png", "b.png", 900, "")],
    "video": [MediaRef("SDKFILEID", "video", "mp4", "", 15000000, "0123")],
    "voice": [MediaRef("SDKFILEID", "voice", "amr", "", 6800, "0123")],
    "voip_doc_share": [MediaRef("SDKFILEID", "voip_doc_share", "pdf", "a.pdf", 4400000, "0123")],
}


def made(msgtype: str, **content: Any) -> messages.Message:
    """A message of that type with that content beside the common fields."""
    common = {"msgid": "m", "action": "send", "from": "ann", "tolist": ["wmEXAMPLE01"], "msgtime": 1790000000123}
    return parse(json.dumps({**common, "msgtype": msgtype, **content}).encode())


def test_every_documented_type_has_a_struct_and_a_sample() -> None:
    assert set(SAMPLES) == set(TYPES) | {"solitaire", "note"} == set(SAID)


@pytest.mark.parametrize("msgtype", SAMPLES)
def test_a_sample_of_each_type_is_read_summed_up_and_searched(msgtype: str) -> None:
    found = parse(SAMPLES[msgtype])
    assert found.raw == SAMPLES[msgtype]
    assert (found.msgtype, found.sender, found.msgtime) == (msgtype, "ann", 1790000000123)
    assert (summary(found), searchable(found)) == SAID[msgtype]
    assert list(media(found)) == CARRIED.get(msgtype, [])


@pytest.mark.parametrize("msgtype", TYPES)
def test_the_patient_reading_agrees_with_the_quick_one(msgtype: str) -> None:
    quick = parse(SAMPLES[msgtype])
    # a raw control character makes the quick one give up
    slow = parse(SAMPLES[msgtype].rstrip()[:-1] + b',"zz":"\x01"}')
    assert messages.body(slow) == messages.body(quick) != type(messages.body(quick))()


def test_summaries_speak_chinese() -> None:
    i18n.use("zh")
    assert summary(parse(SAMPLES["image"])) == "[图片] 70 KB"
    assert summary(parse(SAMPLES["file"])) == "[文件] plan.docx 18 KB"
    assert summary(parse(SAMPLES["revoke"])) == "[撤回]"
    assert summary(parse(SAMPLES["voiptext"])) == "[语音通话] 9 s"


def test_content_keeps_fields_that_nobody_knows() -> None:
    assert messages.content(made("text", text={"content": "x", "new": [1]})) == {"content": "x", "new": [1]}
    assert messages.content(made("text")) == {}


def test_a_reply_is_told_apart_from_what_it_quotes() -> None:
    text = "这是一条引用/回复消息：\n“王五：\n什么时候发货？”\n------\n明天"
    found = messages.body(made("text", text={"content": text}))
    assert isinstance(found, Text)
    assert found.quote() == ("王五：\n什么时候发货？", "明天")
    assert summary(made("text", text={"content": text})) == "明天 (in reply to: 王五： 什么时候发货？)"
    assert "什么时候发货" in searchable(made("text", text={"content": text}))


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (
            '这是一条引用/回复消息：\n"这是一条引用/回复消息：\n"a"\n------\nb"\n------\nc',
            '这是一条引用/回复消息：\n"a"\n------\nb',
        ),
        ("这是一条引用/回复消息：\nno marks\n------\nc", "no marks"),
    ],
)
def test_odd_quotes_are_found(text: str, quote: str) -> None:
    assert Text(text).quote() == (quote, "c")


@pytest.mark.parametrize(
    "text", ["", "------\nx", "这是一条引用/回复消息：", 'a\n这是一条引用/回复消息：\n"q"\n------\nr']
)
def test_other_texts_quote_nothing(text: str) -> None:
    assert Text(text).quote() is None


def test_both_forms_of_doubtful_types_are_read() -> None:
    assert searchable(made("vote", votetitle="Lunch?", voteitem=["a"], votetype=102)) == "Lunch?\na"
    assert searchable(made("meeting_notification", meeting_notification={"content": "Ended"})) == "Ended"
    assert searchable(made("news", info={"title": "T", "url": "u"})) == "T\nu"
    assert messages.body(made("collect", collect={"create_time": 1790000000})).create_time == "1790000000"  # type: ignore[attr-defined]
    assert messages.body(made("sphfeed", sphfeed={"feed_type": "4"})).feed_type == 4  # type: ignore[attr-defined]


def test_one_field_of_a_wrong_type_costs_only_itself() -> None:
    found = made("file", file={"filename": "a.pdf", "filesize": {"n": 1}, "sdkfileid": "S", "md5sum": None})
    assert media(found) == (MediaRef("S", "file", "pdf", "a.pdf", None, ""),)
    whole = parse(b'{"msgid":12,"from":["x"],"tolist":["a",3,null],"msgtime":"1790000000123","msgtype":"text"}')
    assert (whole.msgid, whole.sender, whole.tolist, whole.msgtime) == ("12", "", ("a", "3"), 1790000000123)


@pytest.mark.parametrize("number", ["9223372036854775808", "-1", "1e400", "9" * 5000, "NaN", "true", '"soon"'])
def test_a_time_that_no_database_holds_is_none(number: str) -> None:
    raw = b'{"msgid":"m","msgtype":"text","text":{"content":"x"},"msgtime":%s}' % number.encode()
    found = parse(raw)
    assert (found.msgid, found.msgtime, searchable(found)) == ("m", 0, "x")


def test_a_size_beyond_every_integer_is_none() -> None:
    (found,) = media(made("image", image={"sdkfileid": "S", "filesize": 2**63}))
    assert found.size is None


def test_control_characters_halves_of_pairs_and_broken_bytes_are_borne() -> None:
    raw = b'{"msgid":"m\\ud800","msgtype":"text","text":{"content":"a\x01\\udc00b\xff"}}'
    found = parse(raw)
    assert (found.msgid, searchable(found), found.raw) == ("m�", "a\x01�b�", raw)
    half = made("mixed", mixed={"item": [{"type": "text", "content": '{"content":"\\ud83d!"}'}]})
    assert searchable(half) == "�!"


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'"x"', b"<html>", b'{"msgid":', b"\xff\xfe", b'{"a":' * 5000])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        parse(raw)


def test_an_unknown_type_is_searched_and_its_files_found() -> None:
    found = made(
        "hologram", hologram={"title": "T", "scene": [{"caption": "C", "sdkfileid": "S", "filename": "a.glb"}]}
    )
    assert isinstance(messages.body(found), Other)
    assert searchable(found) == "T\nC\na.glb"
    assert media(found) == (MediaRef("S", "hologram", "glb", "a.glb", None, ""),)


def test_content_of_an_unknown_type_stands_anywhere() -> None:
    found = made("hologram", from_=3, body={"a": "A"}, list=[{"b": "B", "sdkfileid": "S"}], voipid="gr01")
    assert searchable(found) == "A\nB"
    assert media(found) == (MediaRef("S", "hologram", "", "", None, ""),)


def test_files_are_found_deep_inside() -> None:
    inner = {"type": "image", "content": json.dumps({"sdkfileid": "S1", "filesize": 1})}
    mixed = {"type": "ChatRecordMixed", "content": json.dumps({"item": [inner]}), "msgtime": 1790000000}
    loose = {"type": "ChatRecordFile", "content": {"sdkfileid": "S2", "filename": "a.b"}}
    nested = {"type": "chatrecord", "content": json.dumps({"title": "in", "item": [loose]})}
    found = made("chatrecord", chatrecord={"title": "out", "item": [mixed, nested, "odd", {"type": 5}]})
    assert [file.sdkfileid for file in media(found)] == ["S1", "S2"]
    assert searchable(found) == "out\nin\na.b"


def test_bundles_in_bundles_end_somewhere() -> None:
    deep: dict[str, Any] = {"title": "floor", "item": []}
    for n in range(60):
        deep = {"title": f"t{n}", "item": [{"type": "chatrecord", "content": deep}]}
    found = made("chatrecord", chatrecord=deep)
    assert searchable(found).split("\n") == [f"t{n}" for n in range(59, 50, -1)]
    assert media(found) == ()
    assert summary(found).startswith("[forwarded chat] t59: [forwarded chat] t58")


def test_times_of_items_are_seconds_or_milliseconds() -> None:
    assert Item(msgtime=1790000000).ms == Item(msgtime=1790000000000).ms == 1790000000000


def test_a_summary_is_one_short_line() -> None:
    found = made("text", text={"content": "a\nb\t" + "长" * 10_000})
    assert len(summary(found)) == 200
    assert summary(found).startswith("a b 长")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["text", "image", "ChatRecordText", '{"content":"x"}', '{"item":[{"type":"text"}]}', "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def mutated(raw: bytes, chance: random.Random, values: list[Any]) -> bytes:
    """A sample with some bytes changed, cut out or doubled, or some values replaced by others."""
    if chance.random() < 0.5:
        whole = json.loads(raw)
        for value in values:
            place, key = whole, chance.choice(sorted(whole))
            while isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.7:
                place = place[key]
                key = chance.choice(sorted(place)) if isinstance(place, dict) else chance.randrange(len(place))
            place[key] = value
        return json.dumps(whole).encode("utf-8", "surrogatepass")
    data = bytearray(raw)
    for _value in values:
        at = chance.randrange(len(data) or 1)
        data[at : at + chance.randrange(4)] = chance.choice(
            [b"", b"\x00", b"\xff", b'"', b"{", b"9" * 30, data[:at][-9:]]
        )
    return bytes(data)


def held(raw: bytes) -> bool:
    """Read it every way there is; whether it was a message. What comes out can go into a database."""
    try:
        found = parse(raw)
    except UnreadableMessage:
        return False
    assert found.raw == raw
    texts = [found.msgid, found.msgtype, found.sender, found.roomid, *found.tolist, summary(found), searchable(found)]
    for file in media(found):
        texts += [file.sdkfileid, file.kind, file.extension, file.name, file.md5]
        assert file.size is None or 0 <= file.size < 2**63
    for text in texts:
        text.encode()
    assert isinstance(messages.body(found), Body)
    assert 0 <= found.msgtime < 2**63
    return True


def check(raws: Any, count: int) -> None:
    """Hold `count` of them; some are messages, some are not."""
    seen: set[bool] = set()

    @settings(max_examples=count, deadline=None, database=None, derandomize=True)
    @given(raws)
    def each(raw: bytes) -> None:
        seen.add(held(raw))

    each()
    assert seen == {True, False}


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_mutated_or_random_record_is_a_crash(count: int) -> None:
    broken = st.builds(
        mutated,
        st.sampled_from(sorted(SAMPLES.values())),
        st.integers(0, 2**32).map(random.Random),
        st.lists(VALUES, min_size=1, max_size=3),
    )
    any_type = st.builds(
        lambda name, value: json.dumps({"msgtype": name, name: value, "info": value}).encode("utf-8", "surrogatepass"),
        st.sampled_from(sorted(SAMPLES)),
        VALUES,
    )
    check(st.binary(max_size=60) | any_type | broken | broken, count)


def test_structs_are_what_bundles_promise() -> None:
    assert isinstance(messages.body(parse(SAMPLES["mixed"])), Mixed)
    assert isinstance(messages.body(parse(SAMPLES["chatrecord"])), ChatRecord)
