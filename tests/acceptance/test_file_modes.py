"""Whoever else has an account on the machine can read nothing of a person's and change nothing at all."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm

FOR_OTHERS = {"codes.yaml", "tags.yaml", "p.prom"}
"""Settings that lie in a repository, and what a monitor reads: the caller's umask decides."""


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A caller who lets everybody do everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
        for path in folder.rglob("*")
        if path.name not in FOR_OTHERS
    }


def commands(home: Wecrm, out: Path) -> Iterator[str]:
    """One of each kind that writes a file."""
    tag = facts.tag(home, "客户等级", "VIP")
    keys = facts.keys_csv(home, "a.csv", facts.relations(home, 5, lacking=tag))
    yield f"--log-file {out}/run.log -vv sync tags"
    yield f"tags plan {keys} --add VIP -o {out}/a.plan"
    yield f"apply {out}/a.plan --yes --results {out}/results.csv"
    yield f"undo {home.sql('SELECT id FROM job')[0][0]} -o {out}/undo.plan"
    yield f"jobs export {home.sql('SELECT id FROM job')[0][0]} -o {out}/job.csv"
    for form in ("csv", "tsv", "json", "ndjson", "markdown", "xlsx", "html"):
        yield f"contacts list --limit 20 -o {out}/contacts.{form} -f {form}"
    yield f"report dashboard -o {out}/dashboard.html"
    yield f"offboard scan -o {out}/scan.csv"
    yield f"livecodes pull {out}/codes.yaml"
    yield f"tags pull {out}/tags.yaml"
    yield "archive pull --limit 60"
    yield f"archive export -o {out}/conversations --by contact"
    yield f"archive media list -o {out}/media.csv"
    yield f"archive quarantine export -o {out}/quarantine.jsonl"
    yield f"db backup {out}/a.bak"
    yield f"db restore {out}/a.bak --yes"
    yield f"config init {out}/config/new.yaml"


def test_every_file_belongs_to_its_user_alone_whatever_the_umask(
    synced: Wecrm, tmp_path: Path, open_umask: None
) -> None:
    out = tmp_path / "out"
    out.mkdir(0o700)
    for words in commands(synced, out):
        done = synced(*words.split())
        assert done.code == 0, (words, done.err)
    for folder in (out, synced.home / "data", synced.home / "cache"):
        found = modes(folder)
        assert found
        assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}
    assert len(list(out.rglob("*"))) > 25


def test_a_process_makes_nothing_that_others_may_change(tmp_path: Path) -> None:
    home = tmp_path / "new"
    done = subprocess.run(
        [sys.executable, "-m", "wecrm", "sync", "tags", "livecodes"],
        env={**os.environ, "WECRM_HOME": str(home), "WECRM_PROFILE": "sandbox"},
        preexec_fn=lambda: os.umask(0),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = modes(tmp_path)
    assert "new/data/wwsandbox00000001.db" in found
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o022} == {}
