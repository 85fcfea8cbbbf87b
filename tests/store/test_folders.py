"""Folders for the time being: gone at the end, and gone soon after a run that was killed."""

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wecrm.store.folders import passing

HOLD = """
import sys
from pathlib import Path
from wecrm.store.folders import passing
with passing(Path(sys.argv[1]), "plan") as folder:
    (folder / "now.plan").write_text("customers")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_it_is_hidden_private_and_gone_at_the_end(tmp_path: Path) -> None:
    with passing(tmp_path, "plan") as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".plan.")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "copy").write_text("x")
    with pytest.raises(RuntimeError), passing(tmp_path, "plan") as folder:
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_one_and_what_a_living_one_uses_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    (tmp_path / ".plan.mine.wecrm.tmp").write_text("a file of that name is none of these folders")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        used = Path(holder.stdout.readline().strip())
        with passing(tmp_path, "plan"):
            assert (used / "now.plan").exists()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert (used / "now.plan").exists()
    with passing(tmp_path, "copy"):
        assert used.exists()
    with passing(tmp_path, "plan"):
        assert not used.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".plan.mine.wecrm.tmp"]
