"""The sustained pull of the archive against OpenSSL itself, a script of the usual kind and pyweworkfinance."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.benches.figures import ROOT, Figure, asked, grown

PEER = "pyweworkfinance==1.1.0"
PEER_SAMPLE = 2_000

INVENT = """
import sys
from pathlib import Path
from wecrm.sandbox.archive.standin import invented
invented(Path(sys.argv[1]), int(sys.argv[2]), distinct_keys=64)
"""

PULL = """
import json, sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from scripts.benches.figures import peak
from wecrm.api.archive import native
from wecrm.api.archive.keys import Keys
from wecrm.cli.session import SystemClock
from wecrm.models.clock import Run
from wecrm.operations.archive.openings import Opener
from wecrm.operations.archive.pull import Settings, pull
from wecrm.store.archive.opening import open_archive
library, pem, database = sys.argv[1:4]
store = open_archive(Path(database), "wwbench")
source = native.source(native.Settings(library=library, corp_id="wwbench", secret="s"))
opener = Opener(source, Keys({1: Path(pem).read_bytes()}))
began = time.perf_counter()
done = pull(store, source, opener, Run(SystemClock()), Settings(ZoneInfo("Asia/Shanghai")))
seconds = time.perf_counter() - began
opener.close()
source.close()
store.close()
print(json.dumps([done.counts.new + done.counts.doubled + done.counts.quarantined, seconds, peak()]))
"""

USUAL = """
import base64, json, sqlite3, sys, time
from Crypto.Cipher import AES, PKCS1_v1_5
from Crypto.PublicKey import RSA
from Crypto.Util.Padding import unpad
key = PKCS1_v1_5.new(RSA.import_key(open(sys.argv[2]).read()))
db = sqlite3.connect(sys.argv[3])
db.execute("CREATE TABLE message (seq, msgid PRIMARY KEY, sender, roomid, msgtime, msgtype, content)")
lines = open(sys.argv[1] + "/records.jsonl").read().splitlines()[:int(sys.argv[4])]
began = time.perf_counter()
for line in lines:
    sealed = json.loads(line)
    aes = bytes.fromhex(key.decrypt(base64.b64decode(sealed["encrypt_random_key"]), b"").decode())
    blob = base64.b64decode(sealed["encrypt_chat_msg"])
    plain = unpad(AES.new(aes, AES.MODE_CBC, blob[:16]).decrypt(blob[16:]), 16)
    said = json.loads(plain.decode("utf-8", "replace"), strict=False)
    row = [sealed["seq"], sealed["msgid"], *(said.get(name, "") for name in ("from", "roomid", "msgtime", "msgtype"))]
    db.execute("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, plain))
    db.commit()
print(json.dumps([len(lines), time.perf_counter() - began]))
"""

PYWEWORKFINANCE = """
import base64, json, logging, sqlite3, sys, time
from Crypto.Cipher import PKCS1_v1_5
from Crypto.PublicKey import RSA
from pyweworkfinance import WeWorkFinance
logging.getLogger("pyweworkfinance").setLevel(logging.ERROR)
library, pem, database, most = sys.argv[1:5]
key = PKCS1_v1_5.new(RSA.import_key(open(pem).read()))
archive = WeWorkFinance("wwbench", "s", dll_path=library)
db = sqlite3.connect(database)
db.execute("CREATE TABLE message (seq, msgid PRIMARY KEY, sender, roomid, msgtime, msgtype, content)")
began, seq, count, broken = time.perf_counter(), 0, 0, 0
while count < int(most) and (page := archive.get_chat_data(seq, 1000).chatdata):
    for sealed in page:
        seq, count = sealed.seq, count + 1
        secret = key.decrypt(base64.b64decode(sealed.encrypt_random_key), b"").decode()
        try:
            said = archive.decrypt_data(secret, sealed.encrypt_chat_msg)
        except ValueError:
            broken += 1
            continue
        row = [said.get(name, "") for name in ("from", "roomid", "msgtime", "msgtype")]
        content = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
        row = [sealed.seq, sealed.msgid, *row, content]
        db.execute("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        db.commit()
print(json.dumps([count, time.perf_counter() - began, broken]))
"""


def measured(folder: Path, part: int) -> list[Figure]:
    """100,000 and ten times as many."""
    sizes = few, many = 100_000 // part, 1_000_000 // part
    made, small = _library(folder), _sealed(folder, few)
    before = _private_operations()
    count, short_s, low = _pulled(folder, small, made)
    openssl = (before + _private_operations()) / 2
    usual, peer = _usual(folder, small), _pyweworkfinance(folder, small, made)
    shutil.rmtree(small)
    large = _sealed(folder, many)
    total, long_s, high = _pulled(folder, large, made)
    size = sum(path.stat().st_size for path in (folder / "pulled").iterdir())
    what, rate = f"archive pull of {few:,} messages: decrypt, store, index", count / short_s
    return [
        Figure(what, rate, "/s", "RSA-2048 of OpenSSL on all cores", openssl, 1 / 0.6),
        Figure(what, rate, "/s", "usual loop", usual, 1 / 4),
        *([Figure(what, rate, "/s", "pyweworkfinance's way", peer, 1 / 4)] if peer else []),
        Figure(f"memory of a pull of {many:,}", high, "MB", "allowed", 300, 1.0),
        grown("time of a pull of {} messages", "s", sizes, (short_s, long_s), 13),
        grown("memory of a pull of {} messages", "MB", sizes, (low, high)),
        Figure("a message on the disk", size / total, "bytes"),
    ]


def _private_operations() -> float:
    """RSA-2048 private operations that OpenSSL does in a second, on all cores."""
    words = ["openssl", "speed", "-multi", str(os.cpu_count() or 1), "-seconds", "3", "rsa2048"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^rsa +2048 bits +\S+ +\S+ +([\d.]+)", said, re.MULTILINE)
    return float(found[-1])


def _sealed(folder: Path, count: int) -> Path:
    """A folder that the stand-in library serves, with so many messages."""
    data = folder / f"standin-{count}"
    subprocess.run([sys.executable, "-c", INVENT, str(data), str(count)], check=True, cwd=ROOT)
    return data


def _library(folder: Path) -> Path:
    """The stand-in library, compiled."""
    made = folder / "libstandin.so"
    source = ROOT / "tests" / "api" / "standin" / "standin.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", made, source], check=True)
    return made


def _pulled(folder: Path, data: Path, made: Path) -> tuple[int, float, float]:
    """Messages, seconds and peak memory (MB) of one pull into a new archive."""
    home = folder / "pulled"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    env = {**os.environ, "WECRM_STANDIN": str(data)}
    count, seconds, peak = asked(PULL, made, data / "keys" / "1.pem", home / "archive.db", env=env)
    return count, seconds, peak


def _usual(folder: Path, data: Path) -> float:
    """Messages a second of a loop of the usual kind: pycryptodome, one row per commit."""
    (folder / "usual-archive.db").unlink(missing_ok=True)
    count, seconds = asked(USUAL, data, data / "keys" / "1.pem", folder / "usual-archive.db", PEER_SAMPLE)
    return float(count / seconds)


def _pyweworkfinance(folder: Path, data: Path, made: Path) -> float | None:
    """Messages a second of a loop over that package, which wraps the library as wecrm does; None if it can't be had."""
    venv = folder / "peer"
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", venv], check=True)
    python = venv / "bin" / "python"
    got = subprocess.run([python, "-m", "pip", "install", "-qq", PEER, "pycryptodome"], capture_output=True)
    if got.returncode:
        print(f"{PEER} can't be installed here: left out", file=sys.stderr)
        return None
    words = [str(made), str(data / "keys" / "1.pem"), str(folder / "peer-archive.db"), str(PEER_SAMPLE)]
    env = {**os.environ, "WECRM_STANDIN": str(data)}
    said = subprocess.check_output([python, "-c", PYWEWORKFINANCE, *words], text=True, cwd=folder, env=env)
    count, seconds, _broken = json.loads(said.splitlines()[-1])
    return float(count / seconds)
