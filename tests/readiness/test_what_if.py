"""The score under hypothetical changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roadmap.evidence.item import Item
from roadmap.readiness.explanation import explain
from roadmap.readiness.facts import Facts
from roadmap.readiness.rules import evaluate, score_of
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import MAX_CHOSEN, MAX_OFFERED, WhatIf, parse_choice_keys, what_if
from tests.readiness.examples import (
    KEYS,
    SKILLS,
    TODAY,
    change,
    content,
    done,
    levels_at_bar,
    metric,
    piece,
    proven_facts,
    proven_pieces,
)


def suppose(facts: Facts, *wanted: str) -> WhatIf:
    """Return the result of choices on the roadmap of the worked examples."""
    tally = Tally(content(), facts, TODAY)
    return what_if(tally, explain(tally), wanted)


def submitted_facts() -> Facts:
    """Return the proven facts with all evidence submitted instead of verified."""
    pieces = [change(each, verified=False, state="submitted") for each in proven_pieces()]
    return replace(proven_facts(), pieces=tuple(pieces))


def test_no_choice_changes_nothing() -> None:
    found = suppose(submitted_facts())
    assert found.after is None
    assert (found.opened, found.closed, found.ignored) == ((), (), 0)


def test_verifying_all_submitted_evidence_gives_ready_verdict() -> None:
    facts = submitted_facts()
    found = suppose(facts, *(f"verified:{each.id}" for each in facts.pieces))
    assert found.after == evaluate(Tally(content(), proven_facts(), TODAY))
    assert found.after.verdict == "ready"
    assert [gate.key for gate in found.opened] == [
        *("delivery", "leadership", "design", "impact", "sustained")
    ]
    assert all(gate.passed for gate in found.opened)


@pytest.mark.parametrize(
    ("facts", "key", "after"),
    [
        (Facts(), "done:leadership1", Facts(statuses=done("leadership1"))),
        (
            Facts(statuses={"leadership1": "in_progress"}),
            "done:leadership1",
            Facts(statuses=done("leadership1")),
        ),
        (Facts(), "assessed:mlops", Facts(other_levels={"mlops": 3})),
        (Facts(other_levels={"mlops": 1}), "assessed:mlops", Facts(other_levels={"mlops": 3})),
        (
            Facts(pieces=(piece("a", "launch"),)),
            "impact:team:a",
            Facts(pieces=(piece("a", "launch", impacts=(metric("team"),)),)),
        ),
        (
            Facts(statuses=done("experience1"), pieces=(piece("a", "launch", "experience1"),)),
            "verified:a",
            Facts(
                statuses=done("experience1"),
                pieces=(piece("a", "launch", "experience1", verified=True),),
            ),
        ),
    ],
)
def test_choice_changes_score_like_its_fact(facts: Facts, key: str, after: Facts) -> None:
    found = suppose(facts, key)
    assert found.after is not None
    assert (
        found.after.score
        == score_of(Tally(content(), after, TODAY))
        > score_of(Tally(content(), facts, TODAY))
    )
    assert (found.chosen, found.ignored) == ((key,), 0)
    (choice,) = [each for each in found.choices if each.key == key]
    assert choice.kind in MAX_OFFERED
    assert choice.label.text()


def test_impact_choice_applies_to_version_that_would_be_verified() -> None:
    old = piece("a", "launch", "experience1", verified=True)
    versions = (replace(old.version, number=2), *old.versions)
    edited = replace(old, versions=versions, state="submitted")
    after = suppose(Facts(pieces=(edited,)), "impact:scale:a", "verified:a").after
    proven = piece("a", "launch", "experience1", verified=True, impacts=(metric("scale"),))
    assert after is not None
    assert after.score == score_of(Tally(content(), Facts(pieces=(proven,)), TODAY))


@pytest.mark.parametrize(
    "key",
    [
        "", "done", "done:", "done:unknown", "done:experience1", "done:experience2", "unknown:a",
        "assessed:unknown", "assessed:mlops", "verified:foreign", "verified:private",
        "verified:unlinked", "verified:proven", "impact:scale:proven", "impact:unknown:unlinked",
        "impact:scale:foreign", "impact:scale",
    ],
)  # fmt: skip
def test_impossible_choice_is_ignored(key: str) -> None:
    facts = Facts(
        statuses={"experience1": "done", "experience2": "not_applicable"},
        other_levels={"mlops": 3},
        pieces=(
            piece("private", "launch", "experience1", visibility="private"),
            piece("unlinked", "launch"),
            piece("proven", "launch", "experience1", verified=True, impacts=(metric("scale"),)),
        ),
    )
    found = suppose(facts, key)
    assert (found.after, found.chosen, found.ignored) == (None, (), 1)


def test_repeated_choices_count_once_and_unknown_ones_are_ignored() -> None:
    keys = [f"done:{key}" for key in KEYS] + [f"assessed:{key}" for key in SKILLS]
    found = suppose(Facts(), *keys, *keys, *(f"verified:{n}" for n in range(40)))
    assert len(found.chosen) == len(keys) < MAX_CHOSEN
    assert found.ignored == 40


def test_offered_choices_are_limited_by_kind_and_sorted_by_gain() -> None:
    pieces: list[Item] = []
    for number in range(30):
        kind, state = ("launch", "talk")[number % 2], ("draft", "submitted", "returned")[number % 3]
        pieces.append(piece(f"p{number}", kind, KEYS[number % 10], state=state))
    found = suppose(Facts(statuses=done(*KEYS[:4]), pieces=tuple(pieces)))
    for kind, limit in MAX_OFFERED.items():
        gains = [each.gain for each in found.choices if each.kind == kind]
        assert 0 < len(gains) <= limit
        assert gains == sorted(gains, reverse=True)
    assert len(found.choices) <= sum(MAX_OFFERED.values()) == 21
    (other,) = [each for each in suppose(Facts(), "done:visibility2").choices if not each.gain]
    assert other.key == "done:visibility2", "a chosen key is listed even if it is not offered"


def test_gate_that_would_fail_is_reported() -> None:
    """A newer version may have fewer impacts than the verified one."""
    facts = proven_facts()
    old = facts.pieces[0]
    newer = replace(old.version, number=2, impacts=())
    edited = replace(old, versions=(newer, *old.versions), state="submitted")
    found = suppose(replace(facts, pieces=(edited, *facts.pieces[1:])), "verified:p1")
    assert [gate.key for gate in found.closed] == ["impact"]


def test_read_wanted_accepts_repeated_and_comma_separated_keys() -> None:
    assert parse_choice_keys(["done:a", "done:b,assessed:c", ",", ""]) == [
        *("done:a", "done:b", "assessed:c")
    ]


def test_no_choice_is_offered_when_everything_is_proven() -> None:
    facts = replace(proven_facts(), self_levels=levels_at_bar())
    assert suppose(facts).choices == ()
