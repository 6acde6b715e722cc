"""Next steps: which are offered, their gain, and their order."""

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
    """The steps of one action by target, in order."""
    found = next_steps(Tally(on or content(), facts, TODAY))
    return {step.target: step for step in found if step.action == action}


def test_open_milestones_are_offered_when_what_comes_before_is_settled() -> None:
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


def test_doing_a_milestone_gains_what_it_then_earns() -> None:
    found = steps(Facts(), "do_milestone")
    assert found["leadership1"].gain == Fraction(40 * 30 * 3, 90 * 20)
    assert found["leadership1"].hours == 10
    assert found["leadership1"].label.text() == "Complete “Leadership1”"


def test_an_open_milestone_that_evidence_proves_only_waits_for_its_tick() -> None:
    milestones = (
        *(milestone(key) for key in KEYS if key != "leadership2"),
        milestone("leadership2", evidence=("talk",), after=("experience1",)),
        milestone("leadership3", after=("experience1",)),
    )
    on = content(milestones=milestones)
    pieces = (
        piece("sure", "launch", "leadership1", "leadership2", "leadership3", verified=True),
        piece("lapsed", "launch", "visibility1", expires_on=PartialDate(TODAY - timedelta(days=1))),
    )
    facts = Facts(statuses={"leadership1": "in_progress"}, pieces=pieces)
    found = next_steps(Tally(on, facts, TODAY))
    # A launch does not prove leadership2, and what has lapsed proves nothing.
    assert [step.target for step in found if step.action == "tick_milestone"] == [
        "leadership1",
        "leadership3",
    ]
    assert "leadership1" not in steps(facts, "do_milestone", on)
    first = found[0]
    assert (first.action, first.hours) == ("tick_milestone", 0)
    assert first.label.text() == "If it meets its “done when”, mark “Leadership1” as done"
    ticked = replace(facts, statuses=done("leadership1"))
    assert first.gain == score_of(Tally(on, ticked, TODAY)) - score_of(Tally(on, facts, TODAY))


def test_what_is_planned_for_a_day_ahead_is_still_to_be_done() -> None:
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
        replace(facts, statuses={}),  # planned, but with its proof linked before it was begun
    ):
        assert "leadership1" in steps(changed, "tick_milestone")


def test_a_waiting_tick_comes_before_what_opens_a_gate() -> None:
    proof = piece("a", "launch", "foundations1")
    levels = levels_at_bar()
    del levels["strategy"]
    first, second, *_ = next_steps(
        Tally(content(), Facts(pieces=(proof,), other_levels=levels, positions=six_years()), TODAY)
    )
    assert (first.action, first.opens_gate) == ("tick_milestone", None)
    assert second.opens_gate == "judged_by_others"


def test_a_fitting_piece_can_be_linked_to_a_done_milestone_without_evidence() -> None:
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
    # Nothing is about foundations1, and leadership1 has its evidence.
    assert list(found) == ["experience1"]
    link = found["experience1"]
    # Kind and skill are too little to say which piece it is.
    assert (link.piece, link.hours) == (None, Fraction(1, 2))
    assert link.label.text() == "If one of your pieces proves “Experience1”, link it"
    # A link confirms nothing: from claimed to evidenced.
    assert link.gain == Fraction(40 * 25 * 3, 90 * 20)


def test_a_piece_takes_five_links_of_a_roadmap() -> None:
    full = piece("full", "launch", *KEYS[4:9], "of-another-roadmap")
    assert steps(Facts(statuses=done(KEYS[9]), pieces=(full,)), "link_evidence") == {}
    room = piece("room", "launch", *KEYS[5:9], "of-another-roadmap")
    assert list(steps(Facts(statuses=done(KEYS[9]), pieces=(room,)), "link_evidence")) == [KEYS[9]]


def test_a_link_is_offered_only_where_piece_and_milestone_share_a_skill_or_an_objective() -> None:
    milestones = (
        milestone("experience1", skills=("mlops",)),
        milestone("experience2", skills=("strategy",)),
        milestone("leadership1", skills=("mentoring", "mlops"), evidence=("talk", "launch")),
        milestone("visibility1", skills=("communication",), evidence=("talk",)),
    )
    on = content(milestones=milestones)
    launch = piece("a", "launch", "experience1", skills=(SkillLink("mlops", "MLOps"),))
    facts = Facts(statuses=done("experience2", "leadership1", "visibility1"), pieces=(launch,))
    # The objective of experience1, and the skill mlops; nothing of visibility1.
    assert set(steps(facts, "link_evidence", on)) == {"experience2", "leadership1"}
    of_its_own = steps(facts, "record_evidence", on)["visibility1"]
    assert of_its_own.label.text() == "Add evidence for “Visibility1”"
    assert (of_its_own.kind, of_its_own.milestone) == ("talk", "visibility1")
    assert of_its_own.hours == 2


def test_drafts_are_to_be_submitted_and_taken_to_be_confirmed_where_they_fit() -> None:
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
    # experience1 from evidenced to verified, and the launch requirement in full.
    assert found["draft"].gain == Fraction(40 * 25 * 4, 90 * 20) + 2 * Fraction(4, 10)
    assert found["draft"].label.text() == "Submit “Piece draft” for review"


def test_a_draft_that_fits_no_milestone_cannot_be_submitted() -> None:
    milestones = tuple(milestone(key, evidence=("talk",)) for key in KEYS)
    drafts = (piece("unlinked", "talk"), piece("unfit", "launch", "experience1"))
    assert steps(Facts(pieces=drafts), "submit_evidence", content(milestones=milestones)) == {}


def test_evidence_is_to_be_recorded_for_each_requirement_that_lacks_a_piece() -> None:
    facts = Facts(
        statuses=done("foundations1", "leadership1"),
        pieces=(
            piece("a", "talk"),
            piece("b", "case_study"),
            piece("c", "design_doc", "leadership2"),
        ),
    )
    found = steps(facts, "record_evidence")
    # Beside them foundations1, which no piece may prove; a piece may prove leadership1.
    assert set(found) == {
        "design_docs",
        "open_source",
        "public_work",
        "mentoring",
        "launch",
        "foundations1",
    }
    document = found["design_docs"]
    # Half of five points at 0.6, and leadership1, which weighs most, from claimed to evidenced.
    assert document.gain == Fraction(5, 2) * Fraction(6, 10) + Fraction(40 * 30 * 3, 90 * 20)
    assert (document.kind, document.milestone, document.hours) == ("design_doc", "leadership1", 2)
    assert document.label.text() == (
        "Add a piece of evidence: design document, linked to “Leadership1”"
    )


def test_evidence_to_record_is_of_a_kind_that_proves_the_milestone() -> None:
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


def test_missing_impacts_are_added_to_the_piece_that_gains_most() -> None:
    assert steps(Facts(), "add_impact") == {}
    draft = piece("draft", "launch", impacts=(metric("scale"),), skills=LEADERSHIP)
    found = steps(Facts(pieces=(draft,)), "add_impact")
    assert list(found) == ["business", "team"]
    assert found["team"].gain == Fraction(10, 3) * Fraction(6, 10)
    long_ago = PartialDate("2020-01-01")
    verified = piece(
        "sure", "mentoring", "experience1", verified=True, occurred_on=long_ago, skills=LEADERSHIP
    )
    again, at_once = [
        step
        for step in next_steps(Tally(content(), Facts(pieces=(draft, verified)), TODAY))
        if (step.action, step.target) == ("add_impact", "team")
    ]
    assert (at_once.piece, at_once.gain, at_once.is_reviewed) == ("draft", Fraction(2), False)
    assert at_once.label.text() == "Add a measured team impact to “Piece draft”"
    assert (again.piece, again.gain, again.is_reviewed) == ("sure", Fraction(10, 3), True)
    assert again.label.text() == "Add a measured team impact to “Piece sure”, to be reviewed again"


def test_an_impact_is_added_to_a_piece_that_can_have_measured_it() -> None:
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
    # Of other kinds those that show a leadership skill.
    assert offered(replace(launch, skills=LEADERSHIP))["team"] == "launch"


def test_an_impact_that_waits_in_an_edit_of_a_verified_piece_is_not_asked_for_again() -> None:
    verified = piece("sure", "launch", "experience1", verified=True, skills=LEADERSHIP)
    added = replace(verified.version, number=2, impacts=(metric("team"),))
    waiting = replace(verified, state="submitted", versions=(added, *verified.versions))
    assert set(steps(Facts(pieces=(waiting,)), "add_impact")) == {"scale", "business"}
    # What its owner withdrew, or keeps private, nobody is going to review.
    for changed in ({"state": "draft"}, {"visibility": "private"}):
        assert steps(Facts(pieces=(replace(waiting, **changed),)), "add_impact") == {}


def test_an_assessment_is_asked_for_where_it_can_come_out_at_the_bar() -> None:
    facts = Facts(self_levels=levels_at_bar() | {"communication": 2}, other_levels={"mlops": 3})
    found = steps(facts, "ask_assessment")
    # Who sees themself below the bar does not ask to be told so.
    assert set(found) == set(SKILLS) - {"mlops", "communication"}
    assert found["mentoring"].label.text().startswith("Ask your manager to assess “")
    assert found["mentoring"].gain == Fraction(20, 8) * Fraction(7, 10)
    assert found["mentoring"].hours == Fraction(1, 2)


def test_it_is_asked_for_again_once_the_person_sees_the_bar_since_then() -> None:
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


def test_what_opens_a_gate_by_itself_comes_first() -> None:
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
    # Submitting gains far more for the same half hour, but opens nothing.
    assert (second.action, second.opens_gate) == ("submit_evidence", None)
    assert second.gain > first.gain
    assert all(step.opens_gate is None for step in rest)


def test_the_rest_is_in_the_order_of_gain_for_effort() -> None:
    found = next_steps(
        Tally(content(), Facts(statuses=done("leadership1"), positions=six_years()), TODAY)
    )
    ratios = [step.gain / step.hours for step in found]
    assert ratios == sorted(ratios, reverse=True)


def test_ties_follow_the_roadmap() -> None:
    assert list(steps(Facts(), "do_milestone"))[:2] == ["leadership1", "leadership2"]
    assert list(steps(Facts(), "ask_assessment")) == list(SKILLS)


def test_ties_between_pieces_follow_the_milestones_that_they_are_linked_to() -> None:
    late, early = piece("late", "other", "leadership2"), piece("early", "other", "leadership1")
    facts = Facts(statuses=done("leadership1", "leadership2"), pieces=(late, early))
    found = steps(facts, "submit_evidence")
    assert found["late"].gain == found["early"].gain > 0
    assert list(found) == ["early", "late"]


def test_three_are_shown_and_at_most_one_of_each_action() -> None:
    draft = piece("draft", "launch", "experience1")
    shown = top_three(
        next_steps(Tally(content(), Facts(statuses=done(*KEYS), pieces=(draft,)), TODAY))
    )
    assert len(shown) == 3
    assert len({step.action for step in shown}) == 3


def test_nothing_is_shown_where_nothing_helps() -> None:
    assert top_three(next_steps(Tally(content(), proven_facts(), TODAY))) == []


def test_a_step_that_comes_true_gains_what_it_said() -> None:
    facts = Facts(statuses=done(*KEYS[:6]), pieces=(piece("draft", "design_doc", "experience1"),))
    before = score_of(Tally(content(), facts, TODAY))
    submit = steps(facts, "submit_evidence")["draft"]
    confirmed = piece("draft", "design_doc", "experience1", verified=True)
    after = score_of(Tally(content(), replace(facts, pieces=(confirmed,)), TODAY))
    assert submit.gain == after - before


def test_a_step_opens_a_gate_only_where_it_then_passes() -> None:
    pieces = proven_pieces()
    draft = change(pieces[1], state="draft", verified=False, confirmed=frozenset())
    rest = (pieces[0], draft, *(each for each in pieces[2:] if each.counted.kind != "case_study"))
    facts = replace(proven_facts(), pieces=rest)
    standing = [
        gate.key for gate in evaluate(Tally(content(), facts, TODAY)).gates if not gate.passed
    ]
    assert standing == ["design", "impact"]
    assert steps(facts, "submit_evidence")["p2"].opens_gate == "design"
