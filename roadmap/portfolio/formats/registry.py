"""The registry of export formats, used by pages, routes, API and documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import json_resume, leap2a, markdown, pdf, site, tables, word

_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True, slots=True)
class Format:
    """An export format, available at `/portfolio/export/<key>`.

    - `extension`: without the dot
    - `render`: pure; equal documents give equal bytes
    - `missing`: returns the characters of a document that the format's fonts lack
    - `files`: returns SHA-256 by path of the stored files to add; the format is a ZIP then
    """

    key: str
    title: LazyString
    mimetype: str
    extension: str
    render: Callable[[Document], bytes]
    missing: Callable[[Document], str] = lambda _document: ""
    files: Callable[[Document], Mapping[str, str]] = lambda _document: {}


FORMATS: dict[str, Format] = {
    each.key: each
    for each in (
        Format(
            "pdf", _l("PDF"), "application/pdf", "pdf", pdf.render, missing=pdf.missing_characters
        ),
        Format("docx", _l("Word"), f"{_OFFICE}.wordprocessingml.document", "docx", word.render),
        Format(
            "site", _l("Website"), "application/zip", "zip", site.render, files=site.packed_files
        ),
        Format("markdown", _l("Markdown"), "text/markdown", "md", markdown.render),
        Format("json-resume", _l("JSON Resume"), "application/json", "json", json_resume.render),
        Format("xlsx", _l("Excel"), f"{_OFFICE}.spreadsheetml.sheet", "xlsx", tables.render_xlsx),
        Format("csv", _l("CSV"), "text/csv", "csv", tables.render_csv),
        Format("leap2a", _l("LEAP2A"), "application/atom+xml", "xml", leap2a.render),
    )
}
"""All formats by key, in display order."""
