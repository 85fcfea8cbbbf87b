"""The results: a page, charts beside it, and JSON to compare a later run with."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from scripts.benches.figures import ROOT, Figure, loaded, saved, told

PAGE = ROOT / "docs" / "explain" / "performance.md"
CHARTS = PAGE.with_suffix("")
DATA = PAGE.with_suffix(".json")
SUBJECTS = {
    "startup": "Start-up",
    "sync": "Sync and bulk apply",
    "planning": "Planning",
    "archive": "Archive pull",
    "search": "Search and verification",
    "encryption": "Encryption",
    "reports": "Reports",
    "xlsx": "XLSX",
}
INTRODUCTION = """\
# Performance

Written by `scripts/bench --write`. Machines are noisy, so each figure is a cost against something measured in the
same run: bare Python, OpenSSL, SQLite reading the same tables, a loop of the usual kind, somebody else's library,
the same work at a tenth of the size. A ratio below 1 is cheaper than that; for rates (`/s`) it is turned round.
Promised is the largest ratio that wecrm means to have; without a promise the figure is for information.
In the charts the upper bar is wecrm, the lower one what it stands against, the mark what was promised.

The usual loop lists one member per call with the default page size, one call after another, and stores each row in
SQLite; loops that mark do not read anything back, which wecrm does before it sends. wechatpy gets customers one by
one, since the listing of its last release is refused by now. Growth is the cost of ten times the size.
Two things grow faster than the size: a first sync, since customers' ids come in no order and each of their indexes is
written all over (half of the time at a million); and an apply of more than 10,000 marks, which WeCom allows a minute.

Reports are promised within ten scans of what they read. They should also take about two seconds for a million rows,
and some take longer. Of the longest, `score churn`, half is spent by SQLite on putting together what is
known of each of 919,000 relations and sorting them by it, the rest on weighing six signs of each. `funnel` walks
through the history of every relation that ever had a stage; `channels`, `quality`, `tags`, `staff` and `departments`
group and sort a million beginnings or marks; `frequent-words` and `questions` read texts. The dashboard is many of
them in one, over the same million.
"""
_ROW, _WIDTH, _LEFT, _RIGHT = 46, 720, 16, 120
_STYLE = (
    "text{font:12px system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;fill:#1f2328}"
    ".m{fill:#1769aa}.b{fill:#9aa4ae}.n{fill:#c62828}.p{stroke:#1f2328;stroke-width:2}.v{font-size:11px}"
    "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.m{fill:#58a6ff}.b{fill:#6e7681}.n{fill:#ff7b72}"
    ".p{stroke:#e6edf3}}"
)

Results = Mapping[str, Mapping[str, Any]]
"""By subject: the machine, the command and the figures as JSON holds them."""


def kept() -> dict[str, Any]:
    """What the last written run found."""
    return json.loads(DATA.read_text("utf-8"))["subjects"] if DATA.exists() else {}


def write(results: Results) -> None:
    """The page, its charts and the JSON."""
    DATA.write_text(json.dumps({"subjects": results}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(results), "utf-8")
    CHARTS.mkdir(exist_ok=True)
    for name, figures in figures_of(results):
        (CHARTS / f"{name}.svg").write_text(chart(SUBJECTS[name], figures), "utf-8")


def entry(figures: Sequence[Figure], machine: str, command: str) -> dict[str, Any]:
    """One subject for the JSON."""
    return {"machine": machine, "command": command, "figures": [saved(figure) for figure in figures]}


def figures_of(results: Results) -> list[tuple[str, list[Figure]]]:
    """The figures of each subject that was measured, in the order of the page."""
    return [(name, [loaded(one) for one in results[name]["figures"]]) for name in SUBJECTS if name in results]


def page(results: Results) -> str:
    """Everything in Markdown."""
    lines = [INTRODUCTION]
    for name, figures in figures_of(results):
        said = results[name]
        lines += [f"## {SUBJECTS[name]}", "", f"{said['machine']}. Command: `{said['command']}`.", ""]
        lines += [f"![{SUBJECTS[name]}: cost against what it is compared with](performance/{name}.svg)", ""]
        lines += ["| what | measured | against | ratio | promised | kept |", "|---|---|---|---|---|---|"]
        lines += [*map(line, figures), ""]
    return "\n".join(lines)


def line(figure: Figure) -> str:
    """A row of the table."""
    ratio = "" if figure.ratio is None else short(figure.ratio)
    bound = "" if figure.bound is None else f"≤ {short(figure.bound)}"
    good = "" if figure.bound is None else "yes" if figure.kept else "NO"
    return f"| {figure.what} | {figure.measured()} | {figure.compared()} | {ratio} | {bound} | {good} |"


def short(ratio: float) -> str:
    """A ratio with two or three digits."""
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.1g}"


def compared(now: Sequence[Figure], before: Results) -> list[str]:
    """How each ratio of now stands to the one of an earlier run."""
    old = {(one.what, one.against): one.ratio for _name, figures in figures_of(before) for one in figures}
    return [
        f"{figure.ratio / was:8.2f} × as before  {figure.what} (against {figure.against}: {short(was)} → "
        f"{short(figure.ratio)})"
        for figure in now
        if figure.ratio is not None and (was := old.get((figure.what, figure.against)))
    ]


def chart(title: str, figures: Sequence[Figure]) -> str:
    """For each figure two bars on one scale, and a mark at what was promised."""
    rows = [figure for figure in figures if figure.base]
    height = _ROW * len(rows) + 8
    parts = [_bars(figure, n * _ROW) for n, figure in enumerate(rows)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(title)}"><style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bars(figure: Figure, top: int) -> str:
    base = figure.base or 0.0
    promised = None
    if figure.bound is not None:
        promised = base / figure.bound if figure.unit.endswith("/s") else base * figure.bound
    whole = max(figure.value, base, promised or 0.0) or 1.0
    room = _WIDTH - _LEFT - _RIGHT

    def bar(kind: str, value: float, y: int, text: str) -> str:
        width = max(1.0, room * value / whole)
        said = f'<text class="v" x="{_LEFT + width + 6:.1f}" y="{y + 9}">{escape(text)}</text>'
        return f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="10"/>{said}'

    parts = [f'<text x="{_LEFT}" y="{top + 13}">{escape(_plain(figure))}</text>']
    parts.append(bar("m" if figure.kept else "n", figure.value, top + 18, figure.measured()))
    parts.append(bar("b", base, top + 30, told(base, figure.base_unit or figure.unit)))
    if promised is not None:
        x = _LEFT + room * promised / whole
        parts.append(f'<line class="p" x1="{x:.1f}" x2="{x:.1f}" y1="{top + 16}" y2="{top + 42}"/>')
    return "".join(parts)


def _plain(figure: Figure) -> str:
    return f"{figure.what} / {figure.against.removesuffix(':')}".replace("`", "")
