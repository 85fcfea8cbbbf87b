"""Start-up is a feature: nothing heavy is imported before a command needs it."""

import json
import subprocess
import sys

import pytest

HEAVY = [
    *("httpx", "sqlite3", "sqlite_utils", "yaml", "Crypto", "cryptography", "rich", "werkzeug", "tabulate"),
    *("filelock", "tenacity", "platformdirs", "pyrate_limiter", "jinja2", "segno", "PIL", "zxingcpp"),
]

ASK = """
import json, sys
sys.argv = ["wecrm", *{argv!r}]
from wecrm.__main__ import main
try:
    main()
except SystemExit as left:
    code = left.code
print(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]), file=sys.stderr)
"""


def imported(*argv: str) -> set[str]:
    """The modules a process has after this command line."""
    script = ASK.format(argv=list(argv))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return set(modules)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_answered_without_even_the_parser(flag: str) -> None:
    assert not imported(flag) & {*HEAVY, "typer", "msgspec"}


@pytest.mark.parametrize("argv", [(), ("--help",), ("--profile", "sandbox", "--help")])
def test_the_help_imports_nothing_heavy(argv: tuple[str, ...]) -> None:
    assert not imported(*argv) & {*HEAVY, "msgspec"}


def test_no_command_imports_anything_heavy_before_it_runs() -> None:
    script = f"""
import sys
from importlib import import_module
from wecrm.cli.registry import COMMANDS
for name, (module, _summary) in COMMANDS.items():
    import_module(module)
    found = sorted(set({HEAVY!r}) & set(sys.modules))
    assert not found, (name, found)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
