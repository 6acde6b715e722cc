"""Export a portfolio as CSV with a row per item, or as XLSX with a sheet per section."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _, show_date
from roadmap.core.tables import CellValue, Sheet, to_csv, to_xlsx
from roadmap.portfolio import labels
from roadmap.portfolio.document import Document, DocumentItem
from roadmap.portfolio.plain_text import plain_text


def render_csv(document: Document) -> bytes:
    """Return a row per item, with the owner's name and e-mail address repeated in each row."""
    pieces = _pieces(document)
    owner = [(_("Name"), document.name)]
    if document.email:
        owner.append((_("Email"), document.email))
    header = [*pieces.header, *(label for label, _text in owner)]
    rows = [(*row, *(text for _, text in owner)) for row in pieces.rows]
    return to_csv(Sheet(pieces.title, header, rows))


def render_xlsx(document: Document) -> bytes:
    """Return a sheet for each section that is not empty, and one about the person."""
    return to_xlsx(*_sheets(document))


def _sheets(document: Document) -> Iterator[Sheet]:
    for part in document.sections:
        if part in PARTS and (sheet := PARTS[part](document)).rows:
            yield sheet
    yield _about(document)


def _experience(document: Document) -> Sheet:
    return Sheet(
        _("Experience"),
        (_("Position"), _("Employer"), _("From"), _("To"), _("Field"), _("Source"),
         _("Description")),
        [
            (
                position.title,
                position.employer,
                _date(position.started_on),
                _date(position.ended_on) or _("today"),
                _("Machine learning") if position.is_ml else "",
                labels.declared_note(),
                plain_text(position.summary),
            )
            for position in document.positions
        ],
        wide=(6,),
    )  # fmt: skip


def _education(document: Document) -> Sheet:
    return Sheet(
        _("Education"),
        (_("Degree"), _("Institution"), _("Date"), _("Source")),
        [
            (
                labels.degree_title(degree),
                degree.institution,
                _date(degree.awarded_on),
                labels.declared_note(),
            )
            for degree in document.degrees
        ],
    )


def _skills(document: Document) -> Sheet:
    return Sheet(_("Skills"), *labels.skill_table(document), wide=(4,))


def _about(document: Document) -> Sheet:
    rows: list[tuple[str, str]] = [
        (_("Name"), document.name),
        (_("Headline"), document.headline),
        (_("Email"), document.email or ""),
        *((each.title, each.url) for each in document.profiles),
        (_("Roadmap"), document.roadmap_title or ""),
        (_("Date"), show_date(document.generated_on, document.locale)),
        (_("Introduction"), plain_text(document.introduction_md)),
    ]
    if "evidence" in document.sections:
        rows.append((_("Verification"), labels.verification_summary(document)))
    if document.items:
        rows.append(("", labels.tone_explanation(document)))
    return Sheet(_("Portfolio"), ("", ""), [row for row in rows if row[1]], wide=(1,))


def _pieces(document: Document) -> Sheet:
    milestones = labels.fact_labels()
    header = (
        _("Title"), _("Kind"), _("Date"), _("Verification"), *milestones.values(),
        labels.skills_label(), _("Impact"), _("Role"), _("Link"), _("Issuer"), _("Issued on"),
        _("Valid until"), _("Files"), _("Description"),
    )  # fmt: skip
    rows = [_piece(item, document.locale) for item in document.items]
    return Sheet(_("Evidence"), header, rows, wide=range(3, len(header)))


def _piece(item: DocumentItem, locale: str) -> tuple[CellValue, ...]:
    texts = dict(labels.piece_facts(item))
    return (
        item.title,
        item.kind_label,
        _date(item.occurred_on),
        labels.verification_line(item, locale),
        *("\n".join(texts.get(label, ())) for label in labels.fact_labels().values()),
        "\n".join(item.skills),
        "\n".join(labels.sourced_impact_line(impact) for impact in item.impacts),
        item.role,
        item.url,
        item.issuer,
        _date(item.issued_on),
        _date(item.expires_on),
        "\n".join(labels.file_lines(item)),
        plain_text(item.description),
    )


def _date(value: PartialDate | None) -> CellValue:
    """Return a full date as a date value, and a month or a year as text."""
    # Dates in spreadsheets begin in 1900.
    is_day = value and value.first == value.last and value.first.year >= 1900
    return value.first if value and is_day else value


# Results have no sheet, because each item lists its own.
PARTS: dict[str, Callable[[Document], Sheet]] = {
    "evidence": _pieces,
    "experience": _experience,
    "education": _education,
    "skills": _skills,
}
