"""Reduce HTML to the text that tests compare."""

from __future__ import annotations

import html
import re


def flat(page: str) -> str:
    """Collapse whitespace in a page to single spaces and remove it next to tags."""
    return re.sub(r"> | <", lambda found: found[0].strip(), " ".join(page.split()))


def without_csrf_token(page: str) -> str:
    """Remove the CSRF tokens from a page, which differ in every response."""
    return re.sub(r'csrf_token" value="[^"]*"|X-CSRFToken[^}]*', "", page)


def text_of(page: str) -> str:
    """Return the text of a page without tags, whitespace collapsed to single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
