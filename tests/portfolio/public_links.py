"""Read public links from pages."""

from __future__ import annotations

import re


def find_link_path(page: str) -> str:
    """Return the path of the public link that a page shows."""
    match = re.search(r'value="http://localhost(/p/[^"]+)"', page)
    assert match is not None
    return match.group(1)
