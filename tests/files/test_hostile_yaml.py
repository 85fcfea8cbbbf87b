"""YAML of people we do not know: a code and a sentence, within bounds of time and memory."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Wecrm

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {
    "a billion laughs": LAUGHS,
    "a thing in itself": "groups: &a [*a]\n",
    "nested without end": "groups: " + "[" * 60_000,
    "maps without end": "".join(f"{' ' * n}a:\n" for n in range(2_000)),
    "a number without end": "version: " + "9" * 200_000,
    "a number to the base of 60": "version: 1" + ":59" * 60_000,
    "a day that is none": "version: 2026-13-45\n",
    "code": "version: !!python/object/apply:os.system [touch pwned]\n",
    "another code": "version: !!python/name:os.system\n",
    "keys that are lists": "? [a, b]\n: c\n",
    "a key without end": "? " + "x" * 200_000 + "\n: c\n",
    "no text": "\x00\x01\x02",
    "too large": "#" * (6 << 20),
}
READERS = ("tags push {file}", "livecodes push {file}", "--config {file} config show", "--config {file} sync tags")


def within_bounds() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_yaml_bomb_is_refused(synced: Wecrm, tmp_path: Path, bomb: str) -> None:
    file = tmp_path / "bomb.yaml"
    file.write_text(BOMBS[bomb])
    for words in READERS:
        if bomb == "too large" and "config" in words:
            continue  # the configuration is one's own
        result = synced(
            *words.format(file=file).split(), env={"WECRM_PROFILE": "nobody"} if "--config" in words else {}
        )
        assert result.code in (2, 4), (words, result.err)
        assert "pwned" not in os.listdir()


@pytest.mark.parametrize(
    "bomb", ["a billion laughs", *(pytest.param(b, marks=pytest.mark.long) for b in BOMBS if b != "a billion laughs")]
)
def test_a_yaml_bomb_takes_neither_memory_nor_time(synced: Wecrm, tmp_path: Path, bomb: str) -> None:
    file = tmp_path / "bomb.yaml"
    file.write_text(BOMBS[bomb])
    done = subprocess.run(
        [sys.executable, "-m", "wecrm", "tags", "push", str(file)],
        env={**os.environ, "WECRM_HOME": str(synced.home), "WECRM_PROFILE": "sandbox"},
        preexec_fn=within_bounds,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
