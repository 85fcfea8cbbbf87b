"""The HTML of an offboarding report: one file that fetches nothing and runs nothing, for screen and A4."""

PAGE = """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ title | visible }}</title>
<style>
@page { size: A4; margin: 14mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
:root { color-scheme: light dark; --back: #fff; --text: #1c1c1c; --soft: #5c5c5c; --line: #d0d0d0; --card: #f5f5f5;
  --good: #1b7f4b; --mild: #8a6100; --bad: #b3261e; --wait: #4a63a8 }
@media (prefers-color-scheme: dark) { :root { --back: #16181c; --text: #e8e8e8; --soft: #a6a6a6; --line: #3c4048;
  --card: #1f2228; --good: #59c58d; --mild: #e0b34c; --bad: #f2857d; --wait: #94a9e8 } }
@media print { :root { color-scheme: light; --back: #fff; --text: #000; --soft: #444; --line: #bbb; --card: #fff;
  --good: #1b7f4b; --mild: #8a6100; --bad: #b3261e; --wait: #4a63a8 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 5mm; max-width: 210mm; background: var(--back); color: var(--text);
  overflow-wrap: anywhere; font: 9.5pt/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
header { border-bottom: .4mm solid var(--text); margin-bottom: 4mm; padding-bottom: 2mm }
h1 { margin: 0; font-size: 16pt; line-height: 1.25 }
h2 { margin: 6mm 0 1.5mm; font-size: 12pt; break-after: avoid }
h3 { margin: 0; font-size: 9.5pt }
p { margin: 0 0 1mm }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(27mm, 1fr)); gap: 2mm }
.cards div { border: .2mm solid var(--line); background: var(--card); border-radius: 1mm; padding: 1.5mm 2mm }
.cards b { display: block; font-size: 14pt; line-height: 1.2; font-variant-numeric: tabular-nums }
.cards span, small, dt { color: var(--soft) }
.blocked { border-left: 1mm solid var(--bad); padding-left: 2mm; margin: 2mm 0 }
figure { margin: 0 0 2mm }
figure svg { display: block; width: 100%; height: 5mm }
figure rect { stroke: var(--back); stroke-width: 1.5 }
figcaption span { display: inline-block; margin-right: 4mm }
figcaption i { display: inline-block; width: 2.6mm; height: 2.6mm; margin-right: 1mm }
.verified { fill: var(--good); color: var(--good) }
.refused, .full { fill: var(--mild); color: var(--mild) }
.lost, .failed { fill: var(--bad); color: var(--bad) }
.left, .waiting, .running { fill: var(--wait); color: var(--wait) }
figcaption i { background: currentColor; print-color-adjust: exact; -webkit-print-color-adjust: exact }
table { border-collapse: collapse; width: 100% }
thead { display: table-header-group }
tr { break-inside: avoid }
th, td { border-bottom: .2mm solid var(--line); padding: .8mm 1.5mm; text-align: left; vertical-align: top }
th { color: var(--soft); font-weight: normal }
td.s, th.s { white-space: nowrap }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
article { border-bottom: .2mm solid var(--line); padding: 1.5mm 0; break-inside: avoid }
article > p { margin: 0 }
.said { display: grid; grid-template-columns: repeat(auto-fit, minmax(52mm, 1fr)); gap: 0 4mm; margin-top: 1mm;
  font-size: 8.5pt }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; column-gap: 3mm }
.said dl { grid-template-columns: fit-content(24mm) 1fr; column-gap: 2mm }
dd { margin: 0 }
@media print { body { padding: 0; max-width: none } }
</style>
</head>
<body>
<header><h1>{{ title | visible }}</h1>
<p>{{ subtitle | visible }}</p>
{% if report.blocked_by %}<p class="blocked">{{ labels.needed }} {{ report.blocked_by | visible }}</p>
{% endif %}</header>
<main>
<h2>{{ labels.before }}</h2>
<div class="cards">{% for label, n in before %}\
<div><b>{{ n | number }}</b><span>{{ label }}</span></div>{% endfor %}</div>
<h2>{{ labels.after }}</h2>
{% for one in bars %}<figure>
<h3>{{ one.title }}</h3>
<svg viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label="{{ one.title }}">\
{% for part in one.parts %}<rect class="{{ part.outcome }}" x="{{ part.x }}" y="0" width="{{ part.width }}" \
height="20"/>{% endfor %}</svg>
<figcaption>{% for part in one.parts %}<span><i class="{{ part.outcome }}"></i>{{ part.label }} \
<b>{{ part.n | number }}</b></span> {% endfor %}</figcaption>
</figure>
{% endfor %}{% for sentence in remarks %}<p>{{ sentence }}</p>
{% endfor %}{% if memory %}<p>{{ labels.memory }} {% for result, n in memory %}{{ result }} <b>{{ n | number }}</b>\
{{ "; " if not loop.last }}{% endfor %}</p>{% endif %}
{% if report.takers %}<table>
<thead><tr><th>{{ labels.taker }}</th>\
{% for label in taker_heads %}<th class="n">{{ label }}</th>{% endfor %}</tr></thead>
<tbody>{% for one in report.takers %}<tr><td>{{ one.name | visible }} <small>{{ one.userid | visible }}</small></td>\
{% for n in taker_cells(one) %}<td class="n">{{ n | number }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endif %}
<h2>{{ labels.open }}</h2>
{% if reasons %}<table>
<thead><tr><th>{{ labels.outcome }}</th><th>{{ labels.reason }}</th><th class="n">{{ labels.number }}</th></tr></thead>
<tbody>{% for outcome, reason, n in reasons %}<tr><td class="{{ outcome }}">{{ outcomes[outcome] }}</td>\
<td>{{ reason | visible }}</td><td class="n">{{ n | number }}</td></tr>
{% endfor %}</tbody></table>
{% else %}<p>{{ labels.nothing }}</p>
{% endif %}
<h2>{{ labels.approval }}</h2>
<dl>{% for label, value in approval if value %}<dt>{{ label }}</dt><dd>{{ value | visible }}</dd>
{% endfor %}</dl>
<h2>{{ labels.steps }}</h2>
{% for step in report.steps %}<article>
<h3>{{ step.n }}. {{ does[step.name] }} <small>{{ step.name }}</small> \
<span class="{{ step_class(step) }}">{{ step.state }}</span></h3>
<p><small>{{ span(step) }}{% if step.job %} · {{ labels.job }} {{ step.job | visible }}{% endif %}</small></p>
{% if step.blocked_by %}<p class="blocked">{{ step.blocked_by | visible }}</p>
{% endif %}<div class="said">{% for label, facts in said(step) if facts %}<div><small>{{ label }}</small>\
<dl>{% for key, value in facts %}<dt>{{ key | visible }}</dt><dd>{{ value | visible }}</dd>{% endfor %}</dl></div>\
{% endfor %}</div>
</article>
{% endfor %}
{% if report.jobs %}<h2>{{ labels.jobs }}</h2>
<table>
<thead><tr><th>{{ labels.job }}</th><th class="s">{{ labels.state }}</th><th class="s">{{ labels.rows }}</th>\
<th>{{ labels.approval }}</th><th>{{ labels.digest }}</th></tr></thead>
<tbody>{% for job in report.jobs %}<tr><td>{{ job.id }}<br><small>{{ job.title | visible }}</small></td>\
<td class="s">{{ job.state }}</td>\
<td class="s">{% for status, n in job.rows.items() %}{{ n | number }} {{ status }}<br>{% endfor %}</td>\
<td>{{ job.approval | visible }}</td><td><small>{{ job.digest }}</small></td></tr>
{% endfor %}</tbody></table>
{% endif %}
{% if unmoved %}<h2>{{ labels.each }}</h2>
<table>
<thead><tr><th>{{ labels.name }}</th><th>{{ labels.outcome }}</th><th>{{ labels.taker }}</th>\
<th>{{ labels.reason }}</th></tr></thead>
<tbody>{% for one in unmoved %}<tr><td>{{ one.name | visible }}<br><small>{{ one.id | visible }}</small></td>\
<td class="{{ one.outcome }}">{{ outcomes[one.outcome] }}</td><td>{{ one.takeover | visible }}</td>\
<td>{{ why(one) | visible }}</td></tr>
{% endfor %}</tbody></table>
{% endif %}
</main>
</body>
</html>
"""
