"""The HTML of a document: one file that fetches nothing and runs nothing, for screen and A4."""

from wecrm.files.pagestyles import BEGIN

PAGE = (
    BEGIN
    + """:root { --s1: #2f6fc4; --s2: #c2571a; --s3: #1b7f4b; --s4: #7a4fb0 }
@media (prefers-color-scheme: dark) { :root { --s1: #7fb0f5; --s2: #f0a066; --s3: #59c58d; --s4: #c0a0f0 } }
@media print { :root { --s1: #2f6fc4; --s2: #c2571a; --s3: #1b7f4b; --s4: #7a4fb0 } }
header p, .soft { color: var(--soft); font-size: 8.5pt }
.cards { margin-bottom: 3mm }
.cards small { display: block; font-size: 8pt }
.spark { display: block; width: 100%; height: 6mm; margin-top: 1mm; overflow: visible }
figure { margin: 2mm 0 3mm; break-inside: avoid }
figcaption { margin-bottom: 1mm }
.chart { display: block; width: 100%; height: auto }
.chart text { fill: var(--text); font-size: 12px }
.chart .e { text-anchor: end }
.chart .m { text-anchor: middle }
.chart .e, .chart .m { fill: var(--soft) }
.grid, .axis { stroke: var(--line); stroke-width: 1 }
.axis { stroke: var(--soft) }
{% for n in colours %}.s{{ n }} { fill: var(--s{{ n }}); color: var(--s{{ n }}) }
.l{{ n }} { stroke: var(--s{{ n }}) }
{% endfor %}.l1, .l2, .l3, .l4 { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round;
  vector-effect: non-scaling-stroke }
.l2 { stroke-dasharray: 6 4 }
.l3 { stroke-dasharray: 2 4 }
.l4 { stroke-dasharray: 10 4 2 4 }
svg { print-color-adjust: exact; -webkit-print-color-adjust: exact }
.wide { overflow-x: auto; margin-bottom: 2mm }
td.s { white-space: nowrap }
h2 + .soft, h2 + .soft + .soft { break-after: avoid }
.total { break-before: avoid }
.total td { font-weight: bold; border-top: .3mm solid var(--soft) }
h3 { margin-top: 2.5mm; break-after: avoid }
@media print { .wide { overflow: visible } }
@page side { size: A4 landscape }
body.rows { max-width: none; page: side }
@media screen { .rows th { white-space: nowrap } .rows td { overflow-wrap: break-word; max-width: 75mm } }
@media print { .rows table { font-size: 8pt }
  .rows table:has(th:nth-child(13)) { table-layout: fixed; font-size: 7pt }
  .rows table:has(th:nth-child(13)) * { white-space: normal; padding-inline: .5mm } }
</style>
<link rel="icon" href="data:,">
</head>
<body{% if document.wide %} class="rows"{% endif %}>
<header><h1>{{ title | visible }}</h1>
{% for fact in document.facts %}<p>{{ fact | visible }}</p>
{% endfor %}</header>
<main>
{% for kind, block in blocks %}\
{% if kind == "Heading" %}<h{{ block.level }}>{{ block.text | visible }}</h{{ block.level }}>
{% elif kind == "Text" %}<p{% if block.soft %} class="soft"{% endif %}>{{ block.text | visible }}</p>
{% elif kind == "Figures" %}<div class="cards">{% for one in block.figures %}\
<div><span>{{ one.title | visible }}</span><b>{{ one.value | number }}</b>\
{% if one.before is not none %}<small>{{ one | since }}</small>{% endif %}{{ one | trend }}</div>{% endfor %}</div>
{% elif kind == "Chart" %}<figure><figcaption>{% if block.series | length == 1 %}{{ block.title | visible }}{% else %}\
{% for one in block.series %}<span><i class="s{{ (loop.index0 % colours | length) + 1 }}"></i>\
{{ one.name | visible }}</span> {% endfor %}{% endif %}</figcaption>
{{ block | chart }}</figure>
{% elif kind == "Excerpt" %}<div class="wide"><table>
<thead><tr>{% for head in block | heads %}<th class="{{ head.kind }}">{{ head.text | visible }}</th>{% endfor %}</tr>\
</thead>
<tbody>{% for row in block | rows %}<tr>{% for cell in row %}<td class="{{ cell.kind }}">{{ cell.text | visible }}</td>\
{% endfor %}</tr>
{% endfor %}{% if block.table.totals %}<tr class="total">{% for cell in block | totals %}\
<td class="{{ cell.kind }}">{{ cell.text | visible }}</td>{% endfor %}</tr>
{% endif %}</tbody></table></div>
{% if block | cut %}<p class="soft">{{ block | cut }}</p>
{% endif %}{% endif %}{% endfor %}</main>
</body>
</html>
"""
)
