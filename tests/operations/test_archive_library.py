"""A pull through a library that ends its process again and again: nothing is missing, nothing is there twice."""

import json
import random
import signal
import sqlite3
import time

import pytest

from tests.api.standin.building import a_standin_library as a_standin_library
from tests.api.standin.building import script, serve
from tests.api.standin.corp import PAIR, Corp
from tests.api.standin.corp import a_library_corp as a_library_corp
from wecrm.sandbox.identity import CORP_ID

MEMBER, CUSTOMER = "an.lu", "wmCUSTOMER0001"
SAID_AT = int(time.time()) * 1000 - 86_400_000
"""Yesterday: the profile of the library lives in real time, and older messages would be a gap."""


def text(seq: int) -> bytes:
    said = {
        "msgid": f"{seq}_1790000000",
        "action": "send",
        "from": (MEMBER, CUSTOMER)[seq % 2],
        "tolist": [(CUSTOMER, MEMBER)[seq % 2]],
        "roomid": "",
        "msgtime": SAID_AT + seq,
        "msgtype": "text",
        "text": {"content": f"第 {seq} 条"},
    }
    return json.dumps(said, ensure_ascii=False).encode()


@pytest.mark.parametrize("messages", [1_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_twenty_deaths_of_the_child_lose_and_double_nothing(library_corp: Corp, messages: int) -> None:
    corp, chance = library_corp, random.Random(11)
    serve(corp.folder, (PAIR.record(seq, text(seq)) for seq in range(1, messages + 1)))
    page = max(50, messages // 100)
    script(
        corp.folder,
        *(f"decrypt {n} abort" for n in chance.sample(range(2, messages, 2), 14)),
        *(f"page {n} abort" for n in chance.sample(range(1, 24, 2), 6)),
    )
    key = corp.key("key.pem", PAIR.pem())
    corp.configure(f"{{library: {corp.library}, keys: {{1: {key}}}, page: {page}}}")

    pulled = corp.wecrm("archive", "pull", "--no-media")
    assert pulled.code == 0, pulled.err

    path = corp.wecrm.home / "data" / f"{CORP_ID}.archive.db"
    with sqlite3.connect(path) as db:
        stored = db.execute("SELECT CAST(seq AS INTEGER), raw FROM record ORDER BY id").fetchall()
        assert db.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)
    db.close()
    assert stored == [(seq, text(seq)) for seq in range(1, messages + 1)]
    assert corp.wecrm("archive", "verify").code == 0
    assert "abort" in (corp.folder / "script").read_text()
    assert (corp.folder / "count.decrypt").stat().st_size >= messages + 14  # what died was asked again


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_pull_cleanly_while_the_library_hangs(library_corp: Corp, number: int, code: int) -> None:
    corp = library_corp
    serve(corp.folder, (PAIR.record(seq, text(seq)) for seq in range(1, 201)))
    script(corp.folder, "page 3+ hang")
    corp.configure(f"{{library: {corp.library}, keys: {{1: {corp.key('key.pem', PAIR.pem())}}}, page: 50}}")
    pulling = corp.wecrm.process("archive", "pull", "--no-media")
    counted = corp.folder / "count.page"
    while pulling.poll() is None and not (counted.exists() and counted.stat().st_size >= 3):
        pass  # the stand-in counts a call before it hangs
    pulling.send_signal(number)
    _out, err = pulling.communicate(timeout=30)
    assert pulling.returncode == code, err.decode()
    with sqlite3.connect(corp.wecrm.home / "data" / f"{CORP_ID}.archive.db") as db:
        assert db.execute("SELECT count(*) FROM record").fetchone() in ((50,), (100,))  # whole pages
    db.close()
    script(corp.folder)
    assert corp.wecrm("archive", "pull", "--no-media").code == 0
    with sqlite3.connect(corp.wecrm.home / "data" / f"{CORP_ID}.archive.db") as db:
        assert db.execute("SELECT count(*), count(DISTINCT msgid) FROM record").fetchone() == (200, 200)
    db.close()
