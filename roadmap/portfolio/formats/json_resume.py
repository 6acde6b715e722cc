"""Export a portfolio as JSON Resume 1.3.1 (https://jsonresume.org/schema).

Each item goes to the section that fits its kind. Data that the format cannot express (tone,
milestones, the parts of an impact, Markdown) goes into a `cairn` object of the entry, and what
people should read of it also into the entry's highlights or summary.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from roadmap.core.config import VERSION
from roadmap.core.dates import PartialDate
from roadmap.core.text import strip_control_characters
from roadmap.evidence.item import LABELLED_TEXTS, Impact
from roadmap.portfolio import labels
from roadmap.portfolio.document import Degree, Document, DocumentItem, Position, Skill
from roadmap.portfolio.plain_text import plain_text
from roadmap.portfolio.urls import safe_url

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.3.1/schema.json"
SECTIONS = {
    "blog_post": "publications",
    "talk": "publications",
    "publication": "publications",
    "patent": "publications",
    "certification": "certificates",
    "mentoring": "volunteer",
}
"""Section by kind of evidence; other kinds are projects."""

Entry = dict[str, Any]


def render(document: Document) -> bytes:
    """Return UTF-8 JSON without empty keys, with one line per entry of a section."""
    parts = (f"{_json(key)}: {_lines(value)}" for key, value in _resume(document).items())
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


# No `indent`: it makes Python's encoder ten times slower.
_json = json.JSONEncoder(ensure_ascii=False).encode


def _lines(section: Entry | list[Entry] | str) -> str:
    if not isinstance(section, list):
        return _json(section)
    return "[\n" + ",\n".join(map(_json, section)) + "\n]"


def _resume(document: Document) -> Entry:
    sections: dict[str, list[Entry]] = {
        "volunteer": [], "certificates": [], "publications": [], "projects": []
    }  # fmt: skip
    for item in document.items:
        section = SECTIONS.get(item.kind, "projects")
        sections[section].append(ENTRY_WRITERS[section](item, document.locale))
    resume = {
        "$schema": SCHEMA,
        "basics": {
            "name": document.name,
            "label": document.headline,
            "email": document.email,
            "summary": _summary(document),
            "url": next((p.url for p in document.profiles if p.network == "website"), ""),
            "profiles": [
                {
                    "network": profile.title,
                    "username": profile.username,
                    "url": profile.url,
                }
                for profile in document.profiles
            ],
        },
        "work": [_position(position) for position in document.positions],
        "volunteer": sections["volunteer"],
        "education": [_degree(degree) for degree in document.degrees],
        "certificates": sections["certificates"],
        "publications": sections["publications"],
        "skills": [_skill(skill, document.locale) for skill in document.skills],
        "projects": sections["projects"],
        "meta": {
            "version": "v1.3.1",
            "lastModified": f"{document.generated_on.isoformat()}T00:00:00",
            "generator": f"Cairn {VERSION}",
            "cairn": {
                "roadmap": document.roadmap_title,
                "introduction": document.introduction_md,
                # The number of people who verified the items of tone "verified".
                "verifiers": document.count_verifiers("verified") or None,
            },
        },
    }
    return _without_empty(resume)


def _summary(document: Document) -> str:
    """Return the introduction and the verification summary, which themes show nowhere else."""
    introduction = plain_text(document.introduction_md, separator="\n\n")
    account = labels.verification_summary(document) if document.items else ""
    return "\n\n".join(part for part in (introduction, account) if part)


def _without_empty(entry: Entry) -> Entry:
    """Remove empty values and control characters recursively; zero and false are kept."""
    cleaned = {key: _clean(value) for key, value in entry.items()}
    return {key: value for key, value in cleaned.items() if value or isinstance(value, int)}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else strip_control_characters(value)
    if isinstance(value, dict):
        return _without_empty(value)
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def _day(value: dt.date | PartialDate | None) -> str | None:
    return value.isoformat() if value else None


def _on_one_day(value: PartialDate | None) -> Entry:
    """Return the dates of a one-day event; without a start date, themes show no date at all."""
    return {"startDate": _day(value), "endDate": _day(value)}


def _position(position: Position) -> Entry:
    return {
        "name": position.employer,
        "position": position.title,
        "startDate": _day(position.started_on),
        "endDate": _day(position.ended_on),
        "summary": plain_text(position.summary, separator="\n\n"),
        "cairn": {
            "isMachineLearning": position.is_ml,
            "summary": position.summary,
            "source": labels.declared_note(),
        },
    }


def _degree(degree: Degree) -> Entry:
    return {
        "institution": degree.institution,
        "area": degree.field,
        "studyType": labels.degree_title(Degree(degree.level)),
        **_on_one_day(degree.awarded_on),
        "cairn": {"level": degree.level, "source": labels.declared_note()},
    }


def _skill(skill: Skill, locale: str) -> Entry:
    assessor = labels.assessor(skill, locale)
    return {
        "name": skill.title,
        "level": f"{labels.skill_level(skill)}. {assessor}",
        # Some themes show keywords and no level.
        "keywords": [*filter(None, [skill.group]), assessor],
        "cairn": {
            "level": skill.level,
            "description": skill.level_text,
            "bar": skill.bar,
            "assessedBy": skill.assessed_by,
        },
    }


def _extension(item: DocumentItem, *omitted: str) -> Entry:
    """Return the `cairn` object of an item, without the keys that the entry already has.

    An import recognizes the item by `id`.
    """
    facts = {
        "id": item.id,
        "kind": item.kind,
        "tone": item.tone,
        "verifiedBy": item.verified_by,
        "verifiedOn": _day(item.verified_on),
        "verifiedTitle": item.verified_title,
        "occurredOn": _day(item.occurred_on),
        "issuer": item.issuer,
        "issuedOn": _day(item.issued_on),
        "expiresOn": _day(item.expires_on),
        "url": "" if safe_url(item.url) else item.url,
        "role": item.role,
        **{name: getattr(item, name) for name in LABELLED_TEXTS},
        "description": item.description,
        "verifiedFor": item.verified_for,
        "linkedTo": item.linked_to,
        "witnessed": [*item.also_witnessed, *item.witnessed],
        "skills": item.skills,
        "impacts": [_impact(impact) for impact in item.impacts],
        "files": [
            {
                "name": file.name,
                "size": file.size,
                "type": file.media_type,
                "sha256": file.sha256,
            }
            for file in item.files
        ],
    }
    return {name: fact for name, fact in facts.items() if name not in omitted}


def _impact(impact: Impact) -> Entry:
    return {
        "type": impact.type,
        "metric": impact.metric,
        "baseline": impact.baseline,
        "result": impact.result,
        "unit": impact.unit,
        "sourceUrl": impact.source_url,
    }


def _highlights(item: DocumentItem, locale: str) -> list[str]:
    lines = [labels.sourced_impact_line(impact) for impact in item.impacts]
    lines.append(labels.verification_line(item, locale))
    lines += [f"{label}: {title}" for label, titles in labels.piece_facts(item) for title in titles]
    issued = labels.validity(item, locale)
    if issued and issued != item.issuer:
        lines.append(issued)
    return lines


def _project(item: DocumentItem, locale: str) -> Entry:
    return {
        "name": item.title,
        "type": item.kind_label,
        "description": plain_text(item.description, separator="\n\n"),
        "highlights": _highlights(item, locale),
        "keywords": item.skills,
        **_on_one_day(item.occurred_on),
        "url": safe_url(item.url),
        "roles": [item.role] if item.role else [],
        "entity": item.issuer,
        "cairn": _extension(item, "occurredOn", "skills", "role", "issuer"),
    }


def _publication(item: DocumentItem, locale: str) -> Entry:
    # Publications have no highlights in this format, so they are part of the summary.
    parts = [plain_text(item.description, separator="\n\n"), item.role, *_highlights(item, locale)]
    return {
        "name": item.title,
        "publisher": item.issuer,
        "releaseDate": _day(item.occurred_on),
        "url": safe_url(item.url),
        "summary": "\n\n".join(part for part in parts if part),
        "type": item.kind_label,
        "cairn": _extension(item, "occurredOn", "issuer"),
    }


def _certificate(item: DocumentItem, locale: str) -> Entry:
    name = item.title
    # Themes show neither the kind nor the end of validity.
    if item.tone == "lapsed":
        name = f"{name} ({item.kind_label})"
    return {
        "name": name,
        "date": _day(item.issued_on or item.occurred_on),
        "issuer": item.issuer,
        "url": safe_url(item.url),
        "highlights": _highlights(item, locale),
        "cairn": {"title": item.title, **_extension(item, "issuer")},
    }


def _volunteer(item: DocumentItem, locale: str) -> Entry:
    return {
        "organization": item.issuer,
        "position": item.title,
        "url": safe_url(item.url),
        **_on_one_day(item.occurred_on),
        "summary": plain_text(item.description, separator="\n\n"),
        "highlights": ([item.role] if item.role else []) + _highlights(item, locale),
        "cairn": _extension(item, "occurredOn", "issuer"),
    }


ENTRY_WRITERS = {
    "projects": _project,
    "publications": _publication,
    "certificates": _certificate,
    "volunteer": _volunteer,
}
