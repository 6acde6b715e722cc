"""A manager's assessment of a skill: /teams/<slug>/people/<id>/skills/<key>"""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from roadmap.people.actions import add_member, remove_member
from roadmap.people.models import Team
from roadmap.skills import actions
from roadmap.skills.models import Assessment
from tests.support.statements import statements_of

SAID = {"level": "2", "comment": "Two releases; the second one without a page."}


@pytest.fixture
def page(cast) -> str:
    return f"/teams/ranking/people/{cast.alice}/skills/mlops"


def self_assess(session, cast, level: int, comment: str = "", *, now: dt.datetime) -> None:
    alice = cast.actor(session, cast.alice)
    actions.assess_self(session, cast.alice, "mlops", level, comment, by=alice, now=now)
    session.commit()


def latest(session) -> Assessment:
    session.expire_all()
    return session.scalars(
        sa.select(Assessment).where(Assessment.side == "manager").order_by(Assessment.id.desc())
    ).first()


def test_the_levels_stand_beside_the_persons_own(session, cast, now, browser_of, page):
    self_assess(session, cast, 4, "canary-of-her-own", now=now)
    text = browser_of(cast.bob).get(page).text
    assert text.count('type="radio"') == 5
    assert text.count("per Alice") == 1
    assert "canary-of-her-own" not in text
    assert "Only Alice has assessed this yet" in text


def test_it_is_saved_and_the_person_reads_it(session, cast, now, browser_of, page):
    self_assess(session, cast, 4, now=now - dt.timedelta(days=1))
    answer = browser_of(cast.bob).post(f"{page}/assessments", SAID)
    assert (answer.status_code, answer.location) == (303, f"{page}#history")
    row = latest(session)
    assert (row.user_id, row.side, row.level, row.comment) == (
        cast.alice, "manager", 2, SAID["comment"],
    )  # fmt: skip
    assert (row.assessor_id, row.assessor_name) == (cast.bob, "Bob")

    history = browser_of(cast.bob).get(page).text
    assert SAID["comment"] in history
    assert "Bob rates MLOps two levels lower than Alice does: talk about it" in history

    alice = browser_of(cast.alice)
    own = alice.get("/skills/mlops").text
    assert "As Bob sees it" in own
    assert own.count(SAID["comment"]) == 2  # beside her own, and in the history
    assert "Bob rates MLOps two levels lower than you do: talk about it" in own
    assert (
        "Bob rates MLOps two levels lower than you do: talk about it" in alice.get("/skills").text
    )


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [
        (0, 4, "four levels higher"),
        (1, 4, "three levels higher"),
        (4, 1, "three levels lower"),
        (3, 2, None),
        (2, 2, None),
    ],
)
def test_gaps_of_two_or_more_are_called_out(session, cast, now, browser_of, page, own, other, said):
    self_assess(session, cast, own, now=now)
    browser_of(cast.bob).post(f"{page}/assessments", {"level": str(other), "comment": ""})
    for text in (browser_of(cast.bob).get(page).text, browser_of(cast.alice).get("/skills").text):
        assert ("talk about it" in text) == (said is not None)
        assert said is None or said in text


def test_nobody_is_sent_to_talk_with_who_is_gone(session, cast, now, browser_of, page):
    self_assess(session, cast, 4, now=now)
    browser_of(cast.bob).post(f"{page}/assessments", SAID)
    row = latest(session)
    row.assessor_id, row.assessor_name = None, "a former manager"
    session.commit()
    said = "A former manager rates MLOps two levels lower than you do"
    for address in ("/skills", "/skills/mlops"):
        text = browser_of(cast.alice).get(address).text
        assert said in text
        assert "talk about it" not in text


def test_it_works_within_the_table(session, cast, now, browser_of, page):
    self_assess(session, cast, 4, now=now)
    bob = browser_of(cast.bob)
    opened = bob.get(page, fragment=True).text
    assert '<tr id="skill-mlops">' in opened
    assert "<html" not in opened
    assert f'hx-post="{page}/assessments"' in opened
    answer = bob.post(f"{page}/assessments", SAID, fragment=True)
    assert answer.status_code == 200
    assert '<tr id="skill-mlops">' in answer.text
    assert "two levels lower than Alice does" in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["announce"] == "Alice, MLOps: level 2 saved."


@pytest.mark.parametrize(
    "change", [{"level": ""}, {"level": "5"}, {"level": "2.5"}, {"comment": "x" * 2001}]
)
@pytest.mark.parametrize("fragment", [False, True])
def test_it_rejects_bad_input(session, cast, browser_of, page, change, fragment):
    typed = {**SAID, **change}
    answer = browser_of(cast.bob).post(f"{page}/assessments", typed, fragment=fragment)
    assert answer.status_code == 422
    assert "Please fix one thing" in answer.text
    assert typed["comment"] in answer.text
    assert latest(session) is None


def test_unknown_skills_and_people_are_not_there(cast, browser_of):
    bob = browser_of(cast.bob)
    people = "/teams/ranking/people"
    assert bob.get(f"{people}/{cast.alice}/skills/juggling").status_code == 404
    assert bob.post(f"{people}/{cast.alice}/skills/juggling/assessments", SAID).status_code == 404
    assert bob.get(f"{people}/{cast.dave}/skills/mlops").status_code == 404
    assert bob.get(f"/teams/vision/people/{cast.alice}/skills/mlops").status_code == 404


def test_nobody_assesses_themselves_in_this_way(session, cast, browser_of, page):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    assert alice.get(page).status_code == 403
    assert alice.post(f"{page}/assessments", SAID).status_code == 403
    himself = f"/teams/ranking/people/{cast.bob}/skills/mlops"
    assert bob.post(f"{himself}/assessments", SAID).status_code == 403
    # Who manages nobody assesses nobody; for another team's manager she is not there.
    for other, status in (
        (cast.carol, 403),
        (cast.erin, 403),
        (cast.mallory, 403),
        (cast.dave, 404),
    ):
        assert browser_of(other).post(f"{page}/assessments", SAID).status_code == status
    assert latest(session) is None


def test_it_ends_with_the_membership(session, cast, now, browser_of, page):
    bob = browser_of(cast.bob)
    other_team = session.get_one(Team, cast.other_team)
    add_member(session, other_team, cast.bob, "manager", by=cast.erin, now=now)
    session.commit()
    bob.post(f"{page}/assessments", SAID)
    team = session.get_one(Team, cast.team)
    remove_member(session, team, cast.bob, by=cast.erin, now=now)
    session.commit()
    assert bob.get(page).status_code == 404
    # What he said stays, with his name.
    assert "Bob" in browser_of(cast.alice).get("/skills/mlops").text


def test_its_history_has_pages_and_constant_statements(app, session, cast, now, browser_of, page):
    bob = browser_of(cast.bob)
    bob.get(page)
    few = len(statements_of(app, lambda: bob.get(page)))
    by = cast.actor(session, cast.bob)
    for day in reversed(range(60)):
        moment = now - dt.timedelta(days=day)
        actions.assess_other(session, cast.alice, "mlops", 1, f"day {day}.", by=by, now=moment)
    session.commit()
    assert "day 59." not in bob.get(page).text
    assert "day 59." in bob.get(f"{page}?page=2").text
    on_one = bob.get(f"{page}?roadmap=senior-ml-engineer").text
    assert f'href="{page}?roadmap=senior-ml-engineer&amp;page=2#history"' in on_one
    assert len(statements_of(app, lambda: bob.get(page))) == few
