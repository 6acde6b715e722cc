"""Templates of the baseline application, which render only the rows of Cairn's pages."""

from __future__ import annotations

ROW = """<li class={{ state }} id=m-{{ key }}><button name=_method value=PUT role=checkbox \
aria-checked=false aria-label="{{ title }}" form=t formaction=/milestones/{{ key }}></button>\
<a href=/milestones/{{ key }}>{{ title }}</a></li>"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><header><a href="/">Cairn</a> {{ person.name }}</header>
<main><h1>{{ title }}</h1>
<ol class=trail>
{% for key, name, rows in stages %}<li><svg>
{% for key, title, hours in rows %}<a class={{ states.get(key, "open") }} href=#m-{{ key }}>\
<title>{{ title }}</title><use href=#k01 x=-38 y=-15 /></a>{% endfor %}</svg>\
<a href=#{{ key }}>{{ name }}</a></li>
{% endfor %}</ol>
{% for key, name, rows in stages %}<section id={{ key }}><h2>{{ name }}</h2><ul>
{% for key, title, hours in rows %}
{% set state = states.get(key, "open") %}
<li class={{ state }} id=m-{{ key }}><button aria-labelledby=m-{{ key }} name=_method \
value={{ "DELETE" if state == "done" else "PUT" }} role=checkbox \
aria-checked={{ "true" if state == "done" else "false" }} form=t \
formaction=/milestones/{{ key }}></button><a href=/milestones/{{ key }}>{{ title }}</a>\
<b>{{ state }}</b><i>{{ hours }} h</i></li>
{% endfor %}</ul></section>
{% endfor %}
<form id=t method=post></form></main></body></html>"""

EXPORT_INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ person.name }}</title></head>
<body><main><h1>{{ person.name }}</h1>
{% for piece in pieces %}
<article><h2><a href="{{ piece.id }}.html">{{ piece.title }}</a></h2>
<p>{{ piece.kind }}, {{ piece.occurred_on }}</p><p>{{ piece.role }}</p></article>
{% endfor %}</main></body></html>"""

EXPORT_PIECE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ piece.title }}</title></head>
<body><main><h1><a href="{{ piece.url }}">{{ piece.title }}</a></h1>
<p>{{ piece.kind }}, {{ piece.occurred_on }}</p>
{{ markdown(piece.description) }}
<p>{{ piece.role }}</p>
<ul>{% for impact in piece.impacts %}<li>{{ impact[0] }}: {{ impact[1] }}, {{ impact[2] }} \
{{ impact[3] }}</li>{% endfor %}</ul>
<p>{{ piece.milestones|join(", ") }}</p></main></body></html>"""

EXPORT_MARKDOWN = """# {{ person.name }}
{% for piece in pieces %}

### {{ piece.title }}

{{ piece.kind }}, {{ piece.occurred_on }}

- {{ piece.url }}
- {{ piece.role }}
- {{ piece.milestones|join("; ") }}
{% for impact in piece.impacts %}- {{ impact[0] }}: {{ impact[1] }}, {{ impact[2] }} {{ impact[3] }}
{% endfor %}

{{ below(piece.description) }}
{% endfor %}"""

PIECES_FOUND = """<div id=pieces><p>{{ rows[0].found if rows else 0 }} pieces found.</p><ul>
{% for row in rows %}
<li><a href=/evidence/{{ row.id }}>{{ row.title|e }}</a><p>{{ row.kind }} {{ row.occurred_on }} \
{{ row.state }}</p><p>{% for title in titles.get(row.id, ()) %}<span>{{ title|e }}</span>\
{% endfor %}</p></li>
{% endfor %}</ul></div>"""

MATRIX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ slug }}</title></head>
<body><header><a href="/">Cairn</a> {{ person.name }}</header>
<main><h1>{{ slug }}</h1><table><thead><tr><th>Name</th><th>Readiness</th>
{% for key, title in stages %}<th>{{ title }}</th>{% endfor %}
{% for key, title in skills %}<th>{{ title }}</th>{% endfor %}<th>Last activity</th></tr></thead>
<tbody>
{% for id, name, score, moved, verdict, cells in rows %}
{% set at = "/teams/" ~ slug ~ "/people/" ~ id %}
<tr><th scope=row><a href={{ at }}>{{ name }}</a></th>\
<td><a href={{ at }} aria-label="{{ name }}: {{ score }}, {{ verdict }}">{{ score }}\
<small>{{ verdict }}</small></a></td>
{% for cell in cells %}{{ cell }}
{% endfor %}<td class=moved><a href={{ at }}>{{ moved }}</a></td></tr>
{% endfor %}</tbody></table></main></body></html>"""

# Matrix cells are formatted in Python: in the template, a thousand of them would take longer than
# everything else together.
STAGE_CELL = """<td class=tones><a href="{at}?stage={key}" aria-label="{name}, {title}: \
{claimed} % claimed, {evidenced} % evidenced, {verified} % verified">\
<svg class=meter aria-hidden=true><rect class=c width={claimed}% />\
<rect class=e width={evidenced}% /><rect class=v width={verified}% /></svg>\
<b>{verified}</b><span>{evidenced}</span><i>{claimed}</i></a></td>"""

SKILL_CELL = """<td class=skill><a href="{at}?skill={key}#skills" aria-label="{name}, {title}: \
self {own}, manager {other}"><span>{own}</span><b>{other}</b></a></td>"""
