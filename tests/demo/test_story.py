"""The demo data of Maya, the main demo account."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from roadmap.career_plans.models import PLAN_KINDS, CareerPlan, Reflection
from roadmap.career_plans.queries import career_content
from roadmap.credentials.models import CredentialCost
from roadmap.evidence.constants import STATES, VISIBILITIES
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.models import Evidence, EvidenceVersion, Review
from roadmap.people.models import HistoryEntry, User
from roadmap.portfolio.models import PortfolioItem
from roadmap.practice.models import Answer, MockInterview, PracticeAttempt
from roadmap.practice.queries import question_bank
from roadmap.progress.models import MilestonePlan
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.rules import evaluate
from roadmap.readiness.tally import Tally
from roadmap.skills.models import Assessment
from roadmap.time_budget.models import TimeEntry
from roadmap.time_budget.queries import time_content
from roadmap.tools.models import ToolRecord
from roadmap.tools.queries import tool_content
from tests.demo.conftest import NOW, DemoData


def test_maya_has_evidence_of_every_kind_visibility_and_state(demo: DemoData) -> None:
    pieces = demo.of(Evidence, "maya")
    assert {piece.current.kind for piece in pieces} == set(KINDS)
    assert {piece.visibility for piece in pieces} == set(VISIBILITIES)
    states = Counter(piece.state for piece in pieces)
    assert states.keys() == set(STATES)
    assert 8 <= states["verified"] <= 10
    edited = [piece for piece in pieces if piece.state == "submitted" and piece.verified_version_id]
    assert [(piece.title, piece.current.number) for piece in edited] == [
        ("A/B test of the order-value ranker: shipped at +1.4% order value", 2)
    ]


def test_maya_has_one_draft_by_an_agent(demo: DemoData) -> None:
    (piece,) = [each for each in demo.of(Evidence, "maya") if each.current.drafted_by]
    assert (piece.state, piece.current.drafted_by) == ("draft", "Coding agent")


def test_maya_has_career_plans_of_each_kind_and_reflections(demo: DemoData) -> None:
    plans = {plan.kind: plan for plan in demo.of(CareerPlan, "maya")}
    assert plans.keys() == set(PLAN_KINDS)
    content = career_content()
    questions = {
        "challenge": (content.plan_question, *content.challenges[0].questions),
        "direction": content.direction_questions,
        "education": content.advanced_education.questions,
    }
    for kind, plan in plans.items():
        options = {question.key: question.options for question in questions[kind]}
        assert plan.answers.keys() <= options.keys()
        assert all(
            not options[key] or answer in options[key] for key, answer in plan.answers.items()
        )
    assert len(demo.of(Reflection, "maya")) == 3


def test_time_entries_of_maya_cover_every_category(demo: DemoData) -> None:
    entries = demo.of(TimeEntry, "maya")
    offered = {each.key for each in time_content().categories if each.counts_as != "nothing"}
    assert {entry.category for entry in entries} == offered
    assert NOW.date() - dt.timedelta(days=90) < min(entry.day for entry in entries)
    assert max(entry.day for entry in entries) <= NOW.date()


def test_maya_practises_existing_questions(demo: DemoData) -> None:
    attempts = demo.of(PracticeAttempt, "maya")
    assert {attempt.question for attempt in attempts} <= question_bank().by_key.keys()
    assert {attempt.rating for attempt in attempts} == {2, 3, 4}
    assert len(demo.of(Answer, "maya")) == 3
    (mock,) = demo.of(MockInterview, "maya")
    assert mock.finished_at is not None
    assert mock.finished_at < NOW


def test_tool_records_are_partly_shared(demo: DemoData) -> None:
    people = {user.id: user for user in demo.rows[User]}
    records = demo.rows[ToolRecord]
    assert {record.tool for record in records} <= tool_content().by_key.keys()
    sharing = {people[record.user_id].shares_tools for record in records}
    assert sharing == {True, False}, "some record tools without sharing them"


def test_returned_evidence_of_maya_names_reason_and_reviewer(demo: DemoData) -> None:
    returned = [row for row in demo.of(Review, "maya") if row.decision == "returned"]
    assert len(returned) == 2
    assert all(row.comment and row.reviewer_name == "Tomas Okafor" for row in returned)


def test_maya_has_one_expired_and_one_expiring_certificate(demo: DemoData) -> None:
    ends = [row.expires_on.last for row in demo.of(EvidenceVersion, "maya") if row.expires_on]
    assert sorted((end - NOW.date()).days for end in ends) == [-45, 20]
    assert [cost.amount for cost in demo.of(CredentialCost, "maya")] == [240]


def test_maya_is_under_way_with_some_gates_passed(demo: DemoData) -> None:
    own = evaluate(Tally(demo.content, demo.records["maya"].own, NOW.date()))
    assert own.verdict == "under_way"
    assert not own.claimed_not_proven
    assert {gate.key for gate in own.gates if gate.passed} == {"design", "impact", "sustained"}
    tones = Counter(own.tones.values())
    done = tones["claimed"] + tones["evidenced"] + tones["verified"]
    assert 0.4 < done / len(own.tones) < 0.5
    assert min(tones["claimed"], tones["evidenced"], tones["verified"]) >= 5
    assert min(tones["in_progress"], tones["not_applicable"]) >= 4


def test_shared_score_of_maya_is_lower_than_her_own(demo: DemoData) -> None:
    own = evaluate(Tally(demo.content, demo.records["maya"].own, NOW.date()))
    others = evaluate(Tally(demo.content, demo.records["maya"].shared, NOW.date()))
    assert others.score < own.score


def test_readiness_summary_of_maya_is_current_and_lower_when_shared(demo: DemoData) -> None:
    (row,) = demo.of(ReadinessSummary, "maya")
    assert row.computed_on == NOW.date()
    assert row.shared_score < row.own_score


def test_maya_has_one_overdue_milestone_plan(demo: DemoData) -> None:
    plans = demo.of(MilestonePlan, "maya")
    assert any(plan.note for plan in plans)
    overdue = [
        plan.milestone_key for plan in plans if plan.target_on and plan.target_on < NOW.date()
    ]
    assert overdue == ["lead-cross-functional-project"]


def test_manager_assessments_of_maya_differ_by_two_levels(demo: DemoData) -> None:
    rows = sorted(demo.of(Assessment, "maya"), key=lambda row: row.assessed_at)
    latest = {(row.side, row.skill_key): row.level for row in rows}
    gaps = [
        level - latest["self", key] for (side, key), level in latest.items() if side == "manager"
    ]
    assert len(gaps) == 6
    assert (min(gaps), max(gaps)) == (-2, 2)


def test_portfolio_contains_only_portfolio_evidence(demo: DemoData) -> None:
    visibility = {piece.id: piece.visibility for piece in demo.rows[Evidence]}
    shown = [visibility[item.evidence_id] for item in demo.of(PortfolioItem, "maya")]
    assert len(shown) >= 6
    assert set(shown) == {"portfolio"}


def test_history_is_ordered_past_and_on_workdays(demo: DemoData) -> None:
    rows = sorted(demo.of(HistoryEntry, "maya"), key=lambda row: row.id)
    moments = [row.at for row in rows]
    assert moments == sorted(moments)
    assert dt.timedelta(days=360) < NOW - moments[0] < dt.timedelta(days=372)
    assert moments[-1].date() < NOW.date()
    assert len({moment.strftime("%Y-%m") for moment in moments}) >= 12
    assert all(moment.weekday() < 5 for moment in moments)
