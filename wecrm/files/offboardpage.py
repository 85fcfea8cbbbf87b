"""The HTML of an offboarding report: one file that fetches nothing and runs nothing, for screen and A4."""

from wecrm.files.pagestyles import BEGIN

PAGE = (
    BEGIN
    + """.blocked { border-left: 1mm solid var(--bad); padding-left: 2mm; margin: 2mm 0 }
figure { margin: 0 0 2mm }
figure svg { display: block; width: 100%; height: 5mm }
figure rect { stroke: var(--back); stroke-width: 1.5 }
.verified { fill: var(--good); color: var(--good) }
.refused, .full { fill: var(--mild); color: var(--mild) }
.lost, .failed { fill: var(--bad); color: var(--bad) }
.left, .waiting, .running { fill: var(--wait); color: var(--wait) }
td.s, th.s { white-space: nowrap }
article { border-bottom: .2mm solid var(--line); padding: 1.5mm 0; break-inside: avoid }
article > p { margin: 0 }
.said { display: grid; grid-template-columns: repeat(auto-fit, minmax(52mm, 1fr)); gap: 0 4mm; margin-top: 1mm;
  font-size: 8.5pt }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; column-gap: 3mm }
.said dl { grid-template-columns: fit-content(24mm) 1fr; column-gap: 2mm }
dd { margin: 0 }
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
)
