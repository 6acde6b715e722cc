"""Documented numeric limits."""

from __future__ import annotations

from roadmap.portfolio import links


def test_open_public_links() -> None:
    """That one more is refused is shown in `tests/portfolio/test_links.py`."""
    assert links.MAX_OPEN_LINKS == 20
