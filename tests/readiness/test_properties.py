"""Properties that hold for every roadmap and all facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap.api.readiness import to_shape
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

fewer = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

POLICY = shipped_policy()
LEAN_POLICY = shipped_policy(evidence=[], impact=["team"])
SOME_KINDS = ("design_doc", "talk", "mentoring")
SKILL_KEYS = ("mlops", "strategy")
days = st.dates(min_value=TODAY - timedelta(days=1600), max_value=TODAY)
levels = st.dictionaries(st.sampled_from(SKILL_KEYS), st.integers(0, 4))


@st.composite
def roadmaps(draw: st.DrawFn) -> Content:
    """A small roadmap: some of the stages, each with up to four milestones."""
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
        draw(st.sampled_from((POLICY, POLICY, LEAN_POLICY))),
    )


def dates_of(days: st.SearchStrategy[date]) -> st.SearchStrategy[PartialDate]:
    """The days, their months and their years."""
    known = st.sampled_from((4, 7, 10))
    return st.builds(lambda day, length: PartialDate(str(day)[:length]), days, known)


@st.composite
def pieces(draw: st.DrawFn, content: Content, identity: str) -> Item:
    """A piece linked to up to five milestones, verified or not, lapsed or not."""
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
def roadmaps_with_facts(draw: st.DrawFn) -> tuple[Facts]:
    """A roadmap and facts about somebody on it."""
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


def the_explanation_adds_up(world: tuple[Facts]) -> None:
    content, facts = world
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
    supposed = what_if(Tally(content, facts, TODAY), readiness, ())
    assert to_shape("a-roadmap", readiness, supposed).score == round(float(readiness.score), 4)
    for choice in supposed.choices:
        alone = what_if(Tally(content, facts, TODAY), readiness, [choice.key]).after
        assert alone is not None
        assert alone.score - readiness.score == choice.gain


def removing_an_item_changes_the_score_by_exactly_its_effect(
    world: tuple[Facts],
) -> None:
    content, facts = world
    readiness = explain(Tally(content, facts, TODAY))
    for item in readiness.items:
        left = evaluate(Tally(content, without_item(facts, item.type, item.key), TODAY))
        assert readiness.score - left.score == item.effect


def an_optional_stage_never_costs_anything(world: tuple[Facts]) -> None:
    content, facts = world
    before = score_of(Tally(content, facts, TODAY))
    for phase in content.stages:
        mine = {each.key for each in phase.milestones}
        unwanted = {
            key: "not_applicable" if key in mine and status != "done" else status
            for key, status in facts.statuses.items()
        }
        after = score_of(Tally(content, replace(facts, statuses=unwanted), TODAY))
        assert after >= before
        if not phase.required:
            assert after == before


def what_one_says_of_oneself_opens_no_gate(world: tuple[Facts]) -> None:
    content, facts = world
    boast = replace(facts, self_levels=dict.fromkeys(SKILL_KEYS, 4))
    before = [gate.passed for gate in evaluate(Tally(content, facts, TODAY)).gates]
    assert [gate.passed for gate in evaluate(Tally(content, boast, TODAY)).gates] == before
    unproven = replace(boast, pieces=(), other_levels={}, positions=())
    assert not any(gate.passed for gate in evaluate(Tally(content, unproven, TODAY)).gates)


def the_result_stays_until_the_day_that_is_stated(world: tuple[Facts]) -> None:
    content, facts = world
    until = next_change_on(Tally(content, facts, TODAY))
    assert until is None or until > TODAY
    now = evaluate(Tally(content, facts, TODAY))
    end = until or date(2099, 1, 1)
    for day in {TODAY + (end - TODAY) / 2, end - timedelta(days=1)}:
        assert evaluate(Tally(content, facts, day)) == now


def progress_is_cumulative(world: tuple[Facts]) -> None:
    content, facts = world
    result = evaluate(Tally(content, facts, TODAY))
    for progress in (result.overall, *result.stages.values()):
        assert 0 <= progress.verified <= progress.evidenced <= progress.claimed <= 1


def no_step_lowers_the_score(
    world: tuple[Facts],
) -> None:
    content, facts = world
    readiness = explain(Tally(content, facts, TODAY))
    standing = {gate.key for gate in readiness.unpassed_gates}
    for step in readiness.steps:
        assert step.gain >= 0
        assert step.opens_gate is None or step.opens_gate in standing
        assert "%" not in step.label.text()
    assert len({step.action for step in readiness.next_steps}) == len(readiness.next_steps) <= 3


def what_is_promised_is_what_comes(world: tuple[Facts]) -> None:
    """A promise is printed from exact figures, a result from those that a summary row keeps."""
    content, facts = world
    tally = Tally(content, facts, TODAY)
    readiness = explain(tally)
    for key, status in facts.statuses.items():
        if status == "done":
            continue
        ticked = explain(tally.with_facts(statuses={**facts.statuses, key: "done"}))
        stored = [Fraction(str(round_share(each.score))) for each in (readiness, ticked)]
        promised, _why = completion_gain(tally, key)
        assert promised == format_gain(*stored)
        assert (promised or "0") == signed_filter(ticked.score - readiness.score, readiness.score)
        change = ticked.shown_score - readiness.shown_score
        assert promised == f"{change:+}" if change else promised in ("", "under 0.1")
        assert points_filter(float(stored[1])) == format_points(ticked.score)


@fewer
@given(roadmaps_with_facts())
def test_what_holds_for_all_facts(world: tuple[Facts]) -> None:
    """One test, since making a roadmap with facts takes longer than any of these."""
    the_explanation_adds_up(world)
    removing_an_item_changes_the_score_by_exactly_its_effect(world)
    an_optional_stage_never_costs_anything(world)
    what_one_says_of_oneself_opens_no_gate(world)
    the_result_stays_until_the_day_that_is_stated(world)
    progress_is_cumulative(world)
    no_step_lowers_the_score(world)
    what_is_promised_is_what_comes(world)


@fewer
@given(roadmaps_with_facts(), st.data())
def test_progress_never_lowers_the_score(world: tuple[Facts], data: st.DataObject) -> None:
    content, facts = world
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
