"""The registry of export formats: pages, routes, API and documentation take the list from here.

To add a format, write a module with a `FORMAT` and name that in the tuple below.
"""

from __future__ import annotations

from roadmap.portfolio.formats import json_resume, leap2a, markdown, pdf, site, tables, word
from roadmap.portfolio.formats.format import Format

FORMATS: dict[str, Format] = {
    each.key: each
    for each in (
        pdf.FORMAT, word.FORMAT, site.FORMAT, markdown.FORMAT, json_resume.FORMAT, tables.XLSX,
        tables.CSV, leap2a.FORMAT,
    )
}  # fmt: skip
"""Every format by its key, in the order in which pages offer them."""
