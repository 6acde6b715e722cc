"""HTML as a browser reads it."""

from __future__ import annotations

import re


def flat(page: str) -> str:
    """Return a page with runs of whitespace as one space, and with none beside its tags."""
    return re.sub(r"> | <", lambda found: found[0].strip(), " ".join(page.split()))
