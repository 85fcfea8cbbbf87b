"""Every reader is tried by somebody."""

from pathlib import Path

import wecrm
from tests.fuzz.readers import ALSO, COLUMNS, OUTSIDE, OWN, modules, parses

ROOT = Path(wecrm.__file__).parent
REPOSITORY = ROOT.parent


def test_every_module_that_reads_is_named_with_the_test_that_tries_it() -> None:
    named = OUTSIDE.keys() | ALSO.keys() | OWN.keys()
    missing = [name for name in modules(ROOT) if name not in named and not name.startswith(COLUMNS)]
    assert not missing, "give these to a test of tests/fuzz and name them in tests/fuzz/readers.py"


def test_every_named_module_and_test_exists_and_the_test_speaks_of_bad_inputs() -> None:
    for name, test in {**OUTSIDE, **ALSO}.items():
        assert (ROOT / name).is_file(), name
        text = (REPOSITORY / test).read_text("utf-8")
        assert "@given" in text or "parametrize" in text, test
    for name in OWN:
        assert (ROOT / name).is_file(), name


def test_a_reader_is_known_by_its_calls() -> None:
    assert parses("value = msgspec.json.decode(data, type=X)")
    assert parses("with path.open('rb') as stream: pass")
    assert parses("text = Path(name).read_text('utf-8')")
    assert not parses("path.write_bytes(b'')")
