"""Read the interview practice pages."""

from __future__ import annotations

import html
import re


def listed_questions(page: str) -> list[str]:
    """Return the keys of the question list, without today's queue above it."""
    page = page.partition('class="filters"')[2]
    return re.findall(r'class="title" href="/practice/([^"]+)"', page)


def text_without_tags(page: str) -> str:
    """Return the text of a page, with nothing in place of inline tags."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", "", page).split()))
