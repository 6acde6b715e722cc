"""Export a portfolio as an accessible A4 PDF (PDF/UA-1), reproducible byte by byte.

This module provides the content, `portfolio.typ` the layout. User input reaches the template only
as data.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from roadmap.badges.qr_code import draw_code
from roadmap.core import pdf
from roadmap.core.i18n import _, page_language, show_date, show_month
from roadmap.core.link_hosts import deceptive_host
from roadmap.core.markdown import Node, to_tree
from roadmap.core.text import clean_line, strip_control_characters
from roadmap.evidence.labels import impact_label
from roadmap.portfolio import labels
from roadmap.portfolio.document import Document, DocumentItem
from roadmap.portfolio.urls import MAX_URL_LENGTH, safe_url

DIRECTORY = Path(__file__).resolve().parent
FONTS = DIRECTORY / "fonts"
# Fallback order: the first font that has a character is used.
SERIF = ("Libertinus Serif", "Noto Serif", "Noto Sans")
SANS = ("Noto Sans", "DejaVu Sans", "Libertinus Serif")
MONO = ("DejaVu Sans Mono", "Noto Sans Mono")
# The same limit as in forms.
MAX_LINE_LENGTH = 2_000

_INVISIBLE = re.compile("[\u2028\u2029\ufeff\u202a-\u202e\u2066-\u2069]")

Data = dict[str, Any]


def render(document: Document) -> bytes:
    """Return the PDF. Raises PdfError, which indicates a fault of the template."""
    template = (DIRECTORY / "portfolio.typ").read_bytes()
    return pdf.render(template, _data(document), FONTS, made_on=document.generated_on)


def missing_characters(document: Document) -> str:
    """Return the characters that no available font has. Raises PdfError."""
    text = json.dumps(asdict(document), ensure_ascii=False, default=str)
    return pdf.missing_characters(text, FONTS)


def _text(value: str | None) -> str:
    """Return a single line without invisible characters, which could reorder text."""
    text = clean_line(value or "")
    kept = text if len(text) <= MAX_LINE_LENGTH else f"{text[:MAX_LINE_LENGTH]}…"
    return _INVISIBLE.sub("", kept)


def _tree(markdown: str, base_level: int) -> list[Node]:
    """Return the nodes of a text, with heading levels starting at `base_level`."""
    nodes: list[Node] = to_tree(markdown, base_level).get("c", [])
    _clean(nodes)
    return nodes


def _clean(nodes: list[Node]) -> None:
    for node in nodes:
        if "v" in node:
            node["v"] = _INVISIBLE.sub("", strip_control_characters(node["v"]))
        # Typst ignores names of languages that it does not know.
        if "lang" in node:
            node["lang"] = node["lang"] if re.fullmatch(r"[\w+#.-]{1,20}", node["lang"]) else ""
        if node.get("href"):
            node["href"] = node["href"][:MAX_URL_LENGTH]
        _clean(node.get("c", []))


def _data(document: Document) -> Data:
    locale = document.locale
    return {
        "lang": page_language(locale),
        "fonts": {"serif": SERIF, "sans": SANS, "mono": MONO},
        "words": _labels(),
        "parts": document.parts,
        "name": _text(document.name),
        "footer": _text(document.name[:80]),
        "email": _text(document.email),
        "profiles": [
            {"href": each.url, "text": f"{_text(each.title)}: {_text(each.username)}"}
            for each in document.profiles
        ],
        "headline": _text(document.headline),
        "roadmap": _text(labels.roadmap_line(document)),
        "date": show_date(document.generated_on, locale),
        "introduction": _tree(document.introduction_md, 2),
        "account": labels.verification_summary(document),
        "meaning": labels.tone_explanation(document) if document.items else "",
        "counts": {
            "verified": document.verified,
            "evidenced": len(document.items) - document.verified,
        },
        "results": [
            {
                "metric": _text(impact.metric),
                "change": _text(labels.impact_change(impact)),
                "item": _text(labels.result_source(item, locale)),
                "id": document.items.index(item),
            }
            for item, impact in document.verified_impacts[: labels.MAX_TOP_RESULTS]
        ],
        "items": [_item(item, locale) for item in document.items],
        "positions": [
            {
                "title": _text(position.title),
                "employer": _text(position.employer),
                "span": labels.position_period(position, locale),
                "note": _("Machine learning") if position.is_ml else "",
                "summary": _tree(position.summary, 4),
            }
            for position in document.positions
        ],
        "degrees": [
            {
                "title": _text(labels.degree_title(degree)),
                "institution": _text(degree.institution),
                "date": show_month(degree.awarded_on, locale) if degree.awarded_on else "",
            }
            for degree in document.degrees
        ],
        "skills": [
            {
                "title": _text(skill.title),
                "level": skill.level,
                "bar": skill.bar,
                "says": labels.skill_level(skill),
                "by": _text(labels.assessor(skill, locale)),
                "others": skill.assessed_by == "manager",
                "text": _text(labels.level_meaning(skill)),
            }
            for skill in document.skills
        ],
    }


def _labels() -> dict[str, str]:
    return {
        "portfolio": _("Portfolio"),
        "results": _("Measured and verified"),
        "evidence": _("Evidence"),
        "declared": labels.declared_note(),
        "experience": _("Experience"),
        "education": _("Education"),
        "skills": _("Skills"),
        "missing": labels.skills_footnote(),
        "impact": _("Impact"),
        "metric": _("Metric"),
        "change": _("Change"),
        "source": _("Source"),
        "link": _("Link"),
        "role": _("Role"),
        "trains": labels.skills_label(),
        "badge": _("QR code of the signed badge"),
        # {n} and {m} are filled in by the template.
        "page": _("page {n} of {m}"),
    }


def _item(item: DocumentItem, locale: str) -> Data:
    files = labels.file_lines(item)
    return {
        "title": _text(item.title),
        "kind": _text(item.kind_label),
        "date": show_date(item.occurred_on, locale),
        "link": _link(item.url),
        "role": _text(item.role),
        "issued": _text(labels.validity(item, locale)),
        "tone": item.tone,
        "judgement": _text(labels.verification_line(item, locale)),
        "impacts": [
            {
                "type": _text(impact_label(impact.type)),
                "metric": _text(impact.metric),
                "change": _text(labels.impact_change(impact)),
                "source": _link(impact.source_url),
            }
            for impact in item.impacts
        ],
        "milestones": [
            {"label": label, "text": _text(labels.joined(titles))}
            for label, titles in (*labels.piece_facts(item), (_("Files"), files))
            if titles
        ],
        "badge": [{"href": each, "code": draw_code(each)} for each in item.badges],
        "skills": [_text(title) for title in item.skills if title],
        "description": _tree(item.description, 4),
    }


def _link(url: str) -> dict[str, str]:
    """Return the target and the text of a link; the target of an invalid URL is empty."""
    text = f"{url} ({host})" if (host := deceptive_host(url)) else url
    return {"href": safe_url(url), "text": _text(text)}
