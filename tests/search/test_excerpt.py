"""The excerpt of a search hit: around the words, highlighted and escaped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from roadmap.core.text import search_words
from roadmap.search.excerpt import excerpt


def test_excerpt_surrounds_the_match() -> None:
    text = f"{'Something else. ' * 40}The p99 latency is below 20 ms. {'And more. ' * 40}"
    found = excerpt(text, ["p99"], 90)
    assert found[:2] == "… "
    assert found[-2:] == " …"
    assert "The <mark>p99</mark> latency is below" in found
    assert len(found.striptags()) <= 94


def test_excerpt_without_match_starts_at_the_beginning() -> None:
    assert excerpt("One two  three\nfour five", ["zebra"], 14) == "One two three …"
    assert excerpt("One two", [], 14) == "One two"
    assert excerpt("", ["one"], 14) == ""


def test_excerpt_marks_matches_ignoring_case_and_accents() -> None:
    assert excerpt("Die große STRASSE, élan", ["grosse", "strasse", "elan"], 80) == (
        "Die <mark>große</mark> <mark>STRASSE</mark>, <mark>élan</mark>"
    )


def test_excerpt_is_escaped() -> None:
    found = excerpt("<img src=x onerror=a()> & <b>quokka</b>", ["quokka", "<b>"], 80)
    assert found == (
        "&lt;img src=x onerror=a()&gt; &amp; <mark>&lt;b&gt;</mark><mark>quokka</mark>&lt;/b&gt;"
    )


@given(st.text(max_size=200), st.text(max_size=8), st.integers(10, 60))
def test_excerpt_of_any_text_is_bounded(text: str, query: str, max_length: int) -> None:
    found = excerpt(text, search_words(query), max_length)
    assert len(found.replace("<mark>", "").replace("</mark>", "")) <= 6 * (max_length + 4)
    assert Markup("<script") not in found
