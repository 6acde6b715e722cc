"""The score under hypothetical changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roadmap.evidence.item import Item
from roadmap.readiness.explanation import explain
from roadmap.readiness.facts import Facts
from roadmap.readiness.rules import evaluate, score_of
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import MAX_CHOSEN, OFFERED, WhatIf, read_wanted, what_if
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


def supposed(facts: Facts, *wanted: str) -> WhatIf:
    """What would follow, against the roadmap of the worked examples."""
    tally = Tally(content(), facts, TODAY)
    return what_if(tally, explain(tally), wanted)


def unproven() -> Facts:
    """All that the policy asks for, but nothing of it verified yet."""
    pieces = [change(each, verified=False, state="submitted") for each in proven_pieces()]
    return replace(proven_facts(), pieces=tuple(pieces))


def test_nothing_chosen_changes_nothing() -> None:
    found = supposed(unproven())
    assert found.after is None
    assert (found.opened, found.closed, found.ignored) == ((), (), 0)


def test_all_that_waits_verified_makes_ready_what_was_only_claimed() -> None:
    facts = unproven()
    found = supposed(facts, *(f"verified:{each.id}" for each in facts.pieces))
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
def test_each_kind_of_choice(facts: Facts, key: str, after: Facts) -> None:
    found = supposed(facts, key)
    assert found.after is not None
    assert (
        found.after.score
        == score_of(Tally(content(), after, TODAY))
        > score_of(Tally(content(), facts, TODAY))
    )
    assert (found.chosen, found.ignored) == ((key,), 0)
    (choice,) = [each for each in found.choices if each.key == key]
    assert choice.kind in OFFERED
    assert choice.label.text()


def test_an_impact_is_added_to_the_version_that_would_be_verified() -> None:
    old = piece("a", "launch", "experience1", verified=True)
    versions = (replace(old.version, number=2), *old.versions)
    edited = replace(old, versions=versions, state="submitted")
    both = supposed(Facts(pieces=(edited,)), "impact:scale:a", "verified:a").after
    proven = piece("a", "launch", "experience1", verified=True, impacts=(metric("scale"),))
    assert both is not None
    assert both.score == score_of(Tally(content(), Facts(pieces=(proven,)), TODAY))


@pytest.mark.parametrize(
    "key",
    [
        "", "done", "done:", "done:nowhere", "done:experience1", "done:experience2", "walked:a",
        "assessed:nothing", "assessed:mlops", "verified:someone-elses", "verified:private",
        "verified:unlinked", "verified:proven", "impact:scale:proven", "impact:fame:unlinked",
        "impact:scale:someone-elses", "impact:scale",
    ],
)  # fmt: skip
def test_what_cannot_come_true_is_ignored(key: str) -> None:
    facts = Facts(
        statuses={"experience1": "done", "experience2": "not_applicable"},
        other_levels={"mlops": 3},
        pieces=(
            piece("private", "launch", "experience1", visibility="private"),
            piece("unlinked", "launch"),
            piece("proven", "launch", "experience1", verified=True, impacts=(metric("scale"),)),
        ),
    )
    found = supposed(facts, key)
    assert (found.after, found.chosen, found.ignored) == (None, (), 1)


def test_no_more_are_taken_than_anybody_means() -> None:
    keys = [f"done:{key}" for key in KEYS] + [f"assessed:{key}" for key in SKILLS]
    found = supposed(Facts(), *keys, *keys, *(f"verified:{n}" for n in range(40)))
    assert len(found.chosen) == len(keys) < MAX_CHOSEN
    assert found.ignored == 40


def test_a_few_of_each_kind_are_offered_the_most_worth_first() -> None:
    pieces: list[Item] = []
    for number in range(30):
        kind, state = ("launch", "talk")[number % 2], ("draft", "submitted", "returned")[number % 3]
        pieces.append(piece(f"p{number}", kind, KEYS[number % 10], state=state))
    found = supposed(Facts(statuses=done(*KEYS[:4]), pieces=tuple(pieces)))
    for kind, most in OFFERED.items():
        gains = [each.gain for each in found.choices if each.kind == kind]
        assert 0 < len(gains) <= most
        assert gains == sorted(gains, reverse=True)
    assert len(found.choices) <= sum(OFFERED.values()) == 21
    (other,) = [each for each in supposed(Facts(), "done:visibility2").choices if not each.gain]
    assert other.key == "done:visibility2", "what is chosen is shown, offered or not"


def test_a_gate_that_would_be_lost_is_said() -> None:
    """A newer version may measure less than the one that was verified."""
    facts = proven_facts()
    old = facts.pieces[0]
    newer = replace(old.version, number=2, impacts=())
    edited = replace(old, versions=(newer, *old.versions), state="submitted")
    found = supposed(replace(facts, pieces=(edited, *facts.pieces[1:])), "verified:p1")
    assert [gate.key for gate in found.closed] == ["impact"]


def test_an_address_names_them_one_by_one_or_with_commas() -> None:
    assert read_wanted(["done:a", "done:b,assessed:c", ",", ""]) == [
        *("done:a", "done:b", "assessed:c")
    ]


def test_nothing_is_offered_where_all_is_proven() -> None:
    facts = replace(proven_facts(), self_levels=levels_at_bar())
    assert supposed(facts).choices == ()
