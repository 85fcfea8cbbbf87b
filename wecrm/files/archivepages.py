"""Archived conversations as HTML: pages that run nothing and fetch nothing, for screen and A4."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from wecrm.files.pagestyles import BEGIN
from wecrm.i18n import _, language
from wecrm.models.text import visible

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message: `kind` said, quoted or label; a picture as a data: address, or a file beside the page."""

    kind: str
    text: str
    depth: int = 0
    picture: str = ""
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message on a page. `day` where a new one begins; `event`: nobody said it; `side` left or right."""

    id: int
    day: str
    time: str
    sender: str
    side: str
    event: bool
    revoked: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Page:
    """What stands around messages; addresses are relative, "" where there is no such page."""

    title: str
    facts: Sequence[str]
    index: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an index: cells after the linked name."""

    href: str
    name: str
    cells: Sequence[str | int]


def write_page(stream: BinaryIO, page: Page, entries: Iterable[Entry]) -> None:
    """Write one page of a conversation; entries are taken as they are written."""
    labels = {"index": _("All conversations"), "before": _("Earlier"), "after": _("Later")}
    _write(stream, _PAGE, page, entries=entries, labels=labels)


def write_index(stream: BinaryIO, page: Page, heads: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a page that leads to others; `heads` stand above the name and the cells."""
    _write(stream, _INDEX, page, heads=heads, rows=rows, labels={"index": _("All conversations")})


def _write(stream: BinaryIO, template: str, page: Page, **values: object) -> None:
    for piece in _compiled(template).generate(language=language(), title=page.title, page=page, **values):
        stream.write(piece.encode("utf-8", "replace"))


@cache
def _compiled(text: str) -> "Template":
    from jinja2 import Environment

    environment = Environment(autoescape=True)
    environment.filters["visible"] = _shown
    environment.filters["number"] = "{:,}".format
    return environment.from_string(_HEAD + text)


def _shown(text: str) -> str:
    """Text of strangers with its line breaks, everything else that is not seen spelled out."""
    return "\n".join(map(visible, text.replace("\r\n", "\n").split("\n")))


_HEAD = (
    BEGIN
    + """@media (prefers-color-scheme: light) { :root { --back: #f4f4f5; --card: #fff; --own: #d9ebff;
  --link: #1558b0 } }
@media (prefers-color-scheme: dark) { :root { --own: #1d3a5c; --link: #8ab8f5 } }
@media print { :root { --back: #fff; --own: #eef5fd; --link: #000 } }
body { font-size: 10pt }
h1 { margin-bottom: 1mm; font-size: 15pt }
header p { margin: 0; color: var(--soft); font-size: 8.5pt }
nav { display: flex; gap: 5mm; margin: 2mm 0 }
a { color: var(--link) }
h2 { margin: 5mm 0 2mm; font-size: 9pt; font-weight: normal; color: var(--soft); display: flex; align-items: center;
  gap: 3mm; break-after: avoid }
h2::before, h2::after { content: ""; flex: 1; border-top: .2mm solid var(--line) }
article { margin: 0 0 2.5mm; max-width: 78%; width: fit-content; break-inside: avoid }
article.right { margin-left: auto }
article > p { margin: 0 1mm .5mm; color: var(--soft); font-size: 8pt }
article.right > p { text-align: right }
article > div { background: var(--card); border: .2mm solid var(--line); border-radius: 2mm; padding: 1.5mm 2.5mm;
  width: fit-content; max-width: 100%; print-color-adjust: exact; -webkit-print-color-adjust: exact }
article.right > div { background: var(--own); margin-left: auto }
article.revoked > div { border-style: dashed; border-color: var(--bad) }
article.revoked .said, article.revoked .label { text-decoration: line-through }
.event { margin: 1.5mm 0; text-align: center; color: var(--soft); font-size: 8pt }
.line { white-space: pre-wrap }
.quoted { border-left: .8mm solid var(--line); padding-left: 2mm; color: var(--soft); margin-bottom: 1mm }
.label { color: var(--soft) }
.note { color: var(--soft); font-size: 8pt }
.back { color: var(--bad); font-size: 8pt }
img { display: block; max-width: 100%; max-height: 90mm; border-radius: 1mm; margin-top: 1mm }
th { white-space: nowrap }
td.t { white-space: nowrap; font-variant-numeric: tabular-nums }
@media print { nav { display: none } a { text-decoration: none } }
</style>
</head>
<body>
<header><h1>{{ title | visible }}</h1>
{% for fact in page.facts if fact %}<p>{{ fact | visible }}</p>
{% endfor %}</header>
{% macro ways() %}{% if page.index or page.before or page.after %}<nav>\
{% if page.index %}<a href="{{ page.index }}">{{ labels.index }}</a>{% endif %}\
{% if page.before %}<a href="{{ page.before }}">← {{ labels.before }}</a>{% endif %}\
{% if page.after %}<a href="{{ page.after }}">{{ labels.after }} →</a>{% endif %}</nav>
{% endif %}{% endmacro %}{{ ways() }}"""
)

_PAGE = """<main>
{% for one in entries %}{% if one.day %}<h2>{{ one.day }}</h2>
{% endif %}{% if one.event %}<p class="event" id="m{{ one.id }}">{{ one.time }} {{ one.sender | visible }} \
{% for line in one.lines %}{{ line.text | visible }} {% endfor %}</p>
{% else %}<article id="m{{ one.id }}" class="{{ one.side }}{{ ' revoked' if one.revoked }}">\
<p>{{ one.sender | visible }} <time>{{ one.time }}</time></p><div>\
{% for line in one.lines %}<div class="line {{ line.kind }}"\
{% if line.depth %} style="margin-left: {{ 4 * line.depth }}mm"{% endif %}>\
{% if line.href %}<a href="{{ line.href }}" rel="noopener noreferrer">{{ line.text | visible }}</a>\
{% else %}{{ line.text | visible }}{% endif %}\
{% if line.note %} <span class="note">{{ line.note }}</span>{% endif %}\
{% if line.picture %}<img src="{{ line.picture }}" alt="">{% endif %}</div>{% endfor %}\
{% if one.revoked %}<div class="back">{{ one.revoked }}</div>{% endif %}</div></article>
{% endif %}{% endfor %}</main>
{{ ways() }}</body>
</html>
"""

_INDEX = """<main><table>
<thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr><td><a href="{{ row.href }}">{{ row.name | visible }}</a></td>\
{% for cell in row.cells %}{% if cell is number %}<td class="n">{{ cell | number }}</td>\
{% else %}<td class="t">{{ cell | visible }}</td>{% endif %}{% endfor %}</tr>
{% endfor %}</tbody></table></main>
</body>
</html>
"""
