"""The formats in which a portfolio leaves the house.

A new one is a module with a `render` and one line here. Renderers are imported when they are
used, so that a page that lists the formats pays for none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from roadmap.portfolio.document import Document


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a portfolio. `extension` is without its dot; `render` is pure."""

    key: str
    title: LazyString
    summary: LazyString
    mimetype: str
    extension: str
    render: Callable[[Document], bytes]


def _lazy_render(module: str) -> Callable[[Document], bytes]:
    def render(document: Document) -> bytes:
        """The portfolio in this format, the same bytes for the same document."""
        written: bytes = import_module(f"roadmap.portfolio.formats.{module}").render(document)
        return written

    return render


FORMATS: dict[str, Format] = {
    format_.key: format_
    for format_ in (
        Format("pdf", _l("PDF"), _l("To print, to send, to hand over."),
               "application/pdf", "pdf", _lazy_render("pdf")),
        Format("site", _l("Website"), _l("A folder of pages, zipped: opens from disk or any host."),
               "application/zip", "zip", _lazy_render("site")),
        Format("markdown", _l("Markdown"), _l("One text file, for a repository or a wiki."),
               "text/markdown", "md", _lazy_render("markdown")),
        Format("json-resume", _l("JSON Resume"), _l("For tools that read the open résumé format."),
               "application/json", "json", _lazy_render("json_resume")),
    )
}  # fmt: skip
"""Every format by its key, as it stands in `/portfolio/export/<format>`."""
