"""The registry of export formats: pages, routes, API and documentation take the list from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import json_resume, leap2a, markdown, pdf, site, tables, word

_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of the portfolio.

    Its address is `/portfolio/export/<key>`; `extension` has no dot. `render` is pure: the same
    document gives the same bytes. `missing` returns the characters of a document that the file
    would show as boxes, `files` the SHA-256 of each stored file that belongs into the file,
    which is a ZIP then, by its path in it.
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
        Format("pdf", _l("PDF"), "application/pdf", "pdf", pdf.render, missing=pdf.missing),
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
"""Every format by its key, in the order in which pages offer them."""
