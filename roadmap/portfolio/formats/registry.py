"""The registry of export formats: pages, routes, API and documentation take the list from here.

To add a format, write a module with a `FORMAT` and name it in the tuple below.
"""

from __future__ import annotations

from roadmap.portfolio.formats import json_resume, markdown, pdf, site
from roadmap.portfolio.formats.format import Format

FORMATS: dict[str, Format] = {
    module.FORMAT.key: module.FORMAT for module in (pdf, site, markdown, json_resume)
}
"""Every format by its key, in the order in which pages offer them."""
