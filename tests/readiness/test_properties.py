"""Invariants that hold for every roadmap and all facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap.api.readiness import serialize_readiness
from roadmap.catalog.content import Content
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import points_filter
from roadmap.evidence.item import Impact, Item, draft_item
from roadmap.journey.unticked_milestones import completion_gain
from roadmap.readiness.explanation import explain, without_item
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.presentation import format_gain, format_points, signed_filter
from roadmap.readiness.rules import evaluate, next_change_on, score_of
from roadmap.readiness.summary import round_share
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import what_if
from tests.readiness.examples import (
    KINDS,
    STAGES,
    TODAY,
    change,
    milestone,
    roadmap,
    shipped_policy,
    skill,
    stage,
)

with_80_examples = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

POLICY = shipped_policy()
POLICY_WITHOUT_EVIDENCE = shipped_policy(evidence=[], impact=["team"])
Case = tuple[Content, Facts]
SOME_KINDS = ("design_doc", "talk", "mentoring")
SKILL_KEYS = ("mlops", "strategy")
days = st.dates(min_value=TODAY - timedelta(days=1600), max_value=TODAY)
levels = st.dictionaries(st.sampled_from(SKILL_KEYS), st.integers(0, 4))


@st.composite
def roadmaps(draw: st.DrawFn) -> Content:
    """Draw a roadmap of up to four stages, each with up to four milestones."""
    stages, milestones = [], []
    for key in draw(st.lists(st.sampled_from(STAGES), min_size=1, max_size=4, unique=True)):
        stages.append(stage(key, required=draw(st.booleans())))
        milestones.extend(
            milestone(
                f"{key}{number}",
                hours=draw(st.integers(1, 300)),
                required=draw(st.integers(0, 3)) > 0,
                evidence=draw(st.sampled_from((KINDS, ("talk",), ("other",)))),
                after=(f"{key}{number - 1}",) if number and draw(st.booleans()) else (),
            )
            for number in range(draw(st.integers(0, 4)))
        )
    skills = draw(st.sampled_from((0, 2)))
    return roadmap(
        stages,
        milestones,
        [skill(key, draw(st.integers(1, 4))) for key in SKILL_KEYS[:skills]],
        draw(st.sampled_from((POLICY, POLICY, POLICY_WITHOUT_EVIDENCE))),
    )


def dates_of(days: st.SearchStrategy[date]) -> st.SearchStrategy[PartialDate]:
    """Draw days, months and years."""
    lengths = st.sampled_from((4, 7, 10))
    return st.builds(lambda day, length: PartialDate(str(day)[:length]), days, lengths)


@st.composite
def pieces(draw: st.DrawFn, content: Content, identity: str) -> Item:
    """Draw a piece linked to up to five milestones, verified or not, lapsed or not."""
    keys = [milestone.key for milestone in content.milestones] or ["elsewhere"]
    links = tuple(draw(st.lists(st.sampled_from(keys), max_size=5, unique=True)))
    verified = draw(st.booleans())
    confirmed = frozenset(key for key in links if verified and draw(st.integers(0, 3)))
    types = draw(st.lists(st.sampled_from(("scale", "business", "team")), max_size=2))
    return change(
        draft_item(identity, draw(st.sampled_from(SOME_KINDS)), draw(days)),  # type: ignore[arg-type]
        occurred_on=draw(dates_of(days)),
        title=identity,
        expires_on=draw(
            st.none() | dates_of(st.dates(TODAY - timedelta(days=9), TODAY + timedelta(days=9)))
        ),
        state="verified" if verified else draw(st.sampled_from(("draft", "submitted", "returned"))),
        verified=verified,
        milestones=links,
        confirmed=confirmed,
        impacts=tuple(
            Impact(each, "m", result=draw(st.sampled_from(("1", ""))), unit="u") for each in types
        ),
    )


@st.composite
def roadmaps_with_facts(draw: st.DrawFn) -> Case:
    """Draw a roadmap and facts about a person enrolled in it."""
    content = draw(roadmaps())
    status = st.sampled_from(("not_started", "in_progress", "done", "done", "not_applicable"))
    positions = draw(st.lists(st.tuples(days, st.none() | days, st.booleans()), max_size=3))
    return content, Facts(
        statuses={milestone.key: draw(status) for milestone in content.milestones},
        pieces=tuple(draw(pieces(content, f"p{n}")) for n in range(draw(st.integers(0, 5)))),
        self_levels=draw(levels),
        other_levels=draw(levels),
        positions=tuple(
            Position(f"j{n}", "Job", start, end, is_ml)
            for n, (start, end, is_ml) in enumerate(positions)
        ),
        degrees=tuple(
            Degree(f"d{n}", "Degree", level)
            for n, level in enumerate(
                draw(st.lists(st.sampled_from(("bachelor", "master", "none")), max_size=2))
            )
        ),
    )


def check_explanation_adds_up(case: Case) -> None:
    content, facts = case
    readiness = explain(Tally(content, facts, TODAY))
    assert 0 <= readiness.score <= 100
    assert sum(part.points for part in readiness.parts) == readiness.score
    assert sum(part.shown for part in readiness.parts) == readiness.shown_score
    assert sum(part.maximum for part in readiness.parts) == 100
    for part in readiness.parts:
        assert 0 <= part.points <= part.maximum
        assert abs(Fraction(part.shown) - part.points) < Fraction(1, 10)
        assert sum((line.points for line in part.sources), Fraction(0)) == part.points
        assert sum((line.maximum for line in part.sources), Fraction(0)) == part.maximum
    hypothetical = what_if(Tally(content, facts, TODAY), readiness, ())
    assert serialize_readiness("a-roadmap", readiness, hypothetical).score == round(
        float(readiness.score), 4
    )
    for choice in hypothetical.choices:
        after = what_if(Tally(content, facts, TODAY), readiness, [choice.key]).after
        assert after is not None
        assert after.score - readiness.score == choice.gain


def check_item_effects_are_exact(case: Case) -> None:
    content, facts = case
    readiness = explain(Tally(content, facts, TODAY))
    for item in readiness.items:
        remaining = evaluate(Tally(content, without_item(facts, item.type, item.key), TODAY))
        assert readiness.score - remaining.score == item.effect


def check_optional_stages_never_lower_score(case: Case) -> None:
    content, facts = case
    before = score_of(Tally(content, facts, TODAY))
    for drawn in content.stages:
        keys = {each.key for each in drawn.milestones}
        statuses = {
            key: "not_applicable" if key in keys and status != "done" else status
            for key, status in facts.statuses.items()
        }
        after = score_of(Tally(content, replace(facts, statuses=statuses), TODAY))
        assert after >= before
        if not drawn.required:
            assert after == before


def check_self_assessment_passes_no_gate(case: Case) -> None:
    content, facts = case
    self_assessed = replace(facts, self_levels=dict.fromkeys(SKILL_KEYS, 4))
    before = [gate.passed for gate in evaluate(Tally(content, facts, TODAY)).gates]
    assert [gate.passed for gate in evaluate(Tally(content, self_assessed, TODAY)).gates] == before
    unproven = replace(self_assessed, pieces=(), other_levels={}, positions=())
    assert not any(gate.passed for gate in evaluate(Tally(content, unproven, TODAY)).gates)


def check_result_is_constant_until_next_change(case: Case) -> None:
    content, facts = case
    until = next_change_on(Tally(content, facts, TODAY))
    assert until is None or until > TODAY
    now = evaluate(Tally(content, facts, TODAY))
    end = until or date(2099, 1, 1)
    for day in {TODAY + (end - TODAY) / 2, end - timedelta(days=1)}:
        assert evaluate(Tally(content, facts, day)) == now


def check_progress_is_cumulative(case: Case) -> None:
    content, facts = case
    result = evaluate(Tally(content, facts, TODAY))
    for progress in (result.overall, *result.stages.values()):
        assert 0 <= progress.verified <= progress.evidenced <= progress.claimed <= 1


def check_steps_never_lower_score(case: Case) -> None:
    content, facts = case
    readiness = explain(Tally(content, facts, TODAY))
    failed = {gate.key for gate in readiness.unpassed_gates}
    for step in readiness.steps:
        assert step.gain >= 0
        assert step.opens_gate is None or step.opens_gate in failed
        assert "%" not in step.label.text()
    assert len({step.action for step in readiness.next_steps}) == len(readiness.next_steps) <= 3


def check_shown_gain_equals_change_of_shown_score(case: Case) -> None:
    """The gain is computed from exact scores, the shown score from a rounded summary row."""
    content, facts = case
    tally = Tally(content, facts, TODAY)
    readiness = explain(tally)
    for key, status in facts.statuses.items():
        if status == "done":
            continue
        after = explain(tally.with_facts(statuses={**facts.statuses, key: "done"}))
        stored = [Fraction(str(round_share(each.score))) for each in (readiness, after)]
        gain, _reason = completion_gain(tally, key)
        assert gain == format_gain(*stored)
        assert (gain or "0") == signed_filter(after.score - readiness.score, readiness.score)
        change = after.shown_score - readiness.shown_score
        assert gain == f"{change:+}" if change else gain in ("", "under 0.1")
        assert points_filter(float(stored[1])) == format_points(after.score)


@with_80_examples
@given(roadmaps_with_facts())
def test_invariants_hold_for_generated_facts(case: Case) -> None:
    """One test, because drawing a case takes longer than any check."""
    check_explanation_adds_up(case)
    check_item_effects_are_exact(case)
    check_optional_stages_never_lower_score(case)
    check_self_assessment_passes_no_gate(case)
    check_result_is_constant_until_next_change(case)
    check_progress_is_cumulative(case)
    check_steps_never_lower_score(case)
    check_shown_gain_equals_change_of_shown_score(case)


@with_80_examples
@given(roadmaps_with_facts(), st.data())
def test_progress_never_lowers_the_score(case: Case, data: st.DataObject) -> None:
    content, facts = case
    before = score_of(Tally(content, facts, TODAY))
    for key, status in facts.statuses.items():
        if status in ("not_started", "in_progress"):
            for better in ("in_progress", "done", "not_applicable"):
                after = replace(facts, statuses={**facts.statuses, key: better})
                assert score_of(Tally(content, after, TODAY)) >= before
    added = data.draw(pieces(content, "new"))
    assert score_of(Tally(content, replace(facts, pieces=(*facts.pieces, added)), TODAY)) >= before
    for piece in facts.pieces:
        for state in ("submitted", "in_review"):
            sent = tuple(
                replace(each, state=state) if each is piece else each for each in facts.pieces
            )
            assert score_of(Tally(content, replace(facts, pieces=sent), TODAY)) >= before
        confirmed = piece.as_verified(piece.milestones)
        proven = tuple(confirmed if each is piece else each for each in facts.pieces)
        assert score_of(Tally(content, replace(facts, pieces=proven), TODAY)) >= before
