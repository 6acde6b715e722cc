"""Export a portfolio as one Markdown file that is also readable as plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from roadmap.core.i18n import _, show_date, show_month
from roadmap.evidence.labels import impact_label
from roadmap.portfolio import labels
from roadmap.portfolio.document import Degree, Document, DocumentItem
from roadmap.portfolio.markdown_writer import destination, escape, inline, line, rewrite, table
from roadmap.portfolio.urls import safe_url


def render(document: Document) -> bytes:
    """Return UTF-8 text with blocks separated by one empty line."""
    return ("\n\n".join(block for block in _blocks(document) if block) + "\n").encode()


def _blocks(document: Document) -> Iterator[str]:
    yield f"# {inline(document.name)}"
    yield line(document.headline)
    yield _contact_line(document)
    for part in document.parts:
        yield from PARTS[part](document)


def _account(document: Document) -> Iterator[str]:
    account = [labels.verification_summary(document)]
    if document.items:
        account.append(labels.tone_explanation(document))
    yield "\n".join(f"> {escape(each)}" for each in account)


def _introduction(document: Document) -> Iterator[str]:
    yield rewrite(document.introduction_md, 3)


def _results(document: Document) -> Iterator[str]:
    head, rows = labels.result_table(document)
    if rows:
        yield f"## {_('Measured and verified')}"
        yield table(head, [(f"**{inline(row[0])}**", *map(inline, row[1:])) for row in rows])


def _evidence(document: Document) -> Iterator[str]:
    if document.items:
        yield f"## {_('Evidence')}"
        for item in document.items:
            yield from _item(item, document.locale)


def _experience(document: Document) -> Iterator[str]:
    if document.positions:
        yield f"## {_('Experience')}"
        yield f"*{escape(labels.declared_note())}*"
        for position in document.positions:
            names = (position.title, position.employer)
            yield f"### {', '.join(inline(name) for name in names if name)}"
            yield labels.dated_position(position, document.locale)
            yield rewrite(position.summary, 4)


def _education(document: Document) -> Iterator[str]:
    if document.degrees:
        yield f"## {_('Education')}"
        yield f"*{escape(labels.declared_note())}*"
        yield "\n".join(_degree(degree, document.locale) for degree in document.degrees)


def _skills(document: Document) -> Iterator[str]:
    if document.skills:
        yield f"## {_('Skills')}"
        yield f"*{escape(labels.skills_footnote())}*"
        head, rows = labels.skill_table(document)
        cells = [[inline(str(cell)) for cell in row] for row in rows]
        yield table(head, cells, alignments=("", "right", "right", "", ""))


def _contact_line(document: Document) -> str:
    contact = []
    if document.email:
        contact.append(f"[{escape(document.email)}](mailto:{destination(document.email)})")
    contact += [
        f"[{inline(each.title)}: {inline(each.username)}]({destination(each.url)})"
        for each in document.profiles
    ]
    if roadmap := labels.roadmap_line(document):
        contact.append(escape(roadmap))
    contact.append(show_date(document.generated_on, document.locale))
    return " · ".join(contact)


def _item(item: DocumentItem, locale: str) -> Iterator[str]:
    yield f"### {inline(item.title)}"
    judgement = escape(labels.verification_line(item, locale))
    if item.tone == "verified":
        judgement = f"**{judgement}**"
    yield f"{line(item.kind_label)} · {show_date(item.occurred_on, locale)} · {judgement}"
    yield "\n".join(_facts(item, locale))
    # Precedes the description, because a heading in it would otherwise include the table.
    if item.impacts:
        yield table(
            labels.impact_header(),
            [
                (
                    inline(impact_label(impact.type)),
                    inline(impact.metric),
                    inline(labels.impact_change(impact)),
                    _link(impact.source_url) if impact.source_url else "",
                )
                for impact in item.impacts
            ],
        )
    yield rewrite(item.description, 4)


def _facts(item: DocumentItem, locale: str) -> Iterator[str]:
    if item.url:
        yield f"- {_('Link')}: {_link(item.url)}"
    if item.role:
        yield f"- {_('Role')}: {inline(item.role)}"
    if issued := labels.validity(item, locale):
        yield f"- {escape(issued)}"
    for label, titles in labels.piece_facts(item):
        yield f"- {label}: {escape(labels.joined(titles))}"
    for text in labels.file_lines(item):
        yield f"- {_('File')}: {inline(text)}"
    if item.skills:
        yield f"- {labels.skills_label()}: {', '.join(inline(title) for title in item.skills)}"


def _link(url: str) -> str:
    """Return a valid URL as an autolink, and others as text."""
    valid = safe_url(url)
    return f"<{valid}>" if valid else inline(url)


def _degree(degree: Degree, locale: str) -> str:
    parts = [f"**{escape(labels.degree_title(degree))}**", inline(degree.institution)]
    if degree.awarded_on:
        parts.append(show_month(degree.awarded_on, locale))
    return "- " + ", ".join(part for part in parts if part)


PARTS: dict[str, Callable[[Document], Iterator[str]]] = {
    "account": _account,
    "introduction": _introduction,
    "results": _results,
    "evidence": _evidence,
    "experience": _experience,
    "education": _education,
    "skills": _skills,
}
