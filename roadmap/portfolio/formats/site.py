"""Export a portfolio as a static website in a ZIP: an index, a page per item, and files.

It works from disk and from any host: links are relative, and it has no scripts and no external
resources. Equal documents give equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from roadmap.core.i18n import _, ngettext, page_language, show_date, show_month
from roadmap.core.link_hosts import deceptive_host
from roadmap.core.markdown import to_html, to_html_and_opening
from roadmap.core.templating import unbroken
from roadmap.evidence.item import File
from roadmap.evidence.labels import is_issued
from roadmap.portfolio import labels
from roadmap.portfolio.document import Document, DocumentItem
from roadmap.portfolio.formats.zip_file import pack
from roadmap.portfolio.urls import safe_url

TEMPLATES = Path(__file__).resolve().parent / "site_templates"
ITEMS_FOLDER = "pieces"
# A portable file name. Ids are UUIDs; items with other ids get a numbered name.
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{7,63}")


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An item, the file name of its page, and its rendered texts."""

    item: DocumentItem
    file: str
    title: Markup
    judgement: Markup
    description: Markup
    opening: Markup


def render(document: Document) -> bytes:
    """Return the ZIP: `index.html`, `style.css` and `pieces/<id>.html`."""
    texts = ((name, text.encode()) for name, text in render_files(document))
    return pack(texts, document.generated_on)


def file_path(file: File) -> str:
    """Return the path of an item's file in the ZIP; the digest makes it unique."""
    return f"files/{file.sha256[:16]}-{file.name}"


def packed_files(document: Document) -> dict[str, str]:
    """Return the SHA-256 of all files of the website, by path in the ZIP."""
    return {file_path(file): file.sha256 for item in document.items for file in item.files}


def render_files(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the path and text of each page and of the style sheet."""
    pages = list(_pages(document))
    page_of = {id(page.item): page for page in pages}
    results = [
        (page_of[id(item)], impact)
        for item, impact in document.verified_impacts[: labels.MAX_TOP_RESULTS]
    ]
    environment = _environment()
    shown = {
        "document": document,
        "parts": document.parts,
        "pages": pages,
        "results": results,
        "is_issued": is_issued,
        "day": partial(show_date, locale=document.locale),
        "month": partial(show_month, locale=document.locale),
        "source_of": partial(labels.result_source, locale=document.locale),
        "validity": partial(labels.validity, locale=document.locale),
        "span": partial(labels.position_period, locale=document.locale),
    }
    yield "index.html", environment.get_template("index.html").render(shown, root="")
    yield "style.css", (TEMPLATES / "style.css").read_text(encoding="utf-8")
    template = environment.get_template("piece.html")
    for before, page, after in zip([None, *pages], pages, [*pages[1:], None], strict=False):
        text = template.render(shown, root="../", page=page, before=before, after=after)
        yield f"{ITEMS_FOLDER}/{page.file}", text


def _pages(document: Document) -> Iterator[ItemPage]:
    taken = set()
    for number, item in enumerate(document.items, start=1):
        name = item.id if _SAFE_NAME.fullmatch(item.id) else f"piece-{number:04}"
        if name in taken:
            name = f"{name[:50]}-again-{number:04}"
        taken.add(name)
        description, opening = to_html_and_opening(item.description, 3, labels.EXCERPT_LENGTH)
        yield ItemPage(
            item=item,
            file=f"{name}.html",
            title=escape(item.title or _("Untitled")),
            judgement=escape(labels.verification_line(item, document.locale)),
            description=description,
            opening=opening,
        )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        pieces=ITEMS_FOLDER, labels=labels, address=safe_url, file_path=file_path
    )
    environment.filters.update(
        language=page_language,
        markdown=to_html,
        deceptive_host=deceptive_host,
        unbroken=unbroken,
    )
    return environment
