"""Documents as they are read: their console blocks, run on a terminal that is none, and compared.

A block is fenced as `console`. A line `$ …` is a command, the lines below it are what must be seen:
`…` stands for anything in a line, and alone on a line for any lines. `JOB` in a command is the job
that was named last. A block fenced as `diff` is what somebody changes in `tags.yaml` with an editor,
and one with a file's name behind its language is what somebody saves there.

Run as a module, it types a whole document and writes what was seen as JSON.
"""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md")))
WIDTH = 100
EDITED = "tags.yaml"
"""The file that the `diff` blocks of a document change."""

_FENCE = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROGRESS = re.compile(r"\r\x1b\[K([^\n\r]*(?=\r\x1b\[K))?")  # what is written after the last one stays
_JOB = re.compile(r"\b[a-z]+-\d{4}-[0-9a-f]{6}\b")


@dataclass
class Step:
    """One command of a document, where it stands, and what must be seen after it."""

    where: str
    command: str
    expected: list[str] = field(default_factory=list)
    line: int = 0


def blocks(path: Path, language: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, text) of every fenced block in that language."""
    text = path.read_text("utf-8")
    for found in _FENCE.finditer(text):
        if found[1] == language:
            yield text.count("\n", 0, found.start(3)) + 1, found[3]


def saved(path: Path) -> Iterator[tuple[int, str, str]]:
    """(number of its first line, file, text) of every fenced block that is a file of its own."""
    text = path.read_text("utf-8")
    for found in _FENCE.finditer(text):
        if found[2]:
            yield text.count("\n", 0, found.start(3)) + 1, found[2], found[3]


def steps(path: Path) -> list[Step]:
    """Every `$` command of a document with the lines below it."""
    found: list[Step] = []
    for first, text in blocks(path, "console"):
        here: list[Step] = []
        for n, line in enumerate(text.splitlines(), first):
            if line.startswith("$ "):
                here.append(Step(f"{path.name}:{n}", line[2:], line=n))
            elif here:
                here[-1].expected.append(line.rstrip())
        found += here
    return found


class Screen(io.StringIO):
    """Standard output and standard error of one command, as a person sees them together."""

    def isatty(self) -> bool:
        return True

    def seen(self) -> list[str]:
        """Its lines without the progress that was drawn and taken away."""
        return [line.rstrip() for line in _PROGRESS.sub("", self.getvalue()).splitlines()]


class Keyboard(io.StringIO):
    """Somebody who answers every question with yes, and sees what they type."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:
        self._screen.write("y\n")
        return "y\n"


class Reader:
    """A person who types a document's commands one after the other, in a folder of their own."""

    def __init__(self, wecrm: Wecrm, folder: Path, monkeypatch: pytest.MonkeyPatch, lang: str = "en") -> None:
        self.wecrm = wecrm
        self.job = "JOB"
        self.env = {
            "WECRM_HOME": str(wecrm.home),
            "WECRM_PROFILE": "sandbox",
            "WECRM_LANG": lang,
            "NO_COLOR": "1",
            "LANG": "C.UTF-8",
        }
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", str(WIDTH))

    def types(self, step: Step) -> list[str]:
        """The lines that this command shows."""
        words = shlex.split(step.command.replace("JOB", self.job), comments=True)
        lines = self._other(words) if words[0] != "wecrm" else self._wecrm(words[1:])
        for job in _JOB.findall("\n".join(lines)):
            self.job = job
        return lines

    def _wecrm(self, words: list[str]) -> list[str]:
        if self._deadly():
            return self._process(words)
        screen = Screen()
        streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = Keyboard(screen), screen, screen
        try:
            run(words, environ=self.env)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
        return screen.seen()

    def _deadly(self) -> bool:
        """Whether the sandbox is about to kill whoever calls it: then it must not be this process."""
        world = self.wecrm.world()
        try:
            return bool(world.db.connection.execute("SELECT 1 FROM fault WHERE kind = 'kill'").fetchone())
        finally:
            world.close()

    def _process(self, words: list[str]) -> list[str]:
        process = self.wecrm.process(*words, env=self.env)
        out, err = process.communicate(timeout=60)
        lines = [*out.decode().splitlines(), *err.decode().splitlines()]
        return [*lines, "Killed"] if process.returncode == -9 else lines

    def _other(self, words: list[str]) -> list[str]:
        """The few things a document does beside wecrm: setting a variable, and changing a file."""
        if words[0] == "export":
            name, _equals, value = words[1].partition("=")
            self.env[name] = os.path.expandvars(value)
            return []
        if words[0] == "head":
            count, name = int(words[2]), words[3]
            return Path(name).read_text("utf-8-sig").splitlines()[:count]
        if words[0] == "wc":
            assert words[1] == "-l", words
            count = Path(words[2]).read_bytes().count(b"\n")
            return [f"{count} {words[2]}"]
        if words[0] == "printf":
            text = words[1].replace("\\n", "\n")
            assert words[2] in (">", ">>"), words
            with Path(words[3]).open("a" if words[2] == ">>" else "w", encoding="utf-8") as stream:
                stream.write(text)
            return []
        raise AssertionError(f"A document uses a command that its test cannot run: {' '.join(words)}")


def edits(path: Path) -> list[tuple[int, str, str]]:
    """(line, old text, new text) of every `diff` block of a document: what somebody does in an editor."""
    found = []
    for first, text in blocks(path, "diff"):
        lines = text.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +"))
        found.append((first, old, new))
    return found


def typed(path: Path, wecrm: Wecrm, folder: Path, lang: str) -> list[tuple[Step, list[str]]]:
    """Every command of a document with what was seen, in a process of its own.

    Headings are looked up when a command is imported, and this process may speak another language.
    """
    words = [sys.executable, "-m", "tests.docs.console", *map(str, (path, wecrm.home, folder)), lang]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return list(zip(steps(path), json.loads(done.stdout), strict=True))


def _type(path: Path, home: Path, folder: Path, lang: str) -> list[list[str]]:
    waiting, seen = edits(path), []
    files = list(saved(path))
    with pytest.MonkeyPatch.context() as patch:
        reader = Reader(Wecrm(home), folder, patch, lang)
        for step in steps(path):
            while waiting and waiting[0][0] < step.line:
                _edit(folder / EDITED, *waiting.pop(0)[1:])
            while files and files[0][0] < step.line:
                _first, name, text = files.pop(0)
                (folder / name).write_text(text, "utf-8")
            seen.append(reader.types(step))
    assert not waiting, "an edit stands below the last command"
    return seen


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name} does not have just once:\n{old}"
    path.write_text(text.replace(old, new), "utf-8")


def agrees(expected: list[str], seen: list[str]) -> bool:
    """Whether `seen` is what a document shows."""
    pattern = "".join(_line(line) for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in seen)) is not None


def _line(line: str) -> str:
    if line.strip() == "…":
        return r"(?:[^\n]*\n)*"
    return ".*".join(re.escape(part) for part in line.split("…")) + "\n"


if __name__ == "__main__":
    document, home, desk = map(Path, sys.argv[1:4])
    json.dump(_type(document, home, desk, sys.argv[4]), sys.stdout)
