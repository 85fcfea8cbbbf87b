"""The sandbox's session archive: what is said, sealed, kept and lost."""

import base64
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.opened import Opener, page, pages
from wecrm.sandbox import control
from wecrm.sandbox.archive import keys, records, seats
from wecrm.sandbox.archive.source import WorldSource
from wecrm.sandbox.world import World

DAY_S = 86_400


@pytest.fixture
def source(world: World) -> WorldSource:
    return WorldSource(world)


def texts(world: World) -> list[str]:
    return [m["text"]["content"] for _, m in records.truth(world) if m.get("msgtype") == "text"]


def pair(world: World, n: int = 0) -> tuple[str, str]:
    """A member with a seat and a customer who did not object."""
    seated = set(seats.permitted(world))
    found = [r for r in control.truth(world) if r.userid in seated]
    return found[n].userid, found[n].external_userid


# -- what is said


def test_what_is_opened_is_what_was_said_and_in_its_order(world: World, source: WorldSource) -> None:
    control.archive_messages(world, 1500)
    opener = Opener(world)
    found = list(pages(source))
    truth = list(records.truth(world))
    assert len(found) == len(truth) > 2000
    seqs = [record["seq"] for record in found]
    assert seqs == sorted(set(seqs)) == [seq for seq, _ in truth]
    assert seqs[-1] > len(seqs)  # some seqs nobody has
    for record, (_, said) in zip(found[::20], truth[::20], strict=True):
        assert opener.said(record) == said
        assert record["msgid"] == said["msgid"]


def test_the_same_world_says_the_same_whoever_asks_when(template: Path, tmp_path: Path) -> None:
    found = []
    for name, steps in (("a", (3 * 3600,)), ("b", (600, 50, 3600, 3 * 3600 - 4250))):
        path = tmp_path / name
        path.write_bytes(template.read_bytes())
        with World.open(path) as world:
            control.set_switch(world, "archive_holes", 0)
            for seconds in steps:
                records.catch_up(world)
                control.advance(world, seconds)
            found.append(list(records.truth(world)))
    assert found[0] == found[1]
    assert len(found[0]) > 100


@pytest.mark.parametrize(("members", "contacts"), [(1, 0), (1, 5), (2, 0), (5, 3), (2, 50)])
def test_however_small_the_corp_people_talk(tmp_path: Path, members: int, contacts: int) -> None:
    with World.create(tmp_path / "w", members=members, contacts=contacts, seed=3) as world:
        control.archive_messages(world, 400)
        assert len(list(records.truth(world))) > 400
        assert WorldSource(world).page(0, 1000)[0] == 0


def test_another_seed_says_something_else(tmp_path: Path) -> None:
    said = []
    for seed in (1, 2):
        with World.create(tmp_path / str(seed), members=20, contacts=300, seed=seed) as world:
            said.append({text for text in texts(world) if len(text) > 15})
    assert len(said[0] & said[1]) < len(said[0]) / 4


def test_a_million_messages_take_no_room(world: World, source: WorldSource) -> None:
    before = world.path.stat().st_size
    control.set_switch(world, "archive_holes", 0)
    assert control.archive_messages(world, 1_000_000) == 1_000_000
    last = records.next_seq(world) - 1
    assert [record["seq"] for record in page(source, last - 4, 1000)] == list(range(last - 3, last + 1))
    assert world.path.stat().st_size - before < 2_000_000


def test_every_type_is_said_and_everything_that_breaks_a_careless_reader(world: World) -> None:
    control.archive_messages(world, 20_000)
    said = [m for _, m in records.truth(world)]
    types = Counter(m.get("msgtype", m["action"]) for m in said)
    known = """text image revoke agree disagree voice video card location emotion file link weapp chatrecord todo vote
        collect redpacket external_redpacket meeting meeting_notification docmsg markdown news calendar mixed
        meeting_voice_call voip_doc_share sphfeed voiptext qydiskfile solitaire note switch hologram"""
    assert set(types) == set(known.split())
    assert types["text"] > len(said) * 0.7
    assert any("roomid" not in m for m in said if m.get("msgtype") in ("meeting_voice_call", "voip_doc_share"))
    assert any(m["msgtime"] == 0 for m in said if "msgtime" in m)
    numbers = [m["meeting"]["meetingid"] for m in said if m.get("msgtype") == "meeting"]
    assert any(2**63 <= n < 2**64 for n in numbers)
    assert max(len(json.dumps(m.get("tolist", []))) for m in said) > 50_000
    content = "".join(m["text"]["content"] for m in said if m.get("msgtype") == "text")
    assert "\x07" in content
    assert "\ud83d" in content
    assert content.count("这是一条引用/回复消息：") > 20
    for word in ("退款", "投诉", "refund", "合同", "理财"):
        assert word in content
    assert any("trace" in m for m in said)
    forms = {m["msgid"].partition("_")[0].isdigit() for m in said}
    assert forms == {True, False}
    assert any(m["msgid"].endswith("_external") for m in said)


def test_control_characters_come_raw(world: World) -> None:
    control.archive_messages(world, 8_000)
    plains = [said.plain for _, _, said in records.of(world).truth()]
    assert any(b"\x07" in plain for plain in plains)
    assert any(rb"\ud83d" in plain for plain in plains)
    assert any(rb"\\u0007" in plain for plain in plains)  # escaped where JSON stands in a string
    assert all(isinstance(json.loads(plain.decode(), strict=False), dict) for plain in plains)


def test_who_speaks_is_of_the_corp_and_has_a_seat_or_talks_with_somebody_who_has(world: World) -> None:
    control.archive_messages(world, 3_000)
    db = world.db.connection
    people = {u for (u,) in db.execute("SELECT userid FROM member")}
    people |= {u for (u,) in db.execute("SELECT external_userid FROM contact")}
    relations = {(r.userid, r.external_userid) for r in control.truth(world)}
    chats = {c for (c,) in db.execute("SELECT chat_id FROM chat")}
    seated = set(seats.permitted(world))
    singles, rooms = 0, set()
    for _, m in records.truth(world):
        if m["action"] == "switch" or len(m["tolist"]) > 1000:
            continue
        assert m["from"] in people or m["from"].startswith("wb")
        if m.get("roomid"):
            rooms.add(m["roomid"])
        elif m["from"].startswith(("wm", "wo")) and "roomid" in m:  # calls do not say in which group
            singles += 1
            assert (m["tolist"][0], m["from"]) in relations
            assert m["tolist"][0] in seated
    assert singles > 800
    assert rooms & chats
    assert rooms - chats  # internal groups


def test_customers_wait_for_their_answers_some_for_ever(world: World) -> None:
    control.archive_messages(world, 4_000)
    asked: dict[str, int] = {}
    waits = []
    for _, m in records.truth(world):
        if m.get("roomid") or m.get("msgtype") != "text" or not m["msgtime"]:
            continue
        outside = m["from"].startswith(("wm", "wo"))
        customer = m["from"] if outside else m["tolist"][0]
        if outside:
            asked.setdefault(customer, m["msgtime"])
        elif customer in asked:
            waits.append((m["msgtime"] - asked.pop(customer)) / 1000)
    waits.sort()
    assert len(waits) > 300
    assert 20 < waits[len(waits) // 2] < 3600
    assert len(asked) > 30


def test_some_messages_are_late_and_some_come_twice(world: World) -> None:
    control.archive_messages(world, 5_000)
    arrived = list(records.of(world).truth())
    said = [json.loads(s.plain.decode(), strict=False) for _, _, s in arrived]
    lag = [at - m["msgtime"] / 1000 for (_, at, _), m in zip(arrived, said, strict=True) if m.get("msgtime")]
    assert all(-1 < seconds < 3 * DAY_S + 3700 for seconds in lag)
    assert sum(seconds > 3600 for seconds in lag) > 5
    ids = Counter(m["msgid"] for m in said)
    twice = [id_ for id_, n in ids.items() if n > 1]
    assert 1 <= len(twice) < 25
    for id_ in twice:
        assert len({s.plain for _, _, s in arrived if s.msgid == id_}) == 1


def test_recalls_name_what_was_said_before_or_what_nobody_has(world: World) -> None:
    control.archive_messages(world, 8_000)
    truth = [m for _, m in records.truth(world)]
    senders = {m["msgid"]: m.get("from") for m in truth}
    recalls = [m for m in truth if m.get("msgtype") == "revoke"]
    known = [m for m in recalls if m["revoke"]["pre_msgid"] in senders]
    assert all(m["action"] == "recall" for m in recalls)
    assert all(senders[m["revoke"]["pre_msgid"]] == m["from"] for m in known)
    assert 0 < len(recalls) - len(known) < len(recalls) / 4


def test_people_write_in_office_hours_and_go_on_as_time_passes(world: World, source: WorldSource) -> None:
    last = list(pages(source))[-1]["seq"]
    control.advance(world, 2 * DAY_S)  # from a Sunday morning to a Tuesday's
    hours = Counter(int(at // 3600 + 8) % 24 for _, at, _ in records.of(world).truth(last))
    assert sum(hours.values()) == 0  # nobody asked yet
    found = list(pages(source, last))
    hours = Counter(int(at // 3600 + 8) % 24 for _, at, _ in records.of(world).truth(last))
    assert len(found) == sum(hours.values()) > 100
    assert hours[10] > 3 * (hours[2] + hours[3] + hours[4])


# -- what is kept


def test_five_days_are_kept_and_an_older_seq_begins_at_the_oldest(world: World, source: WorldSource) -> None:
    first = page(source)[0]["seq"]
    control.advance(world, 3 * DAY_S)
    found = page(source, 0)
    assert found[0]["seq"] > first
    arrived = {seq: at for seq, at, _ in records.of(world).truth()}
    kept = [seq for seq, at in arrived.items() if at >= world.now() - 5 * DAY_S]
    assert [record["seq"] for record in pages(source)] == kept
    assert len(kept) < len(arrived)


def test_a_seq_beyond_the_end_is_no_error(source: WorldSource) -> None:
    assert page(source, 2**64 - 1) == []


@pytest.mark.parametrize(
    ("switch", "empty"), [("list", {"chatdata": []}), ("null", {"chatdata": None}), ("absent", {})]
)
def test_nothing_new_has_three_forms(world: World, source: WorldSource, switch: str, empty: dict[str, Any]) -> None:
    control.set_switch(world, "archive_empty", switch)
    code, body = source.page(2**64 - 1, 10)
    assert (code, json.loads(body)) == (0, {"errcode": 0, "errmsg": "ok", **empty})


@pytest.mark.parametrize(("seq", "limit"), [(0, 0), (0, 1001), (-1, 10), (2**64, 10)])
def test_bad_arguments_make_no_call(world: World, source: WorldSource, seq: int, limit: int) -> None:
    assert source.page(seq, limit) == (10000, b"")
    assert list(control.calls(world)) == []


def test_a_page_may_begin_anywhere_and_have_any_size(source: WorldSource) -> None:
    everything = list(pages(source))
    for n in (0, 1, 36, 37, 38, 500):
        for limit in (1, 37, 1000):
            found = [record["seq"] for record in page(source, everything[n]["seq"], limit)]
            assert found == [record["seq"] for record in everything[n + 1 : n + 1 + limit]]
    after_hole = everything[36]["seq"] + 1  # a seq that nobody has
    assert page(source, after_hole, 1)[0]["seq"] == everything[37]["seq"]


def test_seqs_may_pass_what_a_signed_number_holds(world: World, source: WorldSource) -> None:
    last = list(pages(source))[-1]["seq"]
    control.archive_first_seq(world, 2**63 - 2)
    said = [control.archive_say(world, *pair(world), f"消息 {n}") for n in range(4)]
    assert said == [2**63 - 2, 2**63 - 1, 2**63, 2**63 + 1]
    assert [record["seq"] for record in pages(source, last)] == said
    assert [record["seq"] for record in page(source, 2**63 - 1)] == said[2:]
    with pytest.raises(ValueError):
        control.archive_first_seq(world, 2**64)


def test_the_last_seq_is_the_largest_number_there_is(world: World, source: WorldSource) -> None:
    control.archive_first_seq(world, 2**64 - 2)
    said = [control.archive_say(world, *pair(world), text) for text in "ab"]
    assert said[-1] == 2**64 - 1
    control.advance(world, DAY_S)
    assert [record["seq"] for record in page(source, 2**64 - 3)] == said
    with pytest.raises(ValueError, match="no seq is left"):
        control.archive_say(world, "a", "b", "c")


# -- what is scripted


def test_somebody_says_something(world: World, source: WorldSource) -> None:
    userid, customer = pair(world)
    seq = control.archive_say(world, customer, userid, "我要退款")
    (record,) = page(source, seq - 1)
    said = Opener(world).said(record)
    assert (said["from"], said["tolist"], said["text"]["content"]) == (customer, [userid], "我要退款")
    assert said["roomid"] == ""
    assert said["msgid"].endswith("_external")
    taken = control.archive_say(world, customer, userid, recalls=said["msgid"])
    (record,) = page(source, taken - 1)
    assert Opener(world).said(record)["revoke"] == {"pre_msgid": said["msgid"]}


def test_somebody_writes_into_a_group(world: World) -> None:
    chat_id, people = world.db.connection.execute("SELECT chat_id, members FROM chat LIMIT 1").fetchone()
    ids = [each["userid"] for each in json.loads(people)]
    control.archive_say(world, ids[0], chat_id, "大家好", msgtime=1)
    *_, (_, said) = records.truth(world)
    assert (said["roomid"], said["tolist"], said["msgtime"]) == (chat_id, ids[1:], 1)


def test_a_record_may_be_anything(world: World, source: WorldSource) -> None:
    control.archive_record(world, '{"msgid": "raw \x01"', msgid="broken json")
    control.archive_record(world, "x", msgid="short", encrypt_chat_msg="QUJDREVG")
    control.archive_record(world, "x", msgid="no key", publickey_ver=99)
    last = control.archive_record(world, "x", msgid="crash", encrypt_chat_msg="!crash it here")
    found = {record["msgid"]: record for record in page(source, last - 4)}
    assert set(found) == {"broken json", "short", "no key", "crash"}
    assert Opener(world).open(found["broken json"]) == b'{"msgid": "raw \x01"'
    assert found["no key"]["publickey_ver"] == 99
    key = b"0" * 64
    sealed = [found["short"], found["crash"], found["no key"]]
    assert [code for code, _ in source.decrypt([(key, r["encrypt_chat_msg"]) for r in sealed])] == [-2, -1, 10008]
    with pytest.raises(ValueError):
        control.archive_record(world, "x", colour="red")


@pytest.mark.parametrize("sealed", ["", "x" * 12])
def test_a_text_too_short_is_not_opened(source: WorldSource, sealed: str) -> None:
    assert source.decrypt([(b"0" * 64, sealed)]) == [(-2, b"")]


@pytest.mark.parametrize("key", [b"", b"zz", b"00", b"\xff" * 64, b"1" * 64])
def test_a_wrong_key_is_10008(world: World, source: WorldSource, key: bytes) -> None:
    record = page(source)[0]
    assert source.decrypt([(key, record["encrypt_chat_msg"])]) == [(10008, b"")]
    cut = base64.b64encode(base64.b64decode(record["encrypt_chat_msg"])[:-5]).decode()
    assert source.decrypt([(key, cut)]) == [(10008, b"")]


# -- keys, seats, consent


def test_old_messages_keep_their_key_and_lost_ones_can_be_found_again(world: World, source: WorldSource) -> None:
    old = page(source)[0]
    assert control.archive_rotate_key(world) == 2
    control.archive_messages(world, 50)
    versions = [record["publickey_ver"] for record in pages(source)]
    assert versions == sorted(versions)
    assert set(versions) == {1, 2}
    control.archive_withhold_key(world, 1)
    assert set(keys.held_by_admin(world)) == {2}
    assert page(source)[0]["publickey_ver"] == 1
    control.archive_withhold_key(world, 1, withheld=False)
    assert Opener(world).open(old) == Opener(world).open(page(source)[0])
    with pytest.raises(ValueError):
        control.archive_withhold_key(world, 3)


def test_private_keys_stay_the_same_for_whoever_opens_the_world(world: World) -> None:
    held = keys.held_by_admin(world)
    with World.open(world.path) as other:
        assert keys.held_by_admin(other) == held
    assert held[1].startswith(b"-----BEGIN PRIVATE KEY-----")


def gone_key(world: World) -> None:
    control.archive_remove_key(world)


def gone_seats(world: World) -> None:
    control.archive_drop_seats(world)


def gone_service(world: World) -> None:
    control.archive_state(world, "off")


@pytest.mark.parametrize("goes", [gone_key, gone_seats, gone_service])
def test_what_is_said_while_nothing_is_archived_is_lost(world: World, source: WorldSource, goes: Any) -> None:
    last = list(pages(source))[-1]["seq"]
    goes(world)
    control.advance(world, DAY_S)
    with pytest.raises(ValueError, match="nothing is archived"):
        control.archive_say(world, "a", "b", "c")
    if goes is not gone_service:
        assert page(source, last) == []  # errcode 0, as if nobody had said anything
    control.archive_rotate_key(world)
    control.archive_restore_seats(world)
    control.archive_state(world, "on")
    back = world.now()
    control.advance(world, DAY_S)
    assert len(page(source, last)) > 20
    assert all(at >= back for _, at, _ in records.of(world).truth(last))


def test_a_dropped_member_is_heard_no_more(world: World) -> None:
    member = seats.permitted(world)[0]
    list(records.truth(world))
    last = records.next_seq(world) - 1
    control.archive_drop_seats(world, [member])
    assert member not in seats.permitted(world)
    control.archive_messages(world, 2_000)
    singles = [m for _, m in records.truth(world, last) if m.get("roomid") == "" and m["msgtype"] == "text"]
    assert len(singles) > 500
    assert not any(member in (m["from"], *m["tolist"]) for m in singles)
    control.archive_restore_seats(world, [member])
    assert member in seats.permitted(world)
    with pytest.raises(ValueError):
        control.archive_drop_seats(world, ["nobody"])


def test_whoever_objects_is_heard_no_more(world: World) -> None:
    userid, customer = pair(world)
    control.archive_messages(world, 100)
    control.archive_consent(world, userid, customer, "disagree")
    last = records.next_seq(world) - 1
    *_, (_, said) = records.truth(world)
    assert (said["msgtype"], said["disagree"]["userid"], said["tolist"]) == ("disagree", customer, [userid])
    control.archive_messages(world, 5_000)
    later = [m for _, m in records.truth(world, last) if not m.get("roomid") and m.get("msgtype") == "text"]
    assert not any({m["from"], *m["tolist"]} == {userid, customer} for m in later)
    control.archive_consent(world, userid, customer, "agree")
    event = list(control.events(world))[-1]
    assert (event.change_type, event.fields["ExternalUserID"]) == ("msg_audit_approved", customer)
    with pytest.raises(ValueError):
        control.archive_consent(world, userid, "wmNobody", "agree")


def test_a_leaver_is_heard_no_more(world: World) -> None:
    member = seats.permitted(world)[0]
    control.delete_member(world, member)
    control.advance(world, DAY_S)
    list(records.truth(world))
    last = records.next_seq(world) - 1
    control.archive_messages(world, 1_000)
    assert not any(member in (m.get("from"), *m.get("tolist", ())) for _, m in records.truth(world, last))


# -- what goes wrong


def test_refusals_stand_in_the_body(world: World, source: WorldSource) -> None:
    def errcode() -> int:
        code, body = source.page(0, 1)
        assert code == 0
        return int(json.loads(body)["errcode"])

    control.archive_trust(world, ["203.0.113.7"])
    assert errcode() == 301042
    control.archive_trust(world, None)
    for state, refused in (("off", 301053), ("expired", 301052), ("on", 0)):
        control.archive_state(world, state)
        assert errcode() == refused
    with pytest.raises(ValueError):
        control.archive_state(world, "perhaps")


def test_a_wrong_secret_is_10001_and_another_apps_48002(world: World) -> None:
    assert WorldSource(world, "wrong").page(0, 1) == (10001, b"")
    code, body = WorldSource(world, "sandbox-contact-secret").page(0, 1)
    assert (code, json.loads(body)["errcode"]) == (0, 48002)


@pytest.mark.parametrize(
    ("kind", "code", "starts"),
    [
        ("10001", 10001, b""),
        ("10003", 10003, b""),
        ("crash", -1, b""),
        ("http502", 10001, b""),
        ("close", 10001, b""),
        ("slow", 10001, b""),
        ("45009", 0, b'{"errcode":45009'),
        ("garbage", 0, b"<html>"),
        ("cut", 0, b'{"errcode":0,"errmsg":"ok","chatdata":[{"seq"'),
        ("wrong_type", 0, b'{"errcode":0,"errmsg":"ok","chatdata":{}}'),
    ],
)
def test_a_fault_strikes_one_page(world: World, source: WorldSource, kind: str, code: int, starts: bytes) -> None:
    good = [record["seq"] for record in page(source, 0, 5)]
    control.add_fault(world, kind=kind, path="message/getchatdata")
    found, body = source.page(0, 5)
    assert found == code
    assert body.startswith(starts)
    assert (body == b"") == (starts == b"")
    assert [record["seq"] for record in page(source, 0, 5)] == good


@pytest.mark.parametrize("kind", ["42001", "40014"])
def test_a_token_that_ends_is_renewed(world: World, source: WorldSource, kind: str) -> None:
    page(source)
    control.add_fault(world, kind=kind, path="message/getchatdata")
    assert page(source)
    assert len(list(control.calls(world, path="gettoken"))) == 2


def test_faults_of_the_library_are_for_its_calls_alone(world: World) -> None:
    for path in ("", "mark_tag"):
        with pytest.raises(ValueError, match="no fault"):
            control.add_fault(world, kind="10001", path=path)


def test_six_hundred_pages_a_minute(world: World, source: WorldSource) -> None:
    control.set_limits(world, scale=0.01)
    codes = [json.loads(source.page(0, 1)[1])["errcode"] for _ in range(8)]
    assert codes == [0] * 6 + [45009] * 2
    control.advance(world, 61)
    assert page(source, 0, 1)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_calling_process_may_be_killed_at_a_page(world: World, when: str) -> None:
    control.add_fault(world, kind="kill", path="message/getchatdata", when=when)
    code = (
        "import sys; from pathlib import Path; from wecrm.sandbox.world import World;"
        " from wecrm.sandbox.archive.source import WorldSource;"
        " WorldSource(World.open(Path(sys.argv[1]))).page(0, 10); print('alive')"
    )
    for alive in (b"", b"alive\n"):
        done = subprocess.run([sys.executable, "-c", code, str(world.path)], capture_output=True, timeout=60)
        assert done.stdout == alive
        assert (done.returncode == 0) == bool(alive)
