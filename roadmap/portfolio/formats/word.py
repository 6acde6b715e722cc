"""Export a portfolio as an editable Word document with named styles.

This module provides the content; `word_writer` writes it as Office Open XML.
"""

from __future__ import annotations

from collections.abc import Callable

from roadmap.core.i18n import _, page_language, show_date, show_month
from roadmap.core.link_hosts import deceptive_host
from roadmap.evidence.labels import impact_label
from roadmap.portfolio import labels
from roadmap.portfolio.document import Document, DocumentItem
from roadmap.portfolio.formats.word_writer import Line, Span, WordWriter, bold, link
from roadmap.portfolio.urls import safe_url


def render(document: Document) -> bytes:
    """Return the DOCX file; equal documents give equal bytes."""
    title = _("Portfolio of %(name)s", name=document.name)
    writer = WordWriter(page_language(document.locale))
    _head(writer, document)
    for part in document.parts:
        PARTS[part](writer, document)
    # {n} and {m} become Word fields.
    page = _("page {n} of {m}")
    return writer.to_bytes(title=title, author=document.name, page=page, day=document.generated_on)


def _head(writer: WordWriter, document: Document) -> None:
    writer.paragraph(_("Portfolio"), "Kicker")
    writer.paragraph(document.name, "Title")
    if document.headline:
        writer.paragraph(document.headline, "Subtitle")
    contact = [link(each.url, f"{each.title}: {each.username}") for each in document.profiles]
    if document.email:
        contact.insert(0, link(f"mailto:{document.email}", document.email))
    if roadmap := labels.roadmap_line(document):
        contact.append(Span(roadmap))
    contact.append(Span(show_date(document.generated_on, document.locale)))
    writer.paragraph([each for span in contact for each in (Span(" · "), span)][1:], "Details")


def _account(writer: WordWriter, document: Document) -> None:
    writer.paragraph(bold(labels.verification_summary(document)), "Details")
    if document.items:
        writer.paragraph(labels.tone_explanation(document), "Details")


def _introduction(writer: WordWriter, document: Document) -> None:
    writer.markdown(document.introduction_md, 2)


def _results(writer: WordWriter, document: Document) -> None:
    head, rows = labels.result_table(document)
    if rows:
        writer.heading(_("Measured and verified"), 1)
        writer.table(head, [(bold(row[0]), *row[1:]) for row in rows])


def _evidence(writer: WordWriter, document: Document) -> None:
    if document.items:
        writer.heading(_("Evidence"), 1)
    for item in document.items:
        _piece(writer, item, document.locale)


def _piece(writer: WordWriter, item: DocumentItem, locale: str) -> None:
    writer.heading(item.title or _("Untitled"), 2)
    kind, day = item.kind_label, show_date(item.occurred_on, locale)
    writer.paragraph(f"{kind} · {day}", "Details", keep_with_next=True)
    judgement = labels.verification_line(item, locale)
    writer.paragraph(
        judgement, "Verified" if item.tone == "verified" else "Details", keep_with_next=True
    )
    if item.url:
        writer.fact(_("Link"), _address(item.url))
    if item.role:
        writer.fact(_("Role"), item.role)
    if issued := labels.validity(item, locale):
        writer.paragraph(issued, "Details")
    if item.impacts:
        writer.table(
            labels.impact_header(),
            [
                (
                    impact_label(impact.type),
                    impact.metric,
                    bold(labels.impact_change(impact)),
                    _address(impact.source_url),
                )
                for impact in item.impacts
            ],
            widths=(14, 28, 24, 34),
        )
    writer.markdown(item.description, 3)
    for label, titles in labels.piece_facts(item):
        writer.fact(label, labels.joined(titles))
    for line in labels.file_lines(item):
        writer.fact(_("File"), line)
    if item.skills:
        writer.fact(labels.skills_label(), ", ".join(item.skills))


def _experience(writer: WordWriter, document: Document) -> None:
    if document.positions:
        writer.heading(_("Experience"), 1)
        writer.paragraph(labels.declared_note(), "Details", keep_with_next=True)
    for position in document.positions:
        names = (position.title, position.employer)
        writer.heading(", ".join(name for name in names if name), 2)
        note = labels.dated_position(position, document.locale)
        writer.paragraph(note, "Details", keep_with_next=bool(position.summary))
        writer.markdown(position.summary, 3)


def _education(writer: WordWriter, document: Document) -> None:
    if document.degrees:
        writer.heading(_("Education"), 1)
        writer.paragraph(labels.declared_note(), "Details", keep_with_next=True)
    for degree in document.degrees:
        when = show_month(degree.awarded_on, document.locale) if degree.awarded_on else ""
        rest = "".join(f", {part}" for part in (degree.institution, when) if part)
        writer.paragraph([bold(labels.degree_title(degree)), Span(rest)])


def _skills(writer: WordWriter, document: Document) -> None:
    if document.skills:
        writer.heading(_("Skills"), 1)
        head, rows = labels.skill_table(document)
        cells: list[list[Line]] = [[bold(str(row[0])), *map(str, row[1:])] for row in rows]
        writer.table(head, cells, widths=(22, 9, 14, 17, 38))
        writer.paragraph(labels.skills_footnote(), "Details")


def _address(url: str) -> list[Span]:
    """Return a valid URL as a link, and others as text."""
    href = safe_url(url)
    if not href:
        return [Span(url)]
    host = deceptive_host(url)
    return [link(href, url), *([Span(f" ({host})")] if host else [])]


PARTS: dict[str, Callable[[WordWriter, Document], None]] = {
    "account": _account,
    "introduction": _introduction,
    "results": _results,
    "evidence": _evidence,
    "experience": _experience,
    "education": _education,
    "skills": _skills,
}
