"""On two roadmaps, the primary one defines the skill bar everywhere."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from sqlalchemy.orm import Session

from roadmap.skills import actions
from tests.support.cast import Cast
from tests.support.catalog import OTHER_SKILL, enroll
from tests.support.sample_data import SLUG


@pytest.fixture
def assessed(session: Session, cast: Cast, now: dt.datetime, other_roadmap: str) -> str:
    """Assess Alice in MLOps at level 3: the bar of the shipped roadmap, below the other's."""
    alice = cast.actor(session, cast.alice)
    actions.assess_self(session, cast.alice, "mlops", 3, by=alice, now=now)
    session.commit()
    return other_roadmap


def test_overview_uses_the_primary_roadmap_and_folds_other_skills(
    session: Session, cast: Cast, now: dt.datetime, browser_of, assessed: str
) -> None:
    enroll(session, cast.alice, now, SLUG)
    browser = browser_of(cast.alice)
    page = browser.get("/skills").text
    assert "At the bar: 0 confirmed, 1 self-assessed." in page
    assert "Dashed: the bar of Senior ML Engineer." in page
    assert "Another skill" not in page

    enroll(session, cast.alice, now, assessed)
    page = browser.get("/skills").text
    assert "At the bar: 0 confirmed, 1 self-assessed." in page
    assert "1 of 8 assessed by you." in page
    before, _found, folded = page.partition("Only Another way asks for these")
    assert "Another skill" in folded
    assert "Another skill" not in before

    enroll(session, cast.alice, now, assessed, primary=True)
    page = browser.get("/skills").text
    assert "1 of 9 assessed by you. At the bar: 0 confirmed, 0 self-assessed." in page
    assert "Dashed: the bar of Another way." in page
    assert "Only " not in page


def test_skill_page_shows_the_bar_of_each_roadmap(
    session: Session, cast: Cast, now: dt.datetime, browser_of, assessed: str
) -> None:
    enroll(session, cast.alice, now, SLUG)
    enroll(session, cast.alice, now, assessed)
    page = " ".join(browser_of(cast.alice).get("/skills/mlops").text.split())
    assert "Senior ML Engineer: bar 3. Another way: bar 4." in page


def test_skill_outside_own_roadmaps_has_a_page(
    session: Session, cast: Cast, now: dt.datetime, browser_of, assessed: str
) -> None:
    enroll(session, cast.alice, now, SLUG)
    assert browser_of(cast.alice).get(f"/skills/{OTHER_SKILL}").status_code == 200


def test_manager_sees_the_bar_of_the_selected_roadmap(
    session: Session, cast: Cast, now: dt.datetime, browser_of, assessed: str
) -> None:
    enroll(session, cast.alice, now, SLUG)
    enroll(session, cast.alice, now, assessed)
    bob = browser_of(cast.bob)
    person = f"/teams/ranking/people/{cast.alice}"

    def bar(query: str) -> str:
        page = html.unescape(bob.get(f"{person}/skills/mlops{query}").text)
        return page.partition("<dt>bar</dt>")[2].partition("</dd>")[0].strip()[-1]

    assert (bar(""), bar(f"?roadmap={assessed}")) == ("3", "4")
    shown = bob.get(f"{person}?roadmap={assessed}").text
    assert f'/skills/mlops?roadmap={assessed}"' in shown
    enroll(session, cast.alice, now, assessed, primary=True)
    assert bar("") == "4"
