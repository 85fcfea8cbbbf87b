"""Who tries which reader of outside data, and the calls by which a reader is known."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

OPENING: Final = frozenset(("read_bytes", "read_text"))
PARSING: Final = frozenset(
    (
        "json.loads", "msgspec.json.decode", "msgspec.json.Decoder", "msgspec.convert", "msgspec.msgpack.decode",
        "yaml.safe_load", "yaml.scan", "yaml.compose", "csv.reader", "Image.open", "s.stdin.buffer.read",
        "load_pem_private_key", "load_pem_public_key",
    )
)  # fmt: skip
"""Calls that turn bytes into something: a module with one of them, or that opens a file to read, is a reader."""

ANSWERS, FILES, STORED, LINE = (f"tests/fuzz/test_{name}.py" for name in ("answers", "files", "stored", "command_line"))

OUTSIDE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "api/answers.py": ANSWERS,
        "api/contacts.py": ANSWERS,
        "api/tokens.py": STORED,
        "api/archive/keys.py": FILES,
        "api/archive/loading.py": "tests/api/test_archive_loading.py",
        "api/archive/child.py": "tests/api/test_archive_native.py",  # a pipe between two processes of ours
        "api/archive/frames.py": "tests/api/test_archive_native.py",
        "cli/archive/verify.py": FILES,  # keys of anchors
        "cli/settings.py": FILES,  # the configuration, once it was read
        "cli/sql.py": "tests/store/test_sql_query.py",
        "config.py": FILES,
        "files/anchors.py": FILES,
        "files/codebook.py": FILES,
        "files/delimited.py": FILES,
        "files/ownreports.py": FILES,
        "files/pictures.py": FILES,
        "files/plans.py": FILES,
        "files/rules.py": FILES,
        "files/sheets.py": FILES,
        "files/taglibrary.py": FILES,
        "files/yamls.py": FILES,
        "models/archivepage.py": FILES,
        "models/message.py": "tests/models/test_archive_message.py",
        "models/messagetypes/reading.py": "tests/models/test_archive_message.py",
        "models/welcome.py": ANSWERS,
        "operations/archive/anchors.py": FILES,
        "operations/archive/words.py": STORED,  # values inside plans, as the next three
        "operations/livecodes.py": STORED,
        "operations/welcomes.py": STORED,
        "store/backup.py": STORED,
        "store/connections.py": STORED,
        "store/encryption.py": "tests/store/test_archive_sealing.py",
    }
)
"""Readers of what others wrote, or may have touched: by module, the test that gives them bad inputs."""

ALSO: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cli/complete.py": "tests/cli/test_completion.py",
        "cli/main.py": LINE,
        "files/decoding.py": "tests/files/test_decoding.py",
        "files/filenames.py": "tests/files/test_filenames.py",
        "files/leave.py": FILES,
        "files/qrcodes.py": FILES,
        "files/scores.py": FILES,
        "files/sharing.py": FILES,
        "files/words.py": FILES,
        "files/workbooks/reading.py": "tests/files/test_workbooks.py",
        "operations/restore.py": STORED,
        "store/conditions.py": "tests/store/test_where.py",
        "store/sql.py": "tests/store/test_sql_query.py",
    }
)
"""Readers that do not parse by those calls: they stand on others, or on a library of their own."""

OWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cli/score.py": "a file of the package",
        "files/scores.py": "a file of the package",
        "i18n.py": "files of the package",
        "reports/ownreports.py": "the answer of a query of our own",
        "reports/several.py": "the answer of a query of our own",
        "store/filesystem.py": "what the kernel says of mounts",
        "store/locks.py": "the number in a lock file, told in a message",
    }
)
"""Modules that read what wecrm itself, or the system, wrote a moment ago; so does the whole of `operations` and `store`
with columns of the database, whose damage SQLite finds (tests/acceptance/test_store_trouble.py)."""

COLUMNS: Final = ("operations/", "store/")


def parses(source: str) -> bool:
    """Whether a module reads something."""
    return any(_reads(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _reads(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name in PARSING or name.rpartition(".")[2] in OPENING:
        return True
    return name.endswith("open") and any(isinstance(each, ast.Constant) and each.value == "rb" for each in call.args)


def modules(root: Path) -> Iterator[str]:
    """Every module outside the sandbox that reads something."""
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not name.startswith("sandbox/") and parses(path.read_text("utf-8")):
            yield name
