"""Normalize HTML for comparisons."""

from __future__ import annotations

import re


def flat(page: str) -> str:
    """Collapse whitespace in a page to single spaces and remove it next to tags."""
    return re.sub(r"> | <", lambda found: found[0].strip(), " ".join(page.split()))
