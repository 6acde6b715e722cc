"""The order of sections, and which of them readers see."""

from __future__ import annotations

from roadmap.portfolio.sections import SECTIONS, moved, ordered, shown, to_stored

DEFAULT_ORDER = list(SECTIONS)


def test_default_order_is_stored_as_empty() -> None:
    assert ordered("") == DEFAULT_ORDER
    assert to_stored(DEFAULT_ORDER) == ""


def test_moved_section_keeps_order_of_others() -> None:
    order = to_stored(moved("", "skills", 1))
    assert ordered(order)[:3] == ["introduction", "skills", "results"]
    assert ordered(to_stored(moved(order, "skills", 99))) == DEFAULT_ORDER


def test_sections_missing_in_stored_order_come_last() -> None:
    """Such as a section added by a later release."""
    assert ordered("skills gone evidence")[:2] == ["skills", "evidence"]
    assert set(ordered("skills gone evidence")) == set(DEFAULT_ORDER)


def test_results_are_hidden_with_evidence() -> None:
    assert "results" not in shown("", "evidence")
    assert shown("", "results") == tuple(key for key in DEFAULT_ORDER if key != "results")
