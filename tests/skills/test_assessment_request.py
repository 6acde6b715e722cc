"""PUT /skills/<key>/assessment-request"""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.notifications.models import Notification
from roadmap.people.models import HistoryEntry
from roadmap.skills import actions
from roadmap.skills.queries import REQUEST_LIFETIME, find_open_request
from tests.support.cast import Cast
from tests.support.markup import flat

PATH = "/skills/mlops/assessment-request"


def requests_to(session: Session, person: object) -> list[Notification]:
    session.rollback()
    rows = sa.select(Notification).filter_by(user_id=person, kind="assessment_requested")
    return list(session.scalars(rows))


def test_managers_are_notified_once_with_a_link_to_the_skill(
    session: Session, cast: Cast, browser_of
) -> None:
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    before = alice.get("/skills/mlops").text
    assert "Ask Bob for an assessment" in flat(before)
    form = re.search(rf'action="{PATH}".*?</form>', before, re.S)
    assert form
    assert all(f'name="{name}"' in form[0] for name in ("csrf_token", "_method"))

    for _again in range(2):
        response = alice.post(PATH, {"_method": "PUT"})
        assert response.status_code == 303
        assert response.location.endswith("/skills/mlops#ask")

    page = flat(alice.get("/skills/mlops").text)
    assert "You asked on" in page
    assert "Ask Bob" not in page
    [row] = requests_to(session, cast.bob)
    assert not requests_to(session, cast.dave)
    assert "asks you for an assessment in" in flat(bob.get("/notifications").text)
    opened = bob.put(f"/notifications/{row.id}/reading")
    assert opened.location == f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert bob.get(opened.location).status_code == 200


def test_assessment_closes_the_request(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice = browser_of(cast.alice)
    for key in ("mlops", "mentoring"):
        alice.put(f"/skills/{key}/assessment-request")
    [row] = requests_to(session, cast.bob)
    assert row.data["skills"] == ["mlops", "mentoring"]
    page = f"/teams/ranking/people/{cast.alice}"
    opened = browser_of(cast.bob).get("/notifications").text
    assert "2 skills" in flat(opened)

    for key, left in (("mlops", ["mentoring"]), ("mentoring", ["mentoring"])):
        browser_of(cast.bob).post(f"{page}/skills/{key}/assessments", {"level": "1"})
        [row] = requests_to(session, cast.bob)
        assert row.data["skills"] == left
    assert row.read_at is not None
    assert "Ask Bob for an assessment" in flat(alice.get("/skills/mlops").text)


def test_unanswered_request_can_be_repeated_after_a_week(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    alice = cast.actor(session, cast.alice)
    for later in (dt.timedelta(), REQUEST_LIFETIME / 2, REQUEST_LIFETIME):
        actions.request_assessment(session, "mlops", by=alice, now=now + later)
    asked = session.scalars(sa.select(HistoryEntry.at).filter_by(action="skill.requested")).all()
    assert asked == [now, now + REQUEST_LIFETIME]
    assert len(session.scalars(sa.select(Notification)).all()) == 1


def test_nobody_is_asked_without_a_manager(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    mallory = browser_of(cast.mallory)
    mallory.put(PATH)
    assert find_open_request(session, cast.mallory, "mlops", now=now) is None
    page = mallory.get("/skills/mlops").text
    assert "no one can assess you yet" in flat(page)
    assert "assessment-request" not in page


def test_unknown_skill_is_not_found(cast: Cast, browser_of) -> None:
    assert browser_of(cast.alice).put("/skills/juggling/assessment-request").status_code == 404
