"""The URLs and labels that all formats share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Impact
from roadmap.portfolio import labels
from roadmap.portfolio.urls import safe_url
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTPS://Example.org", "https://example.org"),
        ("https://bücher.example/ä?q=ü", "https://xn--bcher-kva.example/%C3%A4?q=%C3%BC"),
        ("https://example.org/a b|c[1]%zz", "https://example.org/a%20b%7Cc%5B1%5D%25zz"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("", ""),
        ("example.org", ""),
        ("//example.org", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://user:secret@example.org", "https://example.org"),
        ("https://example.org:99999/", ""),
        ("https://[nonsense]/", ""),
        (f"https://{'ü' * 70}.example/", ""),
        (f"https://example.org/{'a' * 2_000}", ""),
    ],
)
def test_safe_url_returns_valid_url_or_nothing(typed: str, url: str) -> None:
    assert safe_url(typed) == url


def test_impact_change_shows_known_values() -> None:
    assert labels.impact_change(Impact("scale", "m", "180", "62", "ms")) == "180 → 62 ms"
    assert labels.impact_change(Impact("team", "m", "", "4", "engineers")) == "4 engineers"
    # A unit that the value already ends in is shown once.
    assert labels.impact_change(Impact("scale", "m", "180 ms", "74 ms", "ms")) == "180 ms → 74 ms"
    assert labels.impact_change(Impact("scale", "m", "12", "1", "%")) == "12% → 1%"
    assert labels.impact_change(Impact("scale", "m", "", "74%", "%")) == "74%"
    assert labels.impact_change(Impact("scale", "m", "", "74ms", "MS")) == "74ms"
    assert labels.impact_change(Impact("scale", "m", "", "74 million", "n")) == "74 million n"
    assert labels.impact_line(Impact("odd", "", "", "4")) == "4 (odd)"


def test_verification_line_names_verifier_and_date() -> None:
    assert labels.verification_line(RANKER, "en") == "Verified by Bob Builder on 3 Apr 2026"
    assert (
        labels.verification_line(replace(RANKER, verified_on=None), "en")
        == "Verified by Bob Builder"
    )
    unnamed = replace(RANKER, verified_by=None, verified_on=None)
    assert labels.verification_line(unnamed, "en") == "Verified"
    renamed = replace(RANKER, verified_title="Old *name*")
    line = "Verified by Bob Builder on 3 Apr 2026 as “Old *name*”"
    assert labels.verification_line(renamed, "en") == line
    unverified = replace(RANKER, tone="unverified")
    assert labels.verification_line(unverified, "en") == "Not verified"
    witnessed = replace(unverified, witnessed=("Wanda",))
    line = "Witnessed through a link from the author, not verified"
    assert labels.verification_line(witnessed, "en") == line
    assert labels.verification_line(replace(witnessed, is_draft=True), "en") == (
        "Draft, not reviewed"
    )


def test_lapsed_evidence_is_labelled_and_has_no_verified_impacts() -> None:
    lapsed = replace(RANKER, tone="lapsed")
    line = "Verified by Bob Builder on 3 Apr 2026, lapsed since"
    assert labels.verification_line(lapsed, "en") == line
    unverified = replace(lapsed, verified_by=None, verified_on=None)
    assert labels.verification_line(unverified, "en") == "Lapsed, not verified"
    assert replace(EMPTY, items=(lapsed,)).verified_impacts == ()


def test_piece_facts_list_verified_and_linked_milestones() -> None:
    assert labels.piece_facts(RANKER) == [
        ("Verified for", ["Lead the design of a system of several models"]),
        ("Linked to", ["Take a model from offline metric to a measured product effect"]),
    ]
    assert labels.piece_facts(replace(RANKER, verified_for=("",), linked_to=())) == []


def test_piece_facts_include_further_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "LABELLED_TEXTS", ("role",))
    item = replace(RANKER, verified_for=(), linked_to=(), role="Led it")
    assert labels.piece_facts(item) == [("Your role", ["Led it"])]
    assert labels.piece_facts(replace(item, role="")) == []


def test_verification_summary_is_one_sentence() -> None:
    claimed = replace(RANKER, tone="unverified")
    lapsed = replace(RANKER, tone="lapsed")
    redacted = replace(RANKER, tone="redacted")
    for items, sentence in (
        ((), "No evidence is shown yet."),
        ((RANKER,), "1 piece of evidence, verified by 1 person."),
        ((claimed, claimed), "2 pieces of evidence, not verified yet."),
        ((RANKER, claimed), "2 pieces of evidence: 1 verified by 1 person, 1 not verified."),
        ((redacted,), "1 piece of evidence: 1 verified in full by 1 person but redacted here."),
        (
            (RANKER, redacted, claimed),
            (
                "3 pieces of evidence: 1 verified by 1 person, 1 verified in full by 1 person but "
                "redacted here, 1 not verified."
            ),
        ),
        ((claimed, lapsed), "2 pieces of evidence: 1 not verified, 1 lapsed."),
    ):
        assert labels.verification_summary(replace(EMPTY, items=items)) == sentence


def test_position_period_shows_months() -> None:
    current, past, _ = ALICE.positions
    assert labels.position_period(current, "en") == "Mar 2022 – today"
    assert labels.position_period(past, "en") == "Jun 2019 – Feb 2022"
    in_german = labels.position_period(replace(current, started_on=PartialDate("2026-03-05")), "de")
    assert in_german == "März 2026 – today"
