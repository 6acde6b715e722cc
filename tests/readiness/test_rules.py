"""The score, its parts and the verdict: exact worked examples, then each rule."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from pydantic import ValidationError

from roadmap.catalog.content import Content
from roadmap.catalog.files import find_problems
from roadmap.catalog.policy import Policy
from roadmap.core.dates import PartialDate, months_later
from roadmap.evidence.item import Impact
from roadmap.readiness.calendar_years import count_years
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
VERIFIED = change(
    DRAFT,
    state="verified",
    verified=True,
    confirmed=frozenset({"experience1"}),
    impacts=(metric("scale"),),
)
WITH_SECOND_LINK = change(VERIFIED, milestones=("experience1", "experience2"))
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
    "no facts": (
        Facts(),
        "0.00 + 0.00 + 0.00 + 0.00 + 0.00",
        "0.0",
        ALL_GATES,
        "setting_out",
        False,
    ),
    "all done and self-assessed": (
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
    "draft design document": (
        Facts(statuses=done(*KEYS), pieces=(DRAFT,)),
        "13.67 + 0.00 + 1.50 + 0.00 + 0.00",
        "15.2",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "verified design document with impact": (
        Facts(statuses=done(*KEYS), pieces=(VERIFIED,)),
        "15.89 + 0.00 + 2.50 + 3.33 + 0.00",
        "21.7",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "verified design document with second link": (
        Facts(statuses=done(*KEYS), pieces=(WITH_SECOND_LINK,)),
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
    "half of a stage not applicable": (
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
    "all evidence on one day": (
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
    "case study returned and certification lapsed": (
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
    facts, parts, total, failed_gates, verdict, claimed_not_proven = EXAMPLES[case]
    result = evaluate(Tally(content(), facts, TODAY))
    assert " + ".join(f"{float(part.points):.2f}" for part in result.parts) == parts
    assert f"{float(result.score):.1f}" == total
    assert tuple(gate.key for gate in result.gates if not gate.passed) == failed_gates
    assert result.verdict == verdict
    assert result.claimed_not_proven is claimed_not_proven


def test_worked_examples_are_exact_fractions() -> None:
    draft = evaluate(Tally(content(), EXAMPLES["draft design document"][0], TODAY))
    assert [part.points for part in draft.parts][:3] == [Fraction(41, 3), 0, Fraction(3, 2)]
    assert evaluate(Tally(content(), proven_facts(), TODAY)).score == 100


def milestone_points(facts: Facts, on: Content | None = None) -> Fraction:
    """Return the points of the milestones part."""
    return evaluate(Tally(on or content(), facts, TODAY)).parts[0].points


def with_optional(hours: int) -> Content:
    """Return the roadmap with an optional leadership milestone added."""
    extra = milestone("leadership3", hours=hours, required=False)
    return content(milestones=(*content().milestones, extra))


def test_optional_hours_count_up_to_quarter_of_target() -> None:
    # The target is 20 h: 30 claimed optional hours earn 30 x 0.3 = 9, of which 5 count.
    assert milestone_points(Facts(statuses=done("leadership3")), with_optional(30)) == Fraction(
        40 * 30 * 5, 90 * 20
    )
    # 10 optional hours earn 3, which is below the cap.
    assert milestone_points(Facts(statuses=done("leadership3")), with_optional(10)) == Fraction(
        40 * 30 * 3, 90 * 20
    )


def test_optional_hours_never_exceed_stage_weight() -> None:
    proven = replace(proven_facts(), statuses=done(*KEYS, "leadership3"))
    assert milestone_points(proven, with_optional(30)) == 40


def test_not_applicable_milestones_lower_target_only_to_floor() -> None:
    one_not_applicable = Facts(statuses={"leadership1": "not_applicable", "leadership2": "done"})
    all_not_applicable = Facts(
        statuses=dict.fromkeys(("leadership1", "leadership2"), "not_applicable")
    )
    assert milestone_points(one_not_applicable) == Fraction(40 * 30 * 3, 90 * 15)
    assert milestone_points(all_not_applicable) == 0


def test_optional_stage_target_includes_not_applicable_milestones() -> None:
    facts = replace(proven_facts(), statuses=done("education1") | {"education2": "not_applicable"})
    # Half of education, which has 10 of 100 weights, is verified.
    assert milestone_points(facts) == Fraction(40 * 10, 100) / 2


def test_optional_stage_below_average_does_not_lower_score() -> None:
    without_education = done(*(key for key in KEYS if not key.startswith("education")))
    facts = replace(proven_facts(), statuses=without_education)
    assert milestone_points(facts) == 40
    assert milestone_points(replace(facts, statuses=without_education | done("education1"))) == 40


def test_stage_without_required_milestones_does_not_lower_score() -> None:
    milestones = tuple(
        milestone(each.key, required=each.required and not each.key.startswith("visibility"))
        for each in content().milestones
    )
    facts = replace(proven_facts(), statuses=done(*(k for k in KEYS if "visibility" not in k)))
    assert milestone_points(facts, content(milestones=milestones)) == 40


def test_roadmap_of_optional_stages_counts_best_stage() -> None:
    stages = tuple(stage(key, required=False) for key in STAGES)
    facts = replace(proven_facts(), statuses=done("visibility1", "visibility2", "education1"))
    assert milestone_points(facts, content(stages=stages)) == 40


@pytest.mark.parametrize(
    ("changes", "tone"),
    [
        ({}, "verified"),
        ({"confirmed": frozenset()}, "evidenced"),
        ({"confirmed": frozenset({"experience2"})}, "evidenced"),
        ({"verified": False, "state": "returned"}, "evidenced"),
        ({"state": "submitted"}, "verified"),  # a newer version; the verified one counts
        ({"kind": "other"}, "evidenced"),
        ({"expires_on": PartialDate(TODAY)}, "verified"),
        ({"expires_on": PartialDate(TODAY - timedelta(days=1))}, "claimed"),
        ({"milestones": ()}, "claimed"),
    ],
)
def test_done_milestone_tone_depends_on_evidence(changes: dict[str, object], tone: str) -> None:
    proven_by_documents = content(
        milestones=tuple(milestone(key, evidence=("design_doc",)) for key in KEYS)
    )
    facts = Facts(statuses=done("experience1"), pieces=(change(VERIFIED, **changes),))
    assert evaluate(Tally(proven_by_documents, facts, TODAY)).tones["experience1"] == tone


def test_open_milestone_tone_is_its_status() -> None:
    statuses = {"experience1": "in_progress", "experience2": "not_applicable", "gone": "done"}
    tones = evaluate(Tally(content(), Facts(statuses=statuses, pieces=(VERIFIED,)), TODAY)).tones
    assert (tones["experience1"], tones["experience2"]) == ("in_progress", "not_applicable")
    assert tones["visibility1"] == "not_started"
    assert list(tones) == list(KEYS)


def test_progress_is_weighted_by_hours_without_not_applicable() -> None:
    statuses = done("experience1", "leadership1") | {"leadership2": "not_applicable"}
    result = evaluate(Tally(content(), Facts(statuses=statuses, pieces=(VERIFIED,)), TODAY))
    experience, leadership = result.stages["experience"], result.stages["leadership"]
    assert (experience.claimed, experience.evidenced, experience.verified) == (0.5, 0.5, 0.5)
    assert (leadership.claimed, leadership.evidenced, leadership.verified) == (1, 0, 0)
    assert result.overall.claimed == Fraction(2, 9)
    assert result.overall.verified == Fraction(1, 9)


def test_assessment_by_others_replaces_self_assessment() -> None:
    self_assessed = Facts(self_levels={"mlops": 3})
    assessed = replace(self_assessed, other_levels={"mlops": 0})
    assert evaluate(Tally(content(), self_assessed, TODAY)).parts[1].points == Fraction(
        20 * 3, 8 * 10
    )
    assert evaluate(Tally(content(), assessed, TODAY)).parts[1].points == 0
    above = Facts(other_levels={"mlops": 4})
    assert evaluate(Tally(content(), above, TODAY)).parts[1].points == Fraction(20, 8)


def test_requirement_counts_best_evidence() -> None:
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
def test_background_takes_higher_of_years_alone_and_years_with_degree(
    ended: date | None, level: str | None, points: Fraction
) -> None:
    facts = Facts(
        positions=(Position("job", "Engineer", date(2020, 7, 1), ended, True),),
        degrees=(Degree("d", "Degree", level),) if level else (),
    )
    assert evaluate(Tally(content(), facts, TODAY)).parts[4].points == points


def test_points_of_empty_part_go_to_other_parts() -> None:
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


def test_years_are_whole_years_plus_share_of_current_year() -> None:
    assert count_years([(date(2020, 7, 1), None)], TODAY) == 6
    assert count_years([(date(2020, 7, 2), None)], TODAY) == 5 + Fraction(364, 365)
    assert count_years([(date(2023, 7, 1), date(2024, 1, 1))], TODAY) == Fraction(185, 366)
    assert count_years([(date(2020, 2, 29), date(2021, 2, 28))], TODAY) == 1


def test_years_count_each_day_once_up_to_today() -> None:
    whole = [(date(2020, 7, 1), date(2022, 6, 30))]
    assert count_years(whole * 2, TODAY) == 2
    assert count_years([*whole, (date(2021, 1, 1), date(2021, 12, 31))], TODAY) == 2
    parts = [(date(2020, 7, 1), date(2021, 3, 31)), (date(2021, 4, 1), date(2022, 6, 30))]
    assert count_years(parts, TODAY) == 2
    apart = [(date(2020, 7, 1), date(2021, 6, 30)), (date(2023, 1, 1), date(2023, 12, 31))]
    assert count_years(apart, TODAY) == 2
    assert count_years([(date(2025, 7, 1), date(2099, 1, 1))], TODAY) == 1
    assert count_years([(date(2027, 1, 1), None), (date(2020, 1, 2), date(2020, 1, 1))], TODAY) == 0


def test_years_ignore_positions_outside_ml() -> None:
    facts = Facts(positions=(six_years()[0]._replace(is_ml=False),))
    assert score_of(Tally(content(), facts, TODAY)) == 0


def test_verdict_uses_exact_score() -> None:
    verdicts = copy.deepcopy(SHIPPED["verdicts"])
    verdicts["ready"]["score"] = 98.4
    facts = EXAMPLES["case study returned and certification lapsed"][0]
    assert (
        evaluate(Tally(content(policy=shipped_policy(verdicts=verdicts)), facts, TODAY)).verdict
        == "ready"
    )
    verdicts["ready"]["score"] = 98.4001
    assert (
        evaluate(Tally(content(policy=shipped_policy(verdicts=verdicts)), facts, TODAY)).verdict
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
    # Experience and visibility have 45 of the 90 weights without education: exactly half.
    assert not claimed_not_proven("experience", "visibility")


def test_shown_verdict_is_not_yet_verified_before_first_review() -> None:
    claimed = dict.fromkeys(content().by_key, "done")
    unreviewed = Facts(statuses=claimed, awaits_first_review=True)
    assert (
        evaluate(Tally(content(), Facts(statuses=claimed), TODAY)).shown_verdict
        == "claimed_not_proven"
    )
    assert evaluate(Tally(content(), unreviewed, TODAY)).shown_verdict == "not_yet_verified"
    assert (
        evaluate(Tally(content(), Facts(awaits_first_review=True), TODAY)).shown_verdict
        == "setting_out"
    )


def test_claimed_not_proven_requires_many_claims() -> None:
    few = Facts(statuses=done("foundations1", "foundations2", "experience1", "experience2"))
    assert not evaluate(Tally(content(), few, TODAY)).claimed_not_proven


def test_next_change_is_day_after_evidence_expires() -> None:
    expiring = piece("cert", "certification", expires_on=PartialDate("2026-08-01"))
    lapsed = piece("old", "certification", expires_on=PartialDate("2026-06-29"))
    unlimited = piece("unlimited", "certification", expires_on=PartialDate(date.max))
    facts = Facts(pieces=(expiring, lapsed, unlimited))
    assert next_change_on(Tally(content(), facts, TODAY)) == date(2026, 8, 2)
    assert (
        next_change_on(Tally(content(), replace(facts, pieces=(lapsed, unlimited)), TODAY)) is None
    )


def test_next_change_is_tomorrow_while_years_grow() -> None:
    def until(started: date, ended: date | None, *, is_ml: bool = True) -> date | None:
        facts = Facts(positions=(Position("job", "Engineer", started, ended, is_ml),))
        return next_change_on(Tally(content(), facts, TODAY))

    assert until(date(2024, 1, 1), None) == TODAY + timedelta(days=1)
    assert until(date(2024, 1, 1), date(2026, 7, 1)) == TODAY + timedelta(days=1)
    assert until(date(2024, 1, 1), TODAY) is None
    assert until(date(2024, 1, 1), None, is_ml=False) is None
    assert until(date(2026, 9, 1), None) == date(2026, 9, 1)
    assert until(date(2020, 7, 1), None) is None  # six years; the policy requires five


def test_next_change_is_end_of_sustained_gate_window() -> None:
    assert next_change_on(Tally(content(), proven_facts(), TODAY)) == date(2029, 4, 11)
    for day, passed in ((date(2029, 4, 10), True), (date(2029, 4, 11), False)):
        assert evaluate(Tally(content(), proven_facts(), day)).gates[-1].passed is passed


def test_months_later_stays_within_month() -> None:
    assert months_later(date(2024, 2, 29), 36) == date(2027, 2, 28)
    assert months_later(date(2023, 8, 31), 1) == date(2023, 9, 30)
    assert months_later(date(9999, 1, 1), 36) == date.max


def changed_policy(path: str, value: object) -> dict[str, object]:
    """Return the shipped policy with the value at a dotted path replaced, or removed if None."""
    data = copy.deepcopy(SHIPPED)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: object = data
    for step in parents:
        at = at[step]  # type: ignore[index]
    if value is None:
        del at[last]  # type: ignore[attr-defined]
    else:
        at[last] = value  # type: ignore[index]
    return data


@pytest.mark.parametrize(
    ("path", "value", "key"),
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
def test_invalid_policy_error_names_key(path: str, value: object, key: str) -> None:
    with pytest.raises(ValidationError) as error:
        Policy.model_validate(changed_policy(path, value))
    found = {".".join(map(str, each.location)) for each in find_problems(error.value)}
    assert found == {key}


def test_policy_numbers_are_exact_fractions() -> None:
    assert shipped_policy().factors.claimed == Fraction(3, 10)
    assert shipped_policy().scaled_tone_factors == ((3, 6, 10), 10)


def test_policy_without_background_is_valid_at_zero_weight() -> None:
    data = changed_policy("background", None)
    data["weights"] = SHIPPED["weights"] | {"background": 0, "milestones": 50}
    result = evaluate(Tally(content(policy=Policy.model_validate(data)), proven_facts(), TODAY))
    assert result.parts[4].maximum == 0
    assert result.score == 100
