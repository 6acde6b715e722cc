"""Export a portfolio as LEAP2A (http://www.leapspecs.org/2A/), an Atom feed.

Other portfolio systems, such as Mahara, can import it. The introduction is a selection entry that
links to all other entries. Data without a field in the format (reviewers, milestones, impacts)
becomes lines of an entry's summary.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from roadmap.core.config import VERSION
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _
from roadmap.core.markdown import to_html
from roadmap.core.text import strip_control_characters
from roadmap.portfolio import labels
from roadmap.portfolio.document import Document, DocumentItem
from roadmap.portfolio.urls import safe_url

LIFE_AREA = "categories:life_area#"
# Lets our own importer recognize the kind of an item.
KIND_SCHEME = "urn:cairn:kind#"
TYPES = {
    "blog_post": "publication",
    "publication": "publication",
    "patent": "publication",
    "talk": "activity",
    "mentoring": "activity",
    "interviewing": "activity",
}
"""LEAP2A type by kind of evidence; other kinds are achievements."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the feed. `html` is its content, `facts` are the lines of its summary."""

    id: str
    type: str
    title: str
    html: str = ""
    facts: list[str] = field(default_factory=list)
    categories: list[tuple[str, str]] = field(default_factory=list)
    dates: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    updated_on: dt.date | None = None


def render(document: Document) -> bytes:
    """Return the feed as XML in UTF-8."""
    sections = {key: [*_entries(key, document)] for key in document.sections}
    parts = [part for entries in sections.values() for part in entries]
    about = labels.verification_summary(document) if document.items else ""
    first = Entry(
        _urn(document, "portfolio"),
        "selection",
        document.headline or document.name,
        html=to_html(document.introduction_md),
        facts=[line for line in (about, *(each.url for each in document.profiles)) if line],
        categories=[("categories:selection_type#", "Grouping")],
        links=[("leap2:has_part", part.id) for part in parts if part.type != "organization"],
    )
    sections.setdefault("introduction", []).append(first)
    text = _template().render(
        feed_id=_urn(document, "feed"),
        title=_("Portfolio of %(name)s", name=document.name),
        author=document.name,
        email=document.email,
        updated=f"{document.generated_on.isoformat()}T00:00:00Z",
        version=VERSION,
        entries=[part for entries in sections.values() for part in entries],
    )
    return f"{text}\n".encode()


@lru_cache(1)
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        # XML cannot contain control characters, even escaped.
        finalize=_strip_control_characters,
    )
    return environment.get_template("leap2a.xml")


def _strip_control_characters(value: Any) -> Any:
    """Return text without control characters; a plain `str`, so that HTML is escaped as well."""
    return strip_control_characters(str(value)) if isinstance(value, str) else value


def _entries(section: str, document: Document) -> Iterator[Entry]:
    match section:
        case "evidence":
            yield from (_piece(item, document.locale) for item in document.items)
        case "experience":
            for number, position in enumerate(document.positions, 1):
                entry = Entry(
                    _urn(document, f"position/{number}", position.id),
                    "activity",
                    position.title,
                    html=to_html(position.summary),
                    facts=[labels.declared_note()],
                    categories=[(LIFE_AREA, "Work")],
                    dates=_span(position.started_on, position.ended_on),
                )
                yield from _with_organization(document, entry, position.employer)
        case "education":
            for number, degree in enumerate(document.degrees, 1):
                entry = Entry(
                    _urn(document, f"degree/{number}", degree.id),
                    "achievement",
                    labels.degree_title(degree),
                    facts=[labels.declared_note()],
                    categories=[(LIFE_AREA, "Education")],
                    dates=_span(None, degree.awarded_on),
                )
                yield from _with_organization(document, entry, degree.institution)
        case "skills":
            for skill in document.skills:
                assessed = labels.assessor(skill, document.locale)
                yield Entry(
                    _urn(document, f"skill/{skill.title}"),
                    "ability",
                    skill.title,
                    facts=[
                        f"{labels.skill_level(skill)}. {assessed}",
                        labels.level_meaning(skill),
                    ],
                    updated_on=skill.assessed_on,
                )


def _with_organization(document: Document, entry: Entry, organization: str) -> Iterator[Entry]:
    """Yield an entry, and an entry for the organization that it links to."""
    yield entry
    if organization:
        place = Entry(_urn(document, f"{entry.id}/organization"), "organization", organization)
        entry.links.append(("related", place.id))
        yield place


def _urn(document: Document, part: str, own: str = "") -> str:
    """Return a globally unique id: the row's id, or else one derived from the portfolio's."""
    made = uuid.uuid5(uuid.NAMESPACE_URL, f"{document.id or document.name}/{part}")
    return f"urn:uuid:{own or made}"


def _span(start: PartialDate | None, end: PartialDate | None) -> list[tuple[str, str]]:
    return [(point, str(date)) for point, date in (("start", start), ("end", end)) if date]


def _piece(item: DocumentItem, locale: str) -> Entry:
    issued = labels.validity(item, locale)
    facts = [item.kind_label, labels.verification_line(item, locale)]
    facts += [f"{label}: {title}" for label, titles in labels.piece_facts(item) for title in titles]
    facts += [labels.sourced_impact_line(impact) for impact in item.impacts]
    facts += [f"{_('Role')}: {item.role}"] if item.role else []
    facts += [issued, *(f"{_('File')}: {line}" for line in labels.file_lines(item))]
    facts += [f"{labels.skills_label()}: {', '.join(item.skills)}"] if item.skills else []
    url = safe_url(item.url)
    return Entry(
        f"urn:uuid:{item.id}",
        TYPES.get(item.kind, "achievement"),
        item.title,
        html=to_html(item.description),
        facts=[line for line in facts if line],
        categories=[(KIND_SCHEME, item.kind)],
        dates=_span(item.occurred_on, item.occurred_on),
        links=[("related", url)] if url else [],
        updated_on=item.verified_on,
    )
