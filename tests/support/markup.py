"""Reduce HTML to the text that tests compare."""

from __future__ import annotations

import html
import re


def flat(page: str) -> str:
    """Collapse whitespace in a page to single spaces and remove it next to tags."""
    return re.sub(r"> | <", lambda found: found[0].strip(), " ".join(page.split()))


def text_of(page: str) -> str:
    """Return the text of a page without tags, whitespace collapsed to single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
