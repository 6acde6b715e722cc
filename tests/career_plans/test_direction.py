"""/career/direction: choose individual contributor or manager, with reasons."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from roadmap.career_plans.models import CareerPlan
from roadmap.career_plans.queries import career_content

PAGE = "/career/direction"
ANSWERS = {
    "answer_leaning": "individual contributor",
    "answer_for_ic": "I like to build.",
    "answer_review_on": "2027-11-29",
    "seen": "0",
}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def test_page_compares_both_paths_on_ten_axes(alice):
    page = html.unescape(alice.get(PAGE).text)
    content = career_content()
    assert len(content.axes) == 10
    for path in content.paths:
        for axis in content.axes:
            assert path.axes[axis.key].text in page
    for question in content.direction_questions:
        assert question.text in page


def test_figures_link_to_their_sources(alice):
    page = alice.get(PAGE).text
    cited = set(re.findall(r'href="#(source-[a-z0-9-]+)"', page))
    assert {"source-guide", "source-bls-managers-2022", "source-bls-managers-2024"} <= cited
    assert cited == set(re.findall(r'id="(source-[a-z0-9-]+)"', page))
    assert "secondary copy" in page


def test_only_published_roadmaps_are_linked(alice):
    page = alice.get(PAGE).text
    for path in career_content().paths:
        linked = f'href="/roadmaps/{path.roadmap}"' in page
        assert linked == (alice.get(f"/roadmaps/{path.roadmap}").status_code == 200)


def test_answers_are_saved_and_shown(alice, session):
    assert alice.put(PAGE, ANSWERS).location == f"{PAGE}#reasons"
    page = alice.get(PAGE).text
    assert "I like to build." in page
    assert 'value="2027-11-29"' in page
    assert re.search(r'<option selected[^>]* value="individual contributor"', page)
    saved = session.scalars(sa.select(CareerPlan.answers)).one()
    assert saved == {
        "leaning": "individual contributor",
        "for_ic": "I like to build.",
        "review_on": "2027-11-29",
    }


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("answer_review_on", "in a year", "Enter the date as year-month-day"),
        ("answer_leaning", "king", "Choose one of the options"),
    ],
)
def test_invalid_answer_is_rejected(alice, session, field, value, message):
    response = alice.put(PAGE, {**ANSWERS, field: value})
    assert response.status_code == 422
    assert message in response.text
    assert "I like to build." in response.text
    assert session.scalars(sa.select(CareerPlan)).all() == []


def test_edit_of_stale_answers_is_a_conflict(alice):
    alice.put(PAGE, ANSWERS)
    conflict = alice.put(PAGE, {**ANSWERS, "answer_for_ic": "Mine."})
    assert conflict.status_code == 409
    assert "I like to build." in conflict.text


@pytest.mark.parametrize("role", ["bob", "carol", "dave", "erin", "mallory"])
def test_answers_are_private_to_their_owner(alice, cast, browser_of, role):
    alice.put(PAGE, {**ANSWERS, "answer_for_ic": "CANARY"})
    other = browser_of(getattr(cast, role))
    assert "CANARY" not in other.get(PAGE).text
    assert other.put(PAGE, {**ANSWERS, "answer_for_ic": "Theirs."}).status_code == 303
    assert "CANARY" in alice.get(PAGE).text
