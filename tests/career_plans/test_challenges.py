"""/career/challenges: five challenges, a personal plan, and monthly reflections."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.career_plans import actions
from roadmap.career_plans.models import CareerPlan, Reflection
from roadmap.career_plans.queries import career_content
from roadmap.catalog.content import Content
from roadmap.catalog.files import CONTENT, read
from roadmap.people.models import HistoryEntry
from roadmap.readiness.models import ReadinessSummary
from tests.support.statements import statements_of

LIST = "/career/challenges"
PAGE = f"{LIST}/meeting-overload"
PLAN = {"answer_plan": "Two half days a week.", "answer_hours": "6, 2", "seen": "0"}
PAGES = (LIST, PAGE, "/career/education", "/career/education/doctorate")
OTHERS = ("bob", "carol", "dave", "erin", "mallory")


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def test_the_list_has_five_with_what_experienced_people_do(alice):
    page = alice.get(LIST).text
    assert page.count('class="title"') == 5
    for challenge in career_content().challenges:
        assert f'href="{LIST}/{challenge.key}"' in page
        assert challenge.answer in page.replace("&#39;", "'")
    assert "no plan yet" in page
    assert "Taylor Rupe, Hakia, 2025" in page


def test_it_is_reached_from_positions_and_education(alice):
    assert f'href="{LIST}"' in alice.get("/career").text


@pytest.mark.parametrize("key", [each.key for each in career_content().challenges])
def test_each_has_practices_and_questions_of_its_own(alice, key):
    page = alice.get(f"{LIST}/{key}").text.replace("&#39;", "'").replace("&#34;", '"')
    challenge = career_content().challenge_by_key[key]
    for line in (*challenge.practices, *(each.text for each in challenge.questions)):
        assert line in page
    assert challenge.reflection in page
    assert "No reflection yet" in page


def test_a_plan_is_saved_shown_and_changed(alice):
    assert alice.put(PAGE, PLAN).location == PAGE
    page = alice.get(PAGE).text
    assert "Two half days a week." in page
    seen = re.search(r'name="seen"[^>]* value="(\d+)"', page)[1]
    assert alice.put(PAGE, {**PLAN, "answer_plan": "Three.", "seen": seen}).status_code == 303
    page = alice.get(PAGE).text
    assert ">Three.</textarea>" in page.replace("\n", "").replace("\r", "")
    assert "no plan yet" not in alice.get(LIST).text.split("scope-creep")[0]


def test_a_plan_of_another_tab_is_shown_before_it_is_replaced(alice):
    alice.put(PAGE, PLAN)
    late = alice.put(PAGE, {**PLAN, "answer_plan": "Mine."})
    assert late.status_code == 409
    assert "Two half days a week." in late.text
    assert "Mine." in late.text
    seen = re.search(r'name="seen"[^>]* value="(\d+)"', late.text)[1]
    assert alice.put(PAGE, {**PLAN, "answer_plan": "Mine.", "seen": seen}).status_code == 303
    assert "Mine." in alice.get(PAGE).text


def test_the_same_plan_twice_is_one(alice, session, cast):
    for _ in range(2):
        assert alice.put(PAGE, PLAN).status_code == 303
    assert session.scalars(sa.select(CareerPlan.revision)).all() == [1]


def test_a_text_that_is_too_long_is_refused_and_kept(alice, session):
    long = "x" * 4001
    answer = alice.put(PAGE, {**PLAN, "answer_plan": long})
    assert answer.status_code == 422
    assert "At most 4000 characters" in answer.text
    assert long in answer.text
    assert session.scalars(sa.select(CareerPlan)).all() == []


def test_a_reflection_is_a_line_of_its_day_in_the_zone_of_its_author(alice):
    alice.put("/account", {"name": "Alice", "timezone": "Pacific/Kiritimati", "theme": "system"})
    answer = alice.post(f"{PAGE}/reflections", {"text": "Nine hours."})
    assert answer.location == f"{PAGE}#reflections"
    page = alice.get(PAGE).text
    there = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)).date()
    assert f'datetime="{there}"' in page
    assert "Nine hours." in page


def reflect(session, person, text, today):
    now = dt.datetime.combine(today, dt.time(12), dt.UTC)
    actions.add_reflection(
        session, person, "meeting-overload", text, today=today, by=person, now=now
    )
    session.commit()


def test_lines_stay_newest_first(alice, session, cast):
    reflect(session, cast.alice, "October.", dt.date(2026, 10, 2))
    reflect(session, cast.alice, "November.", dt.date(2026, 11, 10))
    page = alice.get(PAGE).text
    assert page.index("November.") < page.index("October.")
    assert session.scalar(sa.select(sa.func.count()).select_from(Reflection)) == 2


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_request_changes_a_line(alice, method):
    alice.post(f"{PAGE}/reflections", {"text": "Nine hours."})
    assert alice.send(method, f"{PAGE}/reflections", {"text": "Ten."}).status_code == 405
    assert "Nine hours." in alice.get(PAGE).text


def test_an_empty_reflection_is_refused_and_leaves_the_plan_as_saved(alice):
    alice.put(PAGE, PLAN)
    answer = alice.post(f"{PAGE}/reflections", {"text": " "})
    assert answer.status_code == 422
    assert "Write a sentence at least." in answer.text
    assert "Two half days a week." in answer.text


def test_the_list_says_when_the_last_reflection_was(alice, session, cast):
    reflect(session, cast.alice, "Nine hours.", dt.date(2026, 10, 5))
    page = alice.get(LIST).text
    assert "last reflection: 5 Oct 2026" in page
    assert "none this month" in page
    alice.post(f"{PAGE}/reflections", {"text": "Ten hours."})
    assert "none this month" not in alice.get(LIST).text


def test_an_unknown_challenge_is_not_there(alice):
    assert alice.get(f"{LIST}/no-such-one").status_code == 404
    assert alice.put(f"{LIST}/no-such-one", PLAN).status_code == 404
    assert alice.post(f"{LIST}/no-such-one/reflections", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("role", OTHERS)
def test_it_hides_what_is_foreign(alice, cast, browser_of, role):
    alice.put(PAGE, {**PLAN, "answer_plan": "CANARY-PLAN"})
    alice.post(f"{PAGE}/reflections", {"text": "CANARY-LINE"})
    other = browser_of(getattr(cast, role))
    for page in (LIST, PAGE, "/"):
        assert "CANARY" not in other.get(page).text
    assert "no plan yet" in other.get(LIST).text


def test_the_history_does_not_say_what_is_written(alice, session):
    alice.put(PAGE, {**PLAN, "answer_plan": "CANARY-PLAN"})
    alice.post(f"{PAGE}/reflections", {"text": "CANARY-LINE"})
    entries = session.execute(
        sa.select(HistoryEntry.action, HistoryEntry.subject, HistoryEntry.data).where(
            HistoryEntry.action.startswith("career_plan")
        )
    ).all()
    assert [entry.action for entry in entries] == ["career_plan.saved", "career_plan.reflected"]
    assert "CANARY" not in str(entries)


def test_no_figure_of_readiness_moves(alice, session):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    rows = sa.select(*ReadinessSummary.__table__.columns)
    session.rollback()
    before = session.execute(rows).all()
    alice.put(PAGE, PLAN)
    session.rollback()
    assert session.execute(rows).all() == before


def test_the_content_names_milestones_that_are_there():
    content = career_content()
    roadmap = Content.model_validate(read(CONTENT / f"{content.roadmap}.yaml"))
    named = [key for each in content.challenges for key in each.milestones]
    named += content.advanced_education.milestones
    assert [key for key in named if key not in roadmap.by_key] == []


def test_milestones_lead_to_ones_own_roadmap(alice):
    page = alice.get(PAGE).text
    assert re.search(r'href="/roadmaps/senior-ml-engineer#m\d+"', page)


def test_a_milestone_leads_to_the_pages_that_help_with_it(alice):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    milestones = "/roadmaps/senior-ml-engineer/milestones"
    assert f'href="{PAGE}"' in alice.get(f"{milestones}/protect-deep-work").text
    assert 'href="/career/education"' in alice.get(f"{milestones}/decide-on-a-degree").text
    assert "Plan for it:" not in alice.get(f"{milestones}/point-in-time-sql").text


def test_the_pages_take_as_many_statements_with_much_as_with_little(app, alice, session, cast):
    def statements():
        return [len(statements_of(app, lambda page=page: alice.get(page))) for page in PAGES]

    alice.get(LIST)
    alice.put(PAGE, PLAN)
    alice.post(f"{PAGE}/reflections", {"text": "One."})
    statements()  # the first look at a roadmap reads its content
    few = statements()
    for challenge in career_content().challenges:
        alice.put(f"{LIST}/{challenge.key}", {**PLAN, "answer_plan": "Much."})
    for option in career_content().advanced_education.options:
        alice.put(f"/career/education/{option.key}", {"answer_decision": "no"})
    for day in range(1, 29):
        reflect(session, cast.alice, f"Day {day}.", dt.date(2026, 10, day))
    assert statements() == few
