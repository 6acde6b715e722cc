"""The score, its parts and the verdict: exact worked examples, and each clause of the rule."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from pydantic import ValidationError

from roadmap.catalog.content import Content
from roadmap.catalog.files import problems_in
from roadmap.catalog.policy import Policy
from roadmap.core.dates import PartialDate, months_later
from roadmap.evidence.item import Impact
from roadmap.readiness.calendar_years import years_of
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.rules import evaluate, next_change_on, score_of
from roadmap.readiness.tally import Tally
from tests.readiness.examples import (
    KEYS,
    SHIPPED,
    STAGES,
    TODAY,
    change,
    content,
    done,
    levels_at_bar,
    masters_degree,
    metric,
    milestone,
    piece,
    proven_facts,
    proven_pieces,
    roadmap,
    shipped_policy,
    six_years,
    stage,
)

ALL_GATES = (
    "experience",
    "delivery",
    "leadership",
    "design",
    "impact",
    "judged_by_others",
    "sustained",
)
DRAFT = piece("doc", "design_doc", "experience1")
CONFIRMED = change(
    DRAFT,
    state="verified",
    verified=True,
    confirmed=frozenset({"experience1"}),
    impacts=(metric("scale"),),
)
LINKED_LATER = change(CONFIRMED, milestones=("experience1", "experience2"))
RETURNED = tuple(
    change(each, state="returned", verified=False, confirmed=frozenset())
    if each.counted.kind == "case_study"
    else each
    for each in proven_pieces()
)
LAPSED = piece(
    "cert",
    "certification",
    "education1",
    verified=True,
    expires_on=PartialDate(TODAY - timedelta(days=1)),
)

EXAMPLES = {
    "nothing at all": (
        Facts(),
        "0.00 + 0.00 + 0.00 + 0.00 + 0.00",
        "0.0",
        ALL_GATES,
        "setting_out",
        False,
    ),
    "all ticked and self-assessed": (
        Facts(
            statuses=done(*KEYS),
            self_levels=levels_at_bar(),
            positions=six_years(),
            degrees=masters_degree(),
        ),
        "12.00 + 6.00 + 0.00 + 0.00 + 10.00",
        "28.0",
        ALL_GATES[1:],
        "setting_out",
        True,
    ),
    "a design document in draft": (
        Facts(statuses=done(*KEYS), pieces=(DRAFT,)),
        "13.67 + 0.00 + 1.50 + 0.00 + 0.00",
        "15.2",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "the same piece confirmed, with a metric": (
        Facts(statuses=done(*KEYS), pieces=(CONFIRMED,)),
        "15.89 + 0.00 + 2.50 + 3.33 + 0.00",
        "21.7",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "the same, linked later as well": (
        Facts(statuses=done(*KEYS), pieces=(LINKED_LATER,)),
        "17.56 + 0.00 + 2.50 + 3.33 + 0.00",
        "23.4",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "education not applicable": (
        Facts(
            statuses=done(*(key for key in KEYS if not key.startswith("education")))
            | {"education1": "not_applicable", "education2": "not_applicable"}
        ),
        "12.00 + 0.00 + 0.00 + 0.00 + 0.00",
        "12.0",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "half a stage defined away": (
        Facts(statuses={"leadership1": "done", "leadership2": "not_applicable"}),
        "2.67 + 0.00 + 0.00 + 0.00 + 0.00",
        "2.7",
        ALL_GATES,
        "setting_out",
        False,
    ),
    "everything proven": (
        proven_facts(),
        "40.00 + 20.00 + 20.00 + 10.00 + 10.00",
        "100.0",
        (),
        "ready",
        False,
    ),
    "all evidence of one day": (
        replace(
            proven_facts(),
            pieces=tuple(change(p, occurred_on=PartialDate("2026-05-01")) for p in proven_pieces()),
        ),
        "40.00 + 20.00 + 20.00 + 10.00 + 10.00",
        "100.0",
        ("sustained",),
        "nearly",
        False,
    ),
    "case study returned, a lapsed certification": (
        replace(proven_facts(), pieces=(*RETURNED, LAPSED)),
        "40.00 + 20.00 + 18.40 + 10.00 + 10.00",
        "98.4",
        (),
        "ready",
        False,
    ),
}


@pytest.mark.parametrize("case", EXAMPLES)
def test_worked_example(case: str) -> None:
    facts, parts, total, standing, verdict, claimed_not_proven = EXAMPLES[case]
    result = evaluate(Tally(content(), facts, TODAY))
    assert " + ".join(f"{float(part.points):.2f}" for part in result.parts) == parts
    assert f"{float(result.score):.1f}" == total
    assert tuple(gate.key for gate in result.gates if not gate.passed) == standing
    assert result.verdict == verdict
    assert result.claimed_not_proven is claimed_not_proven


def test_worked_examples_are_exact_not_merely_close() -> None:
    draft = evaluate(Tally(content(), EXAMPLES["a design document in draft"][0], TODAY))
    assert [part.points for part in draft.parts][:3] == [Fraction(41, 3), 0, Fraction(3, 2)]
    assert evaluate(Tally(content(), proven_facts(), TODAY)).score == 100


def part_one(facts: Facts, on: Content | None = None) -> Fraction:
    """The points of part 1."""
    return evaluate(Tally(on or content(), facts, TODAY)).parts[0].points


def with_optional(hours: int) -> Content:
    """A roadmap whose leadership stage has an optional milestone besides."""
    extra = milestone("leadership3", hours=hours, required=False)
    return content(milestones=(*content().milestones, extra))


def test_optional_effort_fills_a_stage_up_to_a_quarter_of_what_is_asked() -> None:
    # D is 20 h: of 30 optional hours, claimed 30 x 0.3 = 9, only 5 count.
    assert part_one(Facts(statuses=done("leadership3")), with_optional(30)) == Fraction(
        40 * 30 * 5, 90 * 20
    )
    # 10 optional hours earn 3, which is below the cap.
    assert part_one(Facts(statuses=done("leadership3")), with_optional(10)) == Fraction(
        40 * 30 * 3, 90 * 20
    )


def test_optional_effort_never_lifts_a_stage_above_its_weight() -> None:
    proven = replace(proven_facts(), statuses=done(*KEYS, "leadership3"))
    assert part_one(proven, with_optional(30)) == 40


def test_defining_a_stage_away_stops_at_three_quarters() -> None:
    a_quarter_away = Facts(statuses={"leadership1": "not_applicable", "leadership2": "done"})
    everything_away = Facts(
        statuses=dict.fromkeys(("leadership1", "leadership2"), "not_applicable")
    )
    assert part_one(a_quarter_away) == Fraction(40 * 30 * 3, 90 * 15)
    assert part_one(everything_away) == 0


def test_an_optional_stage_is_measured_against_all_of_its_milestones() -> None:
    both = replace(proven_facts(), statuses=done("education1") | {"education2": "not_applicable"})
    # Half of education verified, nothing else: 10 of 100 weights at a half.
    assert part_one(both) == Fraction(40 * 10, 100) / 2


def test_an_optional_stage_below_the_average_shares_its_weight() -> None:
    without_education = done(*(key for key in KEYS if not key.startswith("education")))
    facts = replace(proven_facts(), statuses=without_education)
    assert part_one(facts) == 40
    assert part_one(replace(facts, statuses=without_education | done("education1"))) == 40


def test_a_stage_that_requires_nothing_only_adds() -> None:
    milestones = tuple(
        milestone(each.key, required=each.required and not each.key.startswith("visibility"))
        for each in content().milestones
    )
    facts = replace(proven_facts(), statuses=done(*(k for k in KEYS if "visibility" not in k)))
    assert part_one(facts, content(milestones=milestones)) == 40


def test_a_roadmap_of_optional_stages_counts_the_best() -> None:
    stages = tuple(stage(key, required=False) for key in STAGES)
    facts = replace(proven_facts(), statuses=done("visibility1", "visibility2", "education1"))
    assert part_one(facts, content(stages=stages)) == 40


@pytest.mark.parametrize(
    ("changes", "tone"),
    [
        ({}, "verified"),
        ({"confirmed": frozenset()}, "evidenced"),
        ({"confirmed": frozenset({"experience2"})}, "evidenced"),
        ({"verified": False, "state": "returned"}, "evidenced"),
        ({"state": "submitted"}, "verified"),  # a newer version waits; the verified one counts
        ({"kind": "other"}, "evidenced"),
        ({"expires_on": PartialDate(TODAY)}, "verified"),
        ({"expires_on": PartialDate(TODAY - timedelta(days=1))}, "claimed"),
        ({"milestones": ()}, "claimed"),
    ],
)
def test_tone_of_a_done_milestone(changes: dict[str, object], tone: str) -> None:
    proven_by_documents = content(
        milestones=tuple(milestone(key, evidence=("design_doc",)) for key in KEYS)
    )
    facts = Facts(statuses=done("experience1"), pieces=(change(CONFIRMED, **changes),))
    assert evaluate(Tally(proven_by_documents, facts, TODAY)).tones["experience1"] == tone


def test_tones_of_what_is_not_done_are_its_status() -> None:
    statuses = {"experience1": "in_progress", "experience2": "not_applicable", "gone": "done"}
    tones = evaluate(Tally(content(), Facts(statuses=statuses, pieces=(CONFIRMED,)), TODAY)).tones
    assert (tones["experience1"], tones["experience2"]) == ("in_progress", "not_applicable")
    assert tones["visibility1"] == "not_started"
    assert list(tones) == list(KEYS)


def test_progress_is_by_effort_cumulative_and_without_what_is_not_applicable() -> None:
    statuses = done("experience1", "leadership1") | {"leadership2": "not_applicable"}
    result = evaluate(Tally(content(), Facts(statuses=statuses, pieces=(CONFIRMED,)), TODAY))
    experience, leadership = result.stages["experience"], result.stages["leadership"]
    assert (experience.claimed, experience.evidenced, experience.verified) == (0.5, 0.5, 0.5)
    assert (leadership.claimed, leadership.evidenced, leadership.verified) == (1, 0, 0)
    assert result.overall.claimed == Fraction(2, 9)
    assert result.overall.verified == Fraction(1, 9)


def test_someone_elses_assessment_replaces_ones_own_even_when_it_is_lower() -> None:
    own = Facts(self_levels={"mlops": 3})
    judged = replace(own, other_levels={"mlops": 0})
    assert evaluate(Tally(content(), own, TODAY)).parts[1].points == Fraction(20 * 3, 8 * 10)
    assert evaluate(Tally(content(), judged, TODAY)).parts[1].points == 0
    above = Facts(other_levels={"mlops": 4})
    assert evaluate(Tally(content(), above, TODAY)).parts[1].points == Fraction(20, 8)


def test_the_best_pieces_fill_a_requirement() -> None:
    pieces = (
        piece("a", "talk"),
        piece("b", "publication", "visibility1", verified=True),
        piece("c", "blog_post"),
        piece("d", "talk", verified=True, expires_on=PartialDate(TODAY - timedelta(days=1))),
    )
    points = evaluate(Tally(content(), Facts(pieces=pieces), TODAY)).parts[2].points
    assert points == Fraction(4) * (1 + Fraction(6, 10)) / 2


@pytest.mark.parametrize(
    ("impact", "points"),
    [
        (metric("team"), Fraction(10, 3) * Fraction(6, 10)),
        (Impact("team", "Hours saved", result="4", unit=" "), 0),
        (Impact("team", "", result="4", unit="h"), 0),
        (Impact("team", "Builds", "slow", result="very fast", unit="x"), 0),
        (Impact("team", "Builds", result="1e400", unit="%"), 0),
        (Impact("team", "Builds", "slow", result="≈ 1,200", unit="a day"), Fraction(2)),
    ],
)
def test_only_a_complete_metric_counts(impact: Impact, points: Fraction) -> None:
    facts = Facts(pieces=(piece("a", "other", impacts=(impact,)),))
    assert evaluate(Tally(content(), facts, TODAY)).parts[3].points == points


@pytest.mark.parametrize(
    ("ended", "level", "points"),
    [
        (None, None, 10),
        (None, "bachelor", 10),
        (date(2022, 6, 30), None, 4),
        (date(2022, 6, 30), "bachelor", Fraction(43, 10)),
        (date(2022, 6, 30), "master", Fraction(58, 10)),
        (date(2020, 7, 1), "doctorate", 3 + 7 * Fraction(1, 5 * 365)),
    ],
)
def test_background_takes_the_higher_sum(
    ended: date | None, level: str | None, points: Fraction
) -> None:
    facts = Facts(
        positions=(Position("job", "Engineer", date(2020, 7, 1), ended, True),),
        degrees=(Degree("d", "Degree", level),) if level else (),
    )
    assert evaluate(Tally(content(), facts, TODAY)).parts[4].points == points


def test_an_empty_part_gives_its_points_to_the_others() -> None:
    result = evaluate(Tally(content(skills=()), proven_facts(), TODAY))
    assert [part.maximum for part in result.parts] == [50, 0, 25, Fraction(25, 2), Fraction(25, 2)]
    assert result.score == 100
    nothing = roadmap([stage("a")], [], [], shipped_policy(evidence=[], impact=[]))
    assert [part.maximum for part in evaluate(Tally(nothing, Facts(), TODAY)).parts] == [
        0,
        0,
        0,
        0,
        100,
    ]


def test_years_are_calendar_years_and_the_rest_a_share_of_the_running_one() -> None:
    assert years_of([(date(2020, 7, 1), None)], TODAY) == 6
    assert years_of([(date(2020, 7, 2), None)], TODAY) == 5 + Fraction(364, 365)
    assert years_of([(date(2023, 7, 1), date(2024, 1, 1))], TODAY) == Fraction(185, 366)
    assert years_of([(date(2020, 2, 29), date(2021, 2, 28))], TODAY) == 1


def test_each_day_of_work_counts_once_and_no_day_after_today() -> None:
    whole = [(date(2020, 7, 1), date(2022, 6, 30))]
    assert years_of(whole * 2, TODAY) == 2
    assert years_of([*whole, (date(2021, 1, 1), date(2021, 12, 31))], TODAY) == 2
    parts = [(date(2020, 7, 1), date(2021, 3, 31)), (date(2021, 4, 1), date(2022, 6, 30))]
    assert years_of(parts, TODAY) == 2
    apart = [(date(2020, 7, 1), date(2021, 6, 30)), (date(2023, 1, 1), date(2023, 12, 31))]
    assert years_of(apart, TODAY) == 2
    assert years_of([(date(2025, 7, 1), date(2099, 1, 1))], TODAY) == 1
    assert years_of([(date(2027, 1, 1), None), (date(2020, 1, 2), date(2020, 1, 1))], TODAY) == 0


def test_work_that_is_not_ml_is_not_counted() -> None:
    facts = Facts(positions=(replace(six_years()[0], is_ml=False),))
    assert score_of(Tally(content(), facts, TODAY)) == 0


def test_the_verdict_is_taken_from_the_exact_value() -> None:
    asked = copy.deepcopy(SHIPPED["verdicts"])
    asked["ready"]["score"] = 98.4
    facts = EXAMPLES["case study returned, a lapsed certification"][0]
    assert (
        evaluate(Tally(content(policy=shipped_policy(verdicts=asked)), facts, TODAY)).verdict
        == "ready"
    )
    asked["ready"]["score"] = 98.4001
    assert (
        evaluate(Tally(content(policy=shipped_policy(verdicts=asked)), facts, TODAY)).verdict
        == "nearly"
    )


def test_claimed_not_proven_ends_at_half_verified() -> None:
    def claimed_not_proven(*stages: str) -> bool:
        proofs = tuple(
            piece(stage, "other", f"{stage}1", f"{stage}2", verified=True) for stage in stages
        )
        facts = Facts(statuses=done(*KEYS), pieces=proofs)
        return evaluate(Tally(content(), facts, TODAY)).claimed_not_proven

    assert claimed_not_proven("experience")
    # 25 and 20 of the 90 weights that count without education: exactly half.
    assert not claimed_not_proven("experience", "visibility")


def test_who_was_never_judged_here_is_not_yet_verified() -> None:
    claimed = dict.fromkeys(content().by_key, "done")
    asked = Facts(statuses=claimed, awaits_first_review=True)
    assert (
        evaluate(Tally(content(), Facts(statuses=claimed), TODAY)).shown_verdict
        == "claimed_not_proven"
    )
    assert evaluate(Tally(content(), asked, TODAY)).shown_verdict == "not_yet_verified"
    assert (
        evaluate(Tally(content(), Facts(awaits_first_review=True), TODAY)).shown_verdict
        == "setting_out"
    )


def test_claimed_not_proven_is_about_much_that_is_ticked() -> None:
    few = Facts(statuses=done("foundations1", "foundations2", "experience1", "experience2"))
    assert not evaluate(Tally(content(), few, TODAY)).claimed_not_proven


def test_the_result_is_valid_until_a_piece_lapses() -> None:
    lapsing = piece("cert", "certification", expires_on=PartialDate("2026-08-01"))
    lapsed = piece("old", "certification", expires_on=PartialDate("2026-06-29"))
    forever = piece("ever", "certification", expires_on=PartialDate(date.max))
    facts = Facts(pieces=(lapsing, lapsed, forever))
    assert next_change_on(Tally(content(), facts, TODAY)) == date(2026, 8, 2)
    assert next_change_on(Tally(content(), replace(facts, pieces=(lapsed, forever)), TODAY)) is None


def test_the_result_is_valid_until_tomorrow_while_years_grow() -> None:
    def until(started: date, ended: date | None, *, is_ml: bool = True) -> date | None:
        facts = Facts(positions=(Position("job", "Engineer", started, ended, is_ml),))
        return next_change_on(Tally(content(), facts, TODAY))

    assert until(date(2024, 1, 1), None) == TODAY + timedelta(days=1)
    assert until(date(2024, 1, 1), date(2026, 7, 1)) == TODAY + timedelta(days=1)
    assert until(date(2024, 1, 1), TODAY) is None
    assert until(date(2024, 1, 1), None, is_ml=False) is None
    assert until(date(2026, 9, 1), None) == date(2026, 9, 1)
    assert until(date(2020, 7, 1), None) is None  # six years; five are all that is asked


def test_the_result_is_valid_until_the_window_of_the_sustained_gate_ends() -> None:
    assert next_change_on(Tally(content(), proven_facts(), TODAY)) == date(2029, 4, 11)
    for day, passed in ((date(2029, 4, 10), True), (date(2029, 4, 11), False)):
        assert evaluate(Tally(content(), proven_facts(), day)).gates[-1].passed is passed


def test_months_later_keeps_to_the_month() -> None:
    assert months_later(date(2024, 2, 29), 36) == date(2027, 2, 28)
    assert months_later(date(2023, 8, 31), 1) == date(2023, 9, 30)
    assert months_later(date(9999, 1, 1), 36) == date.max


def broken(path: str, value: object) -> dict[str, object]:
    """The shipped policy with the value at a dotted path replaced, or removed where it is None."""
    data = copy.deepcopy(SHIPPED)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: object = data
    for step in way:
        at = at[step]  # type: ignore[index]
    if value is None:
        del at[last]  # type: ignore[attr-defined]
    else:
        at[last] = value  # type: ignore[index]
    return data


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("weights.skills", None, "weights.skills"),
        ("weights.skills", 21, "weights"),
        ("weights.skills", "20", "weights.skills"),
        ("weights.skills", True, "weights.skills"),
        ("weights.skills", float("nan"), "weights.skills"),
        ("weights", [40], "weights"),
        ("factors.claimed", 0.7, "factors"),
        ("factors.claimed", 1.5, "factors.claimed"),
        ("factors.speed", 1, "factors.speed"),
        ("stages.experience", -1, "stages.experience"),
        ("required_floor", 0, "required_floor"),
        ("evidence.0.kinds", ["poem"], "evidence.0.kinds.0"),
        ("evidence.0.kinds", [], "evidence.0.kinds"),
        ("evidence.0.kinds", "talk", "evidence.0.kinds"),
        ("evidence.0.count", 1.5, "evidence.0.count"),
        ("evidence.0.points", 6, "evidence"),
        ("evidence.0.key", "launch", "evidence.5.key"),
        ("evidence", {}, "evidence"),
        ("impact", ["scale", "scale"], "impact"),
        ("background", None, "background"),
        ("background.years", 0, "background.years"),
        ("background.degree", 4, "background"),
        ("background.degrees.licence", 1, "background.degrees.licence"),
        ("gates.0.type", "moon", "gates.0.type"),
        ("gates.0.title", " ", "gates.0.title"),
        ("gates.0.years", None, "gates.0.years"),
        ("gates.1.key", "experience", "gates.1.key"),
        ("gates.6.span", 3, "gates.6.span"),
        ("verdicts.ready.score", 101, "verdicts.ready.score"),
        ("verdicts.nearly", None, "verdicts.nearly"),
        ("colour", "red", "colour"),
    ],
)
def test_an_unusable_policy_is_refused_by_the_key_at_fault(
    path: str, value: object, named: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Policy.model_validate(broken(path, value))
    found = {".".join(map(str, each.location)) for each in problems_in(refused.value)}
    assert found == {named}


def test_numbers_of_a_policy_are_taken_as_they_are_written() -> None:
    assert shipped_policy().factors.claimed == Fraction(3, 10)
    assert shipped_policy().scaled_tone_factors == ((3, 6, 10), 10)


def test_a_policy_without_a_background_part_needs_none() -> None:
    data = broken("background", None)
    data["weights"] = SHIPPED["weights"] | {"background": 0, "milestones": 50}
    result = evaluate(Tally(content(policy=Policy.model_validate(data)), proven_facts(), TODAY))
    assert result.parts[4].maximum == 0
    assert result.score == 100
