"""The archive's figures of scripts/bench: the sustained pull, and what it costs in memory."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

INVENT = """
import sys
from pathlib import Path
from wecrm.sandbox.archive.standin import invented
invented(Path(sys.argv[1]), int(sys.argv[2]), distinct_keys=64)
"""

PULL = """
import os, resource, sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
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
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(done.counts.new + done.counts.doubled + done.counts.quarantined, seconds, peak)
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
print(len(lines), time.perf_counter() - began)
"""


def private_operations() -> float:
    """RSA-2048 private operations that OpenSSL does in a second, on all cores."""
    words = ["openssl", "speed", "-multi", str(os.cpu_count() or 1), "-seconds", "3", "rsa2048"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^rsa +2048 bits +\S+ +\S+ +([\d.]+)", said, re.MULTILINE)
    return float(found[-1])


def sealed(folder: Path, count: int) -> Path:
    """A folder that the stand-in library serves, with so many messages."""
    data = folder / f"standin-{count}"
    subprocess.run([sys.executable, "-c", INVENT, str(data), str(count)], check=True, cwd=ROOT)
    return data


def library(folder: Path) -> Path:
    """The stand-in library, compiled."""
    made = folder / "libstandin.so"
    source = ROOT / "tests" / "api" / "standin" / "standin.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", made, source], check=True)
    return made


def pulled(folder: Path, data: Path, made: Path) -> tuple[int, float, float]:
    """Messages, seconds and peak memory (MB) of one pull into a new archive."""
    home = folder / "pulled"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    words = [sys.executable, "-c", PULL, str(made), str(data / "keys" / "1.pem"), str(home / "archive.db")]
    env = {**os.environ, "WECRM_STANDIN": str(data)}
    count, seconds, peak = subprocess.check_output(words, text=True, cwd=ROOT, env=env).split()
    return int(count), float(seconds), float(peak)


def usual(folder: Path, data: Path, count: int) -> float:
    """Messages a second of a loop of the usual kind: pycryptodome, one row per commit."""
    (folder / "usual.db").unlink(missing_ok=True)
    words = [sys.executable, "-c", USUAL, str(data), str(data / "keys" / "1.pem"), str(folder / "usual.db"), str(count)]
    done, seconds = subprocess.check_output(words, text=True, cwd=ROOT).split()
    return int(done) / float(seconds)


def measured(folder: Path, few: int, many: int) -> dict[str, float]:
    """Everything that the figures need: rates a second, memory in MB, bytes a message on disk."""
    made, small = library(folder), sealed(folder, few)
    before = private_operations()
    count, seconds, low = pulled(folder, small, made)
    after = private_operations()
    loop = usual(folder, small, min(few, 2_000))
    shutil.rmtree(small)
    large = sealed(folder, many)
    total, long_s, high = pulled(folder, large, made)
    size = sum(path.stat().st_size for path in (folder / "pulled").iterdir())
    return {
        "rate": count / seconds,
        "openssl": (before + after) / 2,
        "usual": loop,
        "low": low,
        "high": high,
        "long_rate": total / long_s,
        "bytes": size / total,
    }
