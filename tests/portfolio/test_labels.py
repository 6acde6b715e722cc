"""URLs are valid or omitted, and the same fact has the same label everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Impact
from roadmap.portfolio import labels
from roadmap.portfolio.urls import safe_url
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER


@pytest.mark.parametrize(
    ("given", "written"),
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
def test_an_address_is_valid_or_none(given: str, written: str) -> None:
    assert safe_url(given) == written


def test_a_change_says_what_is_known() -> None:
    assert labels.impact_change(Impact("scale", "m", "180", "62", "ms")) == "180 → 62 ms"
    assert labels.impact_change(Impact("team", "m", "", "4", "engineers")) == "4 engineers"
    # Who writes the unit into the value as well gets it printed once, but "ms" does not end in "s".
    assert labels.impact_change(Impact("scale", "m", "180 ms", "74 ms", "ms")) == "180 ms → 74 ms"
    assert labels.impact_change(Impact("scale", "m", "", "74%", "%")) == "74%"
    assert labels.impact_change(Impact("scale", "m", "", "74ms", "MS")) == "74ms"
    assert labels.impact_change(Impact("scale", "m", "", "74 million", "n")) == "74 million n"
    assert labels.impact_line(Impact("odd", "", "", "4")) == "4 (odd)"


def test_a_judgement_names_who_and_when() -> None:
    assert labels.verification_line(RANKER, "en") == "Verified by Bob Builder on 3 Apr 2026"
    assert (
        labels.verification_line(replace(RANKER, verified_on=None), "en")
        == "Verified by Bob Builder"
    )
    gone = replace(RANKER, verified_by=None, verified_on=None)
    assert labels.verification_line(gone, "en") == "Verified"
    renamed = replace(RANKER, verified_title="Old *name*")
    said = "Verified by Bob Builder on 3 Apr 2026 as “Old *name*”"
    assert labels.verification_line(renamed, "en") == said
    assert labels.verification_line(replace(RANKER, tone="unverified"), "en") == "Not verified"


def test_what_has_lapsed_says_so() -> None:
    lapsed = replace(RANKER, tone="lapsed")
    said = "Verified by Bob Builder on 3 Apr 2026, lapsed since"
    assert labels.verification_line(lapsed, "en") == said
    alone = replace(lapsed, verified_by=None, verified_on=None)
    assert labels.verification_line(alone, "en") == "Lapsed, not verified"
    assert replace(EMPTY, items=(lapsed,)).verified_impacts == ()


def test_milestones_are_verified_for_or_linked_to() -> None:
    assert labels.piece_facts(RANKER) == [
        ("Verified for", ["Lead the design of a system of several models"]),
        ("Linked to", ["Take a model from offline metric to a measured product effect"]),
    ]
    assert labels.piece_facts(replace(RANKER, verified_for=("",), linked_to=())) == []


def test_a_text_without_a_place_of_its_own_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "FURTHER_TEXTS", ("role",))
    item = replace(RANKER, verified_for=(), linked_to=(), role="Led it")
    assert labels.piece_facts(item) == [("Your role", ["Led it"])]
    assert labels.piece_facts(replace(item, role="")) == []


def test_the_account_is_one_sentence() -> None:
    claimed = replace(RANKER, tone="unverified")
    lapsed = replace(RANKER, tone="lapsed")
    for items, said in (
        ((), "No evidence is shown yet."),
        ((RANKER,), "1 piece of evidence, verified by 1 person."),
        ((claimed, claimed), "2 pieces of evidence, not verified by anyone yet."),
        ((RANKER, claimed), "2 pieces of evidence: 1 verified by 1 person, 1 not verified."),
        ((claimed, lapsed), "2 pieces of evidence: 1 not verified, 1 lapsed."),
    ):
        assert labels.verification_summary(replace(EMPTY, items=items)) == said


def test_a_job_lasts_from_month_to_month() -> None:
    now, past, _ = ALICE.positions
    assert labels.position_period(now, "en") == "Mar 2022 – today"
    assert labels.position_period(past, "en") == "Jun 2019 – Feb 2022"
    in_german = labels.position_period(replace(now, started_on=PartialDate("2026-03-05")), "de")
    assert in_german == "März 2026 – today"


def test_the_kind_other_does_not_stand_above_a_piece() -> None:
    other = replace(RANKER, kind="other", kind_label="Other")
    assert labels.shown_kind(other) == ""
    assert labels.shown_kind(RANKER) == "Design document"
    lapsed = replace(other, kind_label="Other, lapsed 4 May 2026", tone="lapsed")
    assert labels.shown_kind(lapsed) == "Other, lapsed 4 May 2026"
