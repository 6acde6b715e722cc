"""Which next steps are offered, what they gain, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from roadmap.catalog.content import Content
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Item, SkillLink
from roadmap.readiness.facts import Facts
from roadmap.readiness.next_steps import Step, next_steps, top_three
from roadmap.readiness.rules import evaluate, score_of
from roadmap.readiness.tally import Tally
from tests.readiness.examples import (
    KEYS,
    SKILLS,
    TODAY,
    change,
    content,
    done,
    levels_at_bar,
    metric,
    milestone,
    piece,
    proven_facts,
    proven_pieces,
    six_years,
)

LEADERSHIP = (SkillLink("mentoring", "Mentoring"),)


def steps(facts: Facts, action: str, on: Content | None = None) -> dict[str, Step]:
    """Return the steps of one action by target, in order."""
    found = next_steps(Tally(on or content(), facts, TODAY))
    return {step.target: step for step in found if step.action == action}


def test_open_milestone_is_offered_when_prerequisites_are_settled() -> None:
    milestones = (
        milestone("experience1"),
        milestone("experience2", after=("experience1",)),
        milestone("experience3", after=("experience2",)),
        milestone("experience4", after=("experience5", "elsewhere")),
        milestone("experience5"),
        milestone("experience6"),
    )
    statuses = done("experience1") | {
        "experience2": "in_progress",
        "experience5": "not_applicable",
    }
    found = steps(Facts(statuses=statuses), "do_milestone", content(milestones=milestones))
    assert list(found) == ["experience2", "experience4", "experience6"]


def test_do_milestone_step_gains_claimed_points() -> None:
    found = steps(Facts(), "do_milestone")
    assert found["leadership1"].gain == Fraction(40 * 30 * 3, 90 * 20)
    assert found["leadership1"].hours == 10
    assert found["leadership1"].label.text() == "Complete “Leadership1”"


def test_open_milestone_with_proving_evidence_offers_tick_step() -> None:
    milestones = (
        *(milestone(key) for key in KEYS if key != "leadership2"),
        milestone("leadership2", evidence=("talk",), after=("experience1",)),
        milestone("leadership3", after=("experience1",)),
    )
    on = content(milestones=milestones)
    pieces = (
        piece("verified", "launch", "leadership1", "leadership2", "leadership3", verified=True),
        piece("lapsed", "launch", "visibility1", expires_on=PartialDate(TODAY - timedelta(days=1))),
    )
    facts = Facts(statuses={"leadership1": "in_progress"}, pieces=pieces)
    found = next_steps(Tally(on, facts, TODAY))
    # A launch does not prove leadership2, and lapsed evidence proves nothing.
    assert [step.target for step in found if step.action == "tick_milestone"] == [
        "leadership1",
        "leadership3",
    ]
    assert "leadership1" not in steps(facts, "do_milestone", on)
    first = found[0]
    assert (first.action, first.hours) == ("tick_milestone", 0)
    assert first.label.text() == "If it meets its “done when”, mark “Leadership1” as done"
    completed = replace(facts, statuses=done("leadership1"))
    assert first.gain == score_of(Tally(on, completed, TODAY)) - score_of(Tally(on, facts, TODAY))


def test_milestone_planned_for_future_date_offers_no_tick_step() -> None:
    proof = piece("a", "launch", "leadership1")
    facts = Facts(
        statuses={"leadership1": "in_progress"},
        target_dates={"leadership1": TODAY + timedelta(days=1)},
        pieces=(proof,),
    )
    assert "leadership1" not in steps(facts, "tick_milestone")
    assert steps(facts, "do_milestone")["leadership1"].hours == 10
    for changed in (
        replace(facts, target_dates={"leadership1": TODAY}),
        replace(facts, statuses={}),  # not started, but proven
    ):
        assert "leadership1" in steps(changed, "tick_milestone")


def test_tick_step_comes_before_step_that_opens_gate() -> None:
    proof = piece("a", "launch", "foundations1")
    levels = levels_at_bar()
    del levels["strategy"]
    first, second, *_ = next_steps(
        Tally(content(), Facts(pieces=(proof,), other_levels=levels, positions=six_years()), TODAY)
    )
    assert (first.action, first.opens_gate) == ("tick_milestone", None)
    assert second.opens_gate == "judged_by_others"


def test_link_step_is_offered_for_done_milestone_without_evidence() -> None:
    milestones = tuple(
        milestone(key, evidence=("talk" if key == "experience2" else "launch",)) for key in KEYS
    )
    on = content(milestones=milestones)
    facts = Facts(
        statuses=done("experience1", "foundations1", "leadership1"),
        pieces=(
            piece(
                "old", "launch", "leadership1", occurred_on=PartialDate("2025-01-01"), verified=True
            ),
            piece("new", "launch", "experience2"),
        ),
    )
    found = steps(facts, "link_evidence", on)
    # No evidence fits foundations1, and leadership1 has evidence.
    assert list(found) == ["experience1"]
    link = found["experience1"]
    # Only the person can tell which piece proves the milestone.
    assert (link.piece, link.hours) == (None, Fraction(1, 2))
    assert link.label.text() == "If one of your pieces proves “Experience1”, link it"
    # A link turns claimed into evidenced, not into verified.
    assert link.gain == Fraction(40 * 25 * 3, 90 * 20)


def test_link_step_skips_evidence_with_five_links() -> None:
    five_links = piece("five", "launch", *KEYS[4:9], "of-another-roadmap")
    assert steps(Facts(statuses=done(KEYS[9]), pieces=(five_links,)), "link_evidence") == {}
    four_links = piece("four", "launch", *KEYS[5:9], "of-another-roadmap")
    assert list(steps(Facts(statuses=done(KEYS[9]), pieces=(four_links,)), "link_evidence")) == [
        KEYS[9]
    ]


def test_link_step_requires_shared_skill_or_objective() -> None:
    milestones = (
        milestone("experience1", skills=("mlops",)),
        milestone("experience2", skills=("strategy",)),
        milestone("leadership1", skills=("mentoring", "mlops"), evidence=("talk", "launch")),
        milestone("visibility1", skills=("communication",), evidence=("talk",)),
    )
    on = content(milestones=milestones)
    launch = piece("a", "launch", "experience1", skills=(SkillLink("mlops", "MLOps"),))
    facts = Facts(statuses=done("experience2", "leadership1", "visibility1"), pieces=(launch,))
    # experience2 shares an objective and leadership1 a skill with the piece; visibility1 neither.
    assert set(steps(facts, "link_evidence", on)) == {"experience2", "leadership1"}
    new_evidence = steps(facts, "record_evidence", on)["visibility1"]
    assert new_evidence.label.text() == "Add evidence for “Visibility1”"
    assert (new_evidence.kind, new_evidence.milestone) == ("talk", "visibility1")
    assert new_evidence.hours == 2


def test_submit_step_gain_assumes_confirmation_of_fitting_milestones() -> None:
    milestones = tuple(
        milestone(key, evidence=("launch" if key == "experience1" else "talk",)) for key in KEYS
    )
    draft = piece("draft", "launch", "experience1", "experience2")
    others = (
        piece("submitted", "launch", state="submitted"),
        piece("private", "launch", visibility="private"),
        piece("lapsed", "launch", expires_on=PartialDate(TODAY - timedelta(days=1))),
    )
    facts = Facts(statuses=done("experience1", "experience2"), pieces=(draft, *others))
    found = steps(facts, "submit_evidence", content(milestones=milestones))
    assert list(found) == ["draft"]
    # experience1 becomes verified, and so does the launch requirement.
    assert found["draft"].gain == Fraction(40 * 25 * 4, 90 * 20) + 2 * Fraction(4, 10)
    assert found["draft"].label.text() == "Submit “Piece draft” for review"


def test_submit_step_skips_draft_that_fits_no_milestone() -> None:
    milestones = tuple(milestone(key, evidence=("talk",)) for key in KEYS)
    drafts = (piece("unlinked", "talk"), piece("unfit", "launch", "experience1"))
    assert steps(Facts(pieces=drafts), "submit_evidence", content(milestones=milestones)) == {}


def test_record_step_is_offered_for_each_unmet_requirement() -> None:
    facts = Facts(
        statuses=done("foundations1", "leadership1"),
        pieces=(
            piece("a", "talk"),
            piece("b", "case_study"),
            piece("c", "design_doc", "leadership2"),
        ),
    )
    found = steps(facts, "record_evidence")
    # No piece fits foundations1. One may fit leadership1, so that one is offered as a link.
    assert set(found) == {
        "design_docs",
        "open_source",
        "public_work",
        "mentoring",
        "launch",
        "foundations1",
    }
    document = found["design_docs"]
    # Half of five points at 0.6, and leadership1, which weighs most, becomes evidenced.
    assert document.gain == Fraction(5, 2) * Fraction(6, 10) + Fraction(40 * 30 * 3, 90 * 20)
    assert (document.kind, document.milestone, document.hours) == ("design_doc", "leadership1", 2)
    assert document.label.text() == (
        "Add a piece of evidence: design document, linked to “Leadership1”"
    )


def test_record_step_names_kind_that_proves_milestone() -> None:
    milestones = tuple(milestone(key, evidence=("publication",)) for key in KEYS)
    found = steps(
        Facts(statuses=done("experience1")), "record_evidence", content(milestones=milestones)
    )
    assert (found["public_work"].kind, found["public_work"].milestone) == (
        "publication",
        "experience1",
    )
    assert (found["launch"].kind, found["launch"].milestone) == ("launch", None)
    assert found["launch"].label.text() == "Add a piece of evidence: launch"


def test_impact_step_is_offered_for_draft_and_for_verified_evidence() -> None:
    assert steps(Facts(), "add_impact") == {}
    draft = piece("draft", "launch", impacts=(metric("scale"),), skills=LEADERSHIP)
    found = steps(Facts(pieces=(draft,)), "add_impact")
    assert list(found) == ["business", "team"]
    assert found["team"].gain == Fraction(10, 3) * Fraction(6, 10)
    long_ago = PartialDate("2020-01-01")
    verified = piece(
        "verified",
        "mentoring",
        "experience1",
        verified=True,
        occurred_on=long_ago,
        skills=LEADERSHIP,
    )
    with_review, without_review = [
        step
        for step in next_steps(Tally(content(), Facts(pieces=(draft, verified)), TODAY))
        if (step.action, step.target) == ("add_impact", "team")
    ]
    assert (without_review.piece, without_review.gain, without_review.is_reviewed) == (
        "draft",
        Fraction(2),
        False,
    )
    assert without_review.label.text() == "Add a measured team impact to “Piece draft”"
    assert (with_review.piece, with_review.gain, with_review.is_reviewed) == (
        "verified",
        Fraction(10, 3),
        True,
    )
    assert (
        with_review.label.text()
        == "Add a measured team impact to “Piece verified”, to be reviewed again"
    )


def test_impact_step_requires_fitting_kind_or_leadership_skill() -> None:
    def offered(*pieces: Item) -> dict[str, str | None]:
        found = steps(Facts(pieces=pieces), "add_impact")
        return {target: step.piece for target, step in found.items()}

    certificate, talk = piece("certificate", "certification"), piece("talk", "talk")
    assert offered(certificate, talk) == {}
    launch = piece("launch", "launch", occurred_on=PartialDate("2020-01-01"))
    assert offered(certificate, talk, launch) == {"scale": "launch", "business": "launch"}
    library = piece("library", "open_source")
    assert offered(launch, library) == {"scale": "library", "business": "launch"}
    mentoring = piece("mentoring", "mentoring")
    assert offered(mentoring) == {"team": "mentoring"}
    # Other kinds need a leadership skill.
    assert offered(replace(launch, skills=LEADERSHIP))["team"] == "launch"


def test_impact_step_skips_impact_of_submitted_edit() -> None:
    verified = piece("verified", "launch", "experience1", verified=True, skills=LEADERSHIP)
    added = replace(verified.version, number=2, impacts=(metric("team"),))
    submitted = replace(verified, state="submitted", versions=(added, *verified.versions))
    assert set(steps(Facts(pieces=(submitted,)), "add_impact")) == {"scale", "business"}
    # A draft or private piece awaits no review.
    for changed in ({"state": "draft"}, {"visibility": "private"}):
        assert steps(Facts(pieces=(replace(submitted, **changed),)), "add_impact") == {}


def test_assessment_step_skips_skill_at_bar_or_self_assessed_below_bar() -> None:
    facts = Facts(self_levels=levels_at_bar() | {"communication": 2}, other_levels={"mlops": 3})
    found = steps(facts, "ask_assessment")
    # Below the bar by self-assessment: another assessment would gain nothing.
    assert set(found) == set(SKILLS) - {"mlops", "communication"}
    assert found["mentoring"].label.text().startswith("Ask your manager to assess “")
    assert found["mentoring"].gain == Fraction(20, 8) * Fraction(7, 10)
    assert found["mentoring"].hours == Fraction(1, 2)


def test_assessment_step_repeats_after_newer_self_assessment_at_bar() -> None:
    facts = Facts(
        self_levels=levels_at_bar(),
        other_levels=levels_at_bar() | {"strategy": 2},
        self_assessed_on={"strategy": TODAY},
        other_assessed_on={"strategy": TODAY - timedelta(days=1)},
    )
    found = steps(facts, "ask_assessment")
    assert list(found) == ["strategy"]
    assert found["strategy"].label.text().endswith(" again")
    assert found["strategy"].gain == Fraction(20, 8) / 3
    for changed in (
        replace(facts, other_assessed_on={"strategy": TODAY}),
        replace(facts, self_levels={"strategy": 2}),
        replace(facts, self_levels={}, self_assessed_on={}),
    ):
        assert steps(changed, "ask_assessment") == {}


def test_step_that_opens_gate_comes_first() -> None:
    draft = piece("draft", "design_doc", "foundations1", "foundations2", "visibility1")
    levels = levels_at_bar()
    del levels["strategy"]
    facts = Facts(
        statuses=done("foundations1", "foundations2", "visibility1"),
        pieces=(draft,),
        self_levels=levels_at_bar(),
        other_levels=levels,
    )
    first, second, *rest = next_steps(Tally(content(), facts, TODAY))
    assert (first.action, first.target, first.opens_gate) == (
        "ask_assessment",
        "strategy",
        "judged_by_others",
    )
    # Submitting gains far more for the same half hour, but passes no gate.
    assert (second.action, second.opens_gate) == ("submit_evidence", None)
    assert second.gain > first.gain
    assert all(step.opens_gate is None for step in rest)


def test_other_steps_are_sorted_by_gain_per_hour() -> None:
    found = next_steps(
        Tally(content(), Facts(statuses=done("leadership1"), positions=six_years()), TODAY)
    )
    ratios = [step.gain / step.hours for step in found]
    assert ratios == sorted(ratios, reverse=True)


def test_equal_steps_follow_roadmap_order() -> None:
    assert list(steps(Facts(), "do_milestone"))[:2] == ["leadership1", "leadership2"]
    assert list(steps(Facts(), "ask_assessment")) == list(SKILLS)


def test_equal_submit_steps_follow_milestone_order() -> None:
    late, early = piece("late", "other", "leadership2"), piece("early", "other", "leadership1")
    facts = Facts(statuses=done("leadership1", "leadership2"), pieces=(late, early))
    found = steps(facts, "submit_evidence")
    assert found["late"].gain == found["early"].gain > 0
    assert list(found) == ["early", "late"]


def test_top_three_has_one_step_per_action() -> None:
    draft = piece("draft", "launch", "experience1")
    shown = top_three(
        next_steps(Tally(content(), Facts(statuses=done(*KEYS), pieces=(draft,)), TODAY))
    )
    assert len(shown) == 3
    assert len({step.action for step in shown}) == 3


def test_top_three_is_empty_when_everything_is_proven() -> None:
    assert top_three(next_steps(Tally(content(), proven_facts(), TODAY))) == []


def test_submit_step_gain_equals_gain_after_verification() -> None:
    facts = Facts(statuses=done(*KEYS[:6]), pieces=(piece("draft", "design_doc", "experience1"),))
    before = score_of(Tally(content(), facts, TODAY))
    submit = steps(facts, "submit_evidence")["draft"]
    confirmed = piece("draft", "design_doc", "experience1", verified=True)
    after = score_of(Tally(content(), replace(facts, pieces=(confirmed,)), TODAY))
    assert submit.gain == after - before


def test_submit_step_names_gate_that_it_opens() -> None:
    pieces = proven_pieces()
    draft = change(pieces[1], state="draft", verified=False, confirmed=frozenset())
    rest = (pieces[0], draft, *(each for each in pieces[2:] if each.counted.kind != "case_study"))
    facts = replace(proven_facts(), pieces=rest)
    failed = [
        gate.key for gate in evaluate(Tally(content(), facts, TODAY)).gates if not gate.passed
    ]
    assert failed == ["design", "impact"]
    assert steps(facts, "submit_evidence")["p2"].opens_gate == "design"
