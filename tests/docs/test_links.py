"""What the documents point at is there, and nothing in them comes from somebody's own machine."""

import re
from pathlib import Path

import pytest

from tests.docs.console import DOCS, ROOT

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`((?:wecrm|tests|scripts|docs|\.ci)/[\w./-]+|[\w.-]+\.(?:toml|yaml|md))`")
_OWN_MACHINE = re.compile(r"(?<![\w.:/])/(?:home|root|work|Users|tmp|mnt|workspace)/\w|[A-Z]:\\\\?Users")
_REGISTRY = re.compile(
    r"\b(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|anaconda)\.(?:org|com)\b|\bindex-url\b", re.IGNORECASE
)
_NAMED = ROOT / "docs" / "explain" / "architecture.md", ROOT / "docs" / "contributing.md"

each_document = pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


def prose(path: Path) -> str:
    """A document without its fenced blocks."""
    return _FENCE.sub("", path.read_text("utf-8"))


def anchors(path: Path) -> set[str]:
    """What `#…` may name in a document, as GitHub makes it from headings."""
    titles = [
        re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in _HEADING.findall(prose(path))
    ]
    return set(titles)


@each_document
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for link in _LINK.findall(prose(path)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        target, _hash, anchor = link.partition("#")
        found = (path.parent / target).resolve() if target else path
        assert found.is_relative_to(ROOT), f"{link} leaves the repository"
        assert found.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(found), f"{link}: no such heading"


@pytest.mark.parametrize("path", _NAMED, ids=lambda path: path.name)
def test_files_that_are_named_exist(path: Path) -> None:
    named = _FILE.findall(path.read_text("utf-8"))
    assert len(named) > 10
    for name in named:
        assert (ROOT / name).exists(), name


@each_document
def test_no_document_names_somebodys_own_machine(path: Path) -> None:
    text = path.read_text("utf-8")
    found = [*_OWN_MACHINE.finditer(text), *_REGISTRY.finditer(text)]
    assert not found, [match[0] for match in found]


def test_a_path_of_somebodys_own_machine_is_noticed() -> None:
    assert _OWN_MACHINE.search("see /home/li/notes")
    assert not _OWN_MACHINE.search("files under /run/secrets, or https://example.com/work/x")


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path not in reached and path.suffix == ".md":
            reached.add(path)
            links = [link.partition("#")[0] for link in _LINK.findall(prose(path)) if "://" not in link]
            todo += [(path.parent / link).resolve() for link in links if link]
    assert set(DOCS) <= reached
