"""/career/education: the worksheet on a further degree, and its outcome as a reason."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
import sqlalchemy as sa

from roadmap.career_plans.models import CareerPlan
from roadmap.career_plans.queries import career_content
from roadmap.career_plans.rules import compute_figure
from roadmap.progress.models import MilestoneStatus
from tests.support.markup import text_of

LIST = "/career/education"
PAGE = f"{LIST}/masters_part_time"
STAGE = "/roadmaps/senior-ml-engineer/education"
SHEET = {
    "answer_role": "Senior ML engineer",
    "answer_fees": "9000",
    "answer_lost_pay": "1500.50",
    "answer_hours_per_week": "6",
    "answer_total_hours": "1000",
    "answer_decision": "not yet",
    "answer_review_on": "2027-06-01",
    "seen": "0",
}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def test_list_shows_facts_and_options(alice):
    page = text_of(alice.get(LIST).text)
    about = career_content().advanced_education
    for fact in about.facts:
        assert fact.text in page
    for option in about.options:
        assert option.title in page
    assert page.count("no sheet yet") == len(about.options)
    assert "Your sheets compared" not in page


def test_worksheet_shows_all_questions(alice):
    page = text_of(alice.get(PAGE).text)
    about = career_content().advanced_education
    for part in (*about.questions, *about.groups):
        assert getattr(part, "text", None) or part.title in page
    assert page.count("not enough answers") == 2


def test_not_yet_requires_a_future_review_date(alice, session):
    for day, problem in (("", "“Not yet” needs a day"), ("2020-01-01", "This day is in the past")):
        response = alice.put(PAGE, {**SHEET, "answer_review_on": day})
        assert response.status_code == 422
        assert problem in text_of(response.text)
    assert session.scalars(sa.select(CareerPlan)).all() == []


def test_due_review_is_shown_on_dashboard_and_career_page(alice, cast, session):
    alice.put(PAGE, SHEET)
    assert "To look at again" not in alice.get("/").text
    plan = session.scalars(sa.select(CareerPlan)).one()
    plan.answers = {**plan.answers, "review_on": "2026-01-02"}
    session.commit()
    for page in ("/", "/career"):
        assert f'<a href="{PAGE}">' in alice.get(page).text.partition('id="plans-due"')[2]
    # A stored day that has passed does not block saving the other answers.
    changed = {**SHEET, "answer_review_on": "2026-01-02", "answer_fees": "1", "seen": "1"}
    assert alice.put(PAGE, changed).status_code == 303
    assert alice.put(PAGE, {**SHEET, "seen": "2"}).status_code == 303
    assert "To look at again" not in alice.get("/").text


def test_worksheet_totals_are_shown_and_compared(alice):
    assert alice.put(PAGE, SHEET).location == PAGE
    page = text_of(alice.get(PAGE).text)
    assert "Cost to you 10,500" in page
    assert "Weeks it takes 167" in page
    assert "Master's degree beside the job: not yet, according to my worksheet of" in page
    alice.put(f"{LIST}/none", {"answer_decision": "yes", "answer_fees": "0", "seen": "0"})
    comparison = text_of(alice.get(LIST).text).split("Your sheets compared")[1]
    assert "10,500 167 not yet 1 Jun 2027" in comparison
    assert "No degree: the same hours into work that shows 0 – yes –" in comparison


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("answer_fees", "9,000 USD", "Enter a number without separators"),
        ("answer_fees", "-1", "From 0 to 100000000."),
        ("answer_total_hours", "1e9", "Enter a number without separators"),
        ("answer_review_on", "soon", "Enter the date as year-month-day"),
        ("answer_form", "by night", "Choose one of the options"),
    ],
)
def test_invalid_answer_is_rejected(alice, session, field, value, expected):
    response = alice.put(PAGE, {**SHEET, field: value})
    assert response.status_code == 422
    assert expected in response.text
    assert 'value="9000"' in response.text or field == "answer_fees"
    assert session.scalars(sa.select(CareerPlan)).all() == []


def test_unknown_option_is_not_found(alice):
    assert alice.get(f"{LIST}/bootcamp").status_code == 404
    assert alice.put(f"{LIST}/bootcamp", SHEET).status_code == 404


def test_outcome_is_offered_as_reason_for_a_not_applicable_stage(alice, session):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    assert "worksheet" not in alice.get(STAGE).text
    alice.put(PAGE, SHEET)
    link = f"{STAGE}?worksheet=masters_part_time#not-applicable"
    assert f'href="{link}"' in alice.get(PAGE).text
    assert f'href="{link}"' in alice.get(STAGE).text
    assert f'href="{link}"' in alice.get(LIST).text
    page = alice.get(link).text
    reason = html.unescape(re.search(r'name="reason"[^>]* value="([^"]+)"', page)[1])
    assert reason.startswith("Master's degree beside the job: not yet")
    assert "Senior ML engineer" not in reason
    statuses = sa.select(MilestoneStatus.reason).where(MilestoneStatus.status == "not_applicable")
    assert session.scalars(statuses).all() == []
    session.rollback()
    alice.put(f"{STAGE}/not-applicable", {"reason": reason})
    assert set(session.scalars(statuses)) == {reason}


def test_undecided_sheet_or_required_stage_offers_no_reason(alice):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    alice.put(PAGE, {**SHEET, "answer_decision": ""})
    assert "worksheet=" not in alice.get(STAGE).text
    alice.put(f"{LIST}/none", SHEET)
    assert "worksheet=" not in alice.get("/roadmaps/senior-ml-engineer/leadership").text
    page = alice.get(f"{STAGE}?worksheet=nothing").text
    assert re.search(r'name="reason"[^>]* value=""', page)


def test_user_without_roadmap_is_offered_no_stage(alice):
    alice.put(PAGE, SHEET)
    assert "not-applicable" not in alice.get(PAGE).text


@pytest.mark.parametrize("role", ["bob", "carol", "dave", "erin", "mallory"])
def test_worksheet_is_private_to_its_owner(alice, cast, browser_of, role):
    alice.put(PAGE, {**SHEET, "answer_role": "CANARY"})
    other = browser_of(getattr(cast, role))
    other.post("/roadmaps/senior-ml-engineer/enrollment", {})
    for page in (LIST, PAGE, f"{STAGE}?worksheet=masters_part_time"):
        response = other.get(page).text
        assert "CANARY" not in response
        assert "according to my worksheet" not in response


def test_figure_requires_all_its_answers():
    assert compute_figure({}, ("a", "b"), None) is None
    assert compute_figure({"a": "1.5"}, ("a", "b"), None) == Decimal("1.5")
    assert compute_figure({"a": "1000", "b": "0"}, (), ("a", "b")) is None
    assert compute_figure({"a": "1000", "b": "8"}, (), ("a", "b")) == 125
