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


def test_list_shows_five_challenges_with_answers(alice):
    page = alice.get(LIST).text
    assert page.count('class="title"') == 5
    for challenge in career_content().challenges:
        assert f'href="{LIST}/{challenge.key}"' in page
        assert challenge.answer in page.replace("&#39;", "'")
    assert "no plan yet" in page
    assert "Taylor Rupe, Hakia, 2025" in page


def test_career_page_links_to_challenges(alice):
    assert f'href="{LIST}"' in alice.get("/career").text


@pytest.mark.parametrize("key", [each.key for each in career_content().challenges])
def test_challenge_page_shows_its_practices_and_questions(alice, key):
    page = alice.get(f"{LIST}/{key}").text.replace("&#39;", "'").replace("&#34;", '"')
    challenge = career_content().challenge_by_key[key]
    for line in (*challenge.practices, *(each.text for each in challenge.questions)):
        assert line in page
    assert challenge.reflection in page
    assert "No reflection yet" in page


def test_plan_can_be_saved_and_changed(alice):
    assert alice.put(PAGE, PLAN).location == PAGE
    page = alice.get(PAGE).text
    assert "Two half days a week." in page
    seen = re.search(r'name="seen"[^>]* value="(\d+)"', page)[1]
    assert alice.put(PAGE, {**PLAN, "answer_plan": "Three.", "seen": seen}).status_code == 303
    page = alice.get(PAGE).text
    assert ">Three.</textarea>" in page.replace("\n", "").replace("\r", "")
    assert "no plan yet" not in alice.get(LIST).text.split("scope-creep")[0]


def test_edit_of_a_stale_plan_is_a_conflict(alice):
    alice.put(PAGE, PLAN)
    conflict = alice.put(PAGE, {**PLAN, "answer_plan": "Mine."})
    assert conflict.status_code == 409
    assert "Two half days a week." in conflict.text
    assert "Mine." in conflict.text
    seen = re.search(r'name="seen"[^>]* value="(\d+)"', conflict.text)[1]
    assert alice.put(PAGE, {**PLAN, "answer_plan": "Mine.", "seen": seen}).status_code == 303
    assert "Mine." in alice.get(PAGE).text


def test_double_submit_saves_one_plan_revision(alice, session, cast):
    for _ in range(2):
        assert alice.put(PAGE, PLAN).status_code == 303
    assert session.scalars(sa.select(CareerPlan.revision)).all() == [1]


def test_text_above_the_length_limit_is_rejected_and_kept(alice, session):
    text = "x" * 4001
    response = alice.put(PAGE, {**PLAN, "answer_plan": text})
    assert response.status_code == 422
    assert "At most 4000 characters" in response.text
    assert text in response.text
    assert session.scalars(sa.select(CareerPlan)).all() == []


def test_reflection_is_dated_in_the_time_zone_of_the_user(alice):
    alice.put("/account", {"name": "Alice", "timezone": "Pacific/Kiritimati", "theme": "system"})
    response = alice.post(f"{PAGE}/reflections", {"text": "Nine hours."})
    assert response.location == f"{PAGE}#reflections"
    page = alice.get(PAGE).text
    there = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)).date()
    assert f'datetime="{there}"' in page
    assert "Nine hours." in page


def add_reflection(session, person, text, today):
    now = dt.datetime.combine(today, dt.time(12), dt.UTC)
    actions.add_reflection(session, person, "meeting-overload", text, today=today, now=now)
    session.commit()


def test_reflections_are_listed_newest_first(alice, session, cast):
    add_reflection(session, cast.alice, "October.", dt.date(2026, 10, 2))
    add_reflection(session, cast.alice, "November.", dt.date(2026, 11, 10))
    page = alice.get(PAGE).text
    assert page.index("November.") < page.index("October.")
    assert session.scalar(sa.select(sa.func.count()).select_from(Reflection)) == 2


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_reflections_cannot_be_changed(alice, method):
    alice.post(f"{PAGE}/reflections", {"text": "Nine hours."})
    assert alice.send(method, f"{PAGE}/reflections", {"text": "Ten."}).status_code == 405
    assert "Nine hours." in alice.get(PAGE).text


def test_empty_reflection_is_rejected_and_keeps_the_plan(alice):
    alice.put(PAGE, PLAN)
    response = alice.post(f"{PAGE}/reflections", {"text": " "})
    assert response.status_code == 422
    assert "Write at least one sentence." in response.text
    assert "Two half days a week." in response.text


def test_list_shows_the_date_of_the_last_reflection(alice, session, cast):
    add_reflection(session, cast.alice, "Nine hours.", dt.date(2026, 10, 5))
    page = alice.get(LIST).text
    assert "last reflection: 5 Oct 2026" in page
    assert "none this month" in page
    alice.post(f"{PAGE}/reflections", {"text": "Ten hours."})
    assert "none this month" not in alice.get(LIST).text


def test_unknown_challenge_is_not_found(alice):
    assert alice.get(f"{LIST}/no-such-one").status_code == 404
    assert alice.put(f"{LIST}/no-such-one", PLAN).status_code == 404
    assert alice.post(f"{LIST}/no-such-one/reflections", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("role", OTHERS)
def test_plan_and_reflections_are_private_to_their_owner(alice, cast, browser_of, role):
    alice.put(PAGE, {**PLAN, "answer_plan": "CANARY-PLAN"})
    alice.post(f"{PAGE}/reflections", {"text": "CANARY-LINE"})
    other = browser_of(getattr(cast, role))
    for page in (LIST, PAGE, "/"):
        assert "CANARY" not in other.get(page).text
    assert "no plan yet" in other.get(LIST).text


def test_history_entries_omit_the_texts(alice, session):
    alice.put(PAGE, {**PLAN, "answer_plan": "CANARY-PLAN"})
    alice.post(f"{PAGE}/reflections", {"text": "CANARY-LINE"})
    entries = session.execute(
        sa.select(HistoryEntry.action, HistoryEntry.subject, HistoryEntry.data).where(
            HistoryEntry.action.startswith("career_plan")
        )
    ).all()
    assert [entry.action for entry in entries] == ["career_plan.saved", "career_plan.reflected"]
    assert "CANARY" not in str(entries)


def test_plan_does_not_change_readiness(alice, session):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    rows = sa.select(*ReadinessSummary.__table__.columns)
    session.rollback()
    before = session.execute(rows).all()
    alice.put(PAGE, PLAN)
    session.rollback()
    assert session.execute(rows).all() == before


def test_content_names_existing_milestones():
    content = career_content()
    roadmap = Content.model_validate(read(CONTENT / f"{content.roadmap}.yaml"))
    named = [key for each in content.challenges for key in each.milestones]
    named += content.advanced_education.milestones
    assert [key for key in named if key not in roadmap.by_key] == []


def test_challenge_links_to_roadmap_milestones(alice):
    page = alice.get(PAGE).text
    assert re.search(r'href="/roadmaps/senior-ml-engineer#m\d+"', page)


def test_milestone_links_to_related_career_pages(alice):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    milestones = "/roadmaps/senior-ml-engineer/milestones"
    assert f'href="{PAGE}"' in alice.get(f"{milestones}/protect-deep-work").text
    assert 'href="/career/education"' in alice.get(f"{milestones}/decide-on-a-degree").text
    assert "Plan for it:" not in alice.get(f"{milestones}/point-in-time-sql").text


def test_statement_count_does_not_grow_with_plans(app, alice, session, cast):
    def statements():
        return [len(statements_of(app, lambda page=page: alice.get(page))) for page in PAGES]

    alice.get(LIST)
    alice.put(PAGE, PLAN)
    alice.post(f"{PAGE}/reflections", {"text": "One."})
    statements()  # The first request loads the roadmap's content.
    before = statements()
    for challenge in career_content().challenges:
        alice.put(f"{LIST}/{challenge.key}", {**PLAN, "answer_plan": "Much."})
    for option in career_content().advanced_education.options:
        alice.put(f"/career/education/{option.key}", {"answer_decision": "no"})
    for day in range(1, 29):
        add_reflection(session, cast.alice, f"Day {day}.", dt.date(2026, 10, day))
    assert statements() == before
