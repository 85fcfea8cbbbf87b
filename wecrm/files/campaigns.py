"""A contact sheet: the QR codes of a campaign on A4 pages, as one HTML file that fetches nothing and runs nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from wecrm.i18n import _, language
from wecrm.models.livecode import Kind
from wecrm.models.text import visible

WIDTH_MM = 180
"""What an A4 page has between its margins, without the frame of a card."""

_PAGE = """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
@page { size: A4; margin: 12mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 4mm 0; max-width: 186mm; background: #fff; color: #000;
  font: 9pt/1.4 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 6mm; margin-bottom: 4mm;
  border-bottom: .3mm solid #000; overflow-wrap: anywhere }
h1 { margin: 0; font-size: 14pt }
main { display: grid; grid-template-columns: repeat(auto-fill, {{ size + 5 }}mm); justify-content: space-between;
  gap: 4mm 0 }
article { width: {{ size + 5 }}mm; padding: 2.5mm; border: .2mm dashed #bbb; break-inside: avoid;
  overflow-wrap: anywhere }
svg { display: block; width: {{ size }}mm; height: auto }
h2 { margin: 1mm 0 0; font-size: 10pt }
p { margin: 0 }
dl { margin: 0; color: #444; display: grid; grid-template-columns: max-content 1fr; column-gap: 2mm }
dd { margin: 0 }
@media print { body { padding: 0 } }
</style>
</head>
<body>
<header><h1>{{ title }}</h1><span>{{ subtitle }}</span></header>
<main>
{% for card in cards %}<article>
{{ card.svg | safe }}
<h2>{{ card.name | visible }}</h2>
{% if card.caption %}<p>{{ card.caption | visible }}</p>{% endif %}
<dl>{% for label, value in facts(card) if value %}<dt>{{ label }}</dt><dd>{{ value | visible }}</dd>{% endfor %}</dl>
</article>
{% endfor %}</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One code on the sheet; `svg` is its drawing, `until` the last day of its campaign."""

    svg: str
    name: str
    kind: Kind
    channel: str = ""
    caption: str = ""
    until: str = ""


def write(stream: BinaryIO, cards: Iterable[Card], *, title: str, subtitle: str, size_mm: float) -> None:
    """The sheet as HTML; cards are taken one after the other, as many as there are."""
    from jinja2 import Environment

    page = Environment(autoescape=True)
    page.filters["visible"] = visible
    values = {"language": language(), "title": visible(title), "subtitle": visible(subtitle), "size": size_mm}
    for piece in page.from_string(_PAGE).generate(values, cards=cards, facts=_facts):
        stream.write(piece.encode())


def _facts(card: Card) -> tuple[tuple[str, str], ...]:
    kinds = {"contact": _("contact way"), "group": _("group join way"), "link": _("acquisition link")}
    return (_("Kind"), kinds[card.kind]), (_("Channel"), card.channel), (_("Last day"), card.until)
