"""A page of figures as somebody sees it who knows nothing of how it was made."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br"}
SHAPES = {"rect", "line", "path", "circle"}


@dataclass
class Section:
    """What stands below one heading."""

    title: str
    texts: list[str] = field(default_factory=list)
    cards: dict[str, list[str]] = field(default_factory=dict)
    tables: list[list[list[str]]] = field(default_factory=list)
    points: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Series → (label, value) of each shape, as a pointer is told."""


class Page(HTMLParser):
    """The page in sections; every tag that is opened must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.sections = [Section("")]
        self.text = ""
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.sections[-1].tables.append([])
        elif tag == "tr":
            self.sections[-1].tables[-1].append([])
        self._words = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        words, here = "".join(self._words).strip(), self.sections[-1]
        if tag in ("h2", "h3"):
            self.sections.append(Section(words))
        elif tag in ("th", "td"):
            here.tables[-1][-1].append(words)
        elif tag == "title" and "svg" in self._open:
            label, name, value = re.fullmatch(r"(.*) · (.*): (.*)", words, re.DOTALL).groups()  # type: ignore[union-attr]
            here.points.setdefault(name, []).append((label, value))
        elif tag in ("span", "b", "small") and self._open[-1] == "div":
            if tag == "span":
                here.cards[words] = []
            else:
                list(here.cards.values())[-1].append(words)
        elif tag == "p":
            here.texts.append(words)
        self._words = []

    def section(self, title: str) -> Section:
        """The first of that title: what explains it stands at the end of the page."""
        return next(each for each in self.sections if each.title == title)
