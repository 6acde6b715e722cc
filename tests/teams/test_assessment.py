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

PAYLOAD = {"level": "2", "comment": "Two releases; the second one without a page."}


@pytest.fixture
def path(cast) -> str:
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


def test_form_shows_the_persons_own_level_without_the_comment(session, cast, now, browser_of, path):
    self_assess(session, cast, 4, "canary-of-her-own", now=now)
    text = browser_of(cast.bob).get(path).text
    assert text.count('type="radio"') == 5
    assert text.count("per Alice") == 1
    assert "canary-of-her-own" not in text
    assert "Only Alice has assessed this yet" in text


def test_saved_assessment_is_shown_to_the_person(session, cast, now, browser_of, path):
    self_assess(session, cast, 4, now=now - dt.timedelta(days=1))
    answer = browser_of(cast.bob).post(f"{path}/assessments", PAYLOAD)
    assert (answer.status_code, answer.location) == (303, f"{path}#history")
    row = latest(session)
    assert (row.user_id, row.side, row.level, row.comment) == (
        cast.alice, "manager", 2, PAYLOAD["comment"],
    )  # fmt: skip
    assert (row.assessor_id, row.assessor_name) == (cast.bob, "Bob")

    history = browser_of(cast.bob).get(path).text
    assert PAYLOAD["comment"] in history
    assert "Bob rates MLOps two levels lower than Alice does: talk about it" in history

    alice = browser_of(cast.alice)
    own = alice.get("/skills/mlops").text
    assert "As Bob sees it" in own
    assert own.count(PAYLOAD["comment"]) == 2  # once next to her own level, once in the history
    assert "Bob rates MLOps two levels lower than you do: talk about it" in own
    assert (
        "Bob rates MLOps two levels lower than you do: talk about it" in alice.get("/skills").text
    )


@pytest.mark.parametrize(
    ("own", "other", "gap"),
    [
        (0, 4, "four levels higher"),
        (1, 4, "three levels higher"),
        (4, 1, "three levels lower"),
        (3, 2, None),
        (2, 2, None),
    ],
)
def test_gap_of_two_or_more_levels_is_pointed_out(
    session, cast, now, browser_of, path, own, other, gap
):
    self_assess(session, cast, own, now=now)
    browser_of(cast.bob).post(f"{path}/assessments", {"level": str(other), "comment": ""})
    for text in (browser_of(cast.bob).get(path).text, browser_of(cast.alice).get("/skills").text):
        assert ("talk about it" in text) == (gap is not None)
        assert gap is None or gap in text


def test_gap_with_a_deleted_assessor_suggests_no_talk(session, cast, now, browser_of, path):
    self_assess(session, cast, 4, now=now)
    browser_of(cast.bob).post(f"{path}/assessments", PAYLOAD)
    row = latest(session)
    row.assessor_id, row.assessor_name = None, "a former manager"
    session.commit()
    message = "A former manager rates MLOps two levels lower than you do"
    for address in ("/skills", "/skills/mlops"):
        text = browser_of(cast.alice).get(address).text
        assert message in text
        assert "talk about it" not in text


def test_assessment_works_within_the_table_row(session, cast, now, browser_of, path):
    self_assess(session, cast, 4, now=now)
    bob = browser_of(cast.bob)
    opened = bob.get(path, fragment=True).text
    assert '<tr id="skill-mlops">' in opened
    assert "<html" not in opened
    assert f'hx-post="{path}/assessments"' in opened
    answer = bob.post(f"{path}/assessments", PAYLOAD, fragment=True)
    assert answer.status_code == 200
    assert '<tr id="skill-mlops">' in answer.text
    assert "two levels lower than Alice does" in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["announce"] == "Alice, MLOps: level 2 saved."


@pytest.mark.parametrize(
    "change",
    [{"level": ""}, {"level": "5"}, {"level": "2.5"}, {"comment": "x" * 2001}],
    ids=["no level", "level too high", "level not whole", "comment too long"],
)
@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_invalid_input_is_rejected(session, cast, browser_of, path, change, fragment):
    typed = {**PAYLOAD, **change}
    answer = browser_of(cast.bob).post(f"{path}/assessments", typed, fragment=fragment)
    assert answer.status_code == 422
    assert "Please fix one thing" in answer.text
    assert typed["comment"] in answer.text
    assert latest(session) is None


def test_unknown_skill_or_person_returns_404(cast, browser_of):
    bob = browser_of(cast.bob)
    people = "/teams/ranking/people"
    assert bob.get(f"{people}/{cast.alice}/skills/juggling").status_code == 404
    assert (
        bob.post(f"{people}/{cast.alice}/skills/juggling/assessments", PAYLOAD).status_code == 404
    )
    assert bob.get(f"{people}/{cast.dave}/skills/mlops").status_code == 404
    assert bob.get(f"/teams/vision/people/{cast.alice}/skills/mlops").status_code == 404


def test_only_a_manager_of_the_person_can_assess(session, cast, browser_of, path):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    assert alice.get(path).status_code == 403
    assert alice.post(f"{path}/assessments", PAYLOAD).status_code == 403
    own_path = f"/teams/ranking/people/{cast.bob}/skills/mlops"
    assert bob.post(f"{own_path}/assessments", PAYLOAD).status_code == 403
    # Another team's manager gets 404, because Alice is not visible to him.
    for other, status in (
        (cast.carol, 403),
        (cast.erin, 403),
        (cast.mallory, 403),
        (cast.dave, 404),
    ):
        assert browser_of(other).post(f"{path}/assessments", PAYLOAD).status_code == status
    assert latest(session) is None


def test_access_ends_with_the_membership(session, cast, now, browser_of, path):
    bob = browser_of(cast.bob)
    other_team = session.get_one(Team, cast.other_team)
    add_member(session, other_team, cast.bob, "manager", by=cast.erin, now=now)
    session.commit()
    bob.post(f"{path}/assessments", PAYLOAD)
    team = session.get_one(Team, cast.team)
    remove_member(session, team, cast.bob, by=cast.erin, now=now)
    session.commit()
    assert bob.get(path).status_code == 404
    # His assessment stays, with his name.
    assert "Bob" in browser_of(cast.alice).get("/skills/mlops").text


def test_history_is_paginated_with_constant_statements(app, session, cast, now, browser_of, path):
    bob = browser_of(cast.bob)
    bob.get(path)
    few = len(statements_of(app, lambda: bob.get(path)))
    by = cast.actor(session, cast.bob)
    for day in reversed(range(60)):
        moment = now - dt.timedelta(days=day)
        actions.assess_other(session, cast.alice, "mlops", 1, f"day {day}.", by=by, now=moment)
    session.commit()
    assert "day 59." not in bob.get(path).text
    assert "day 59." in bob.get(f"{path}?page=2").text
    on_one = bob.get(f"{path}?roadmap=senior-ml-engineer").text
    assert f'href="{path}?roadmap=senior-ml-engineer&amp;page=2#history"' in on_one
    assert len(statements_of(app, lambda: bob.get(path))) == few
