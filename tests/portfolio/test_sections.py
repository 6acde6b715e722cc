"""The order of sections, and which of them readers see."""

from __future__ import annotations

from roadmap.portfolio.sections import SECTIONS, moved, ordered, shown, to_stored

USUAL = list(SECTIONS)


def test_the_usual_order_is_stored_as_nothing() -> None:
    assert ordered("") == USUAL
    assert to_stored(USUAL) == ""


def test_a_section_is_moved_and_the_others_keep_their_order() -> None:
    order = to_stored(moved("", "skills", 1))
    assert ordered(order)[:3] == ["introduction", "skills", "results"]
    assert ordered(to_stored(moved(order, "skills", 99))) == USUAL


def test_what_an_order_does_not_name_comes_last() -> None:
    """As a section that a later release brings."""
    assert ordered("skills gone evidence")[:2] == ["skills", "evidence"]
    assert set(ordered("skills gone evidence")) == set(USUAL)


def test_results_are_hidden_with_the_evidence() -> None:
    assert "results" not in shown("", "evidence")
    assert shown("", "results") == tuple(key for key in USUAL if key != "results")
