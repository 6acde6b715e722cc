"""The date of last activity in the matrix, on the dashboard and on the person's page."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.account.actions import change_profile
from roadmap.catalog.models import Skill
from roadmap.evidence import actions, review_actions
from roadmap.people.models import Membership, Team, User
from roadmap.progress import actions as progress
from roadmap.progress.models import Enrollment
from roadmap.readiness.models import ReadinessSummary
from roadmap.skills.actions import assess_other
from roadmap.teams.matrix import to_json
from roadmap.teams.queries import load_matrix, load_teams_overview
from tests.evidence.builders import (
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.browser_client import BrowserOf
from tests.support.cast import Cast
from tests.support.sample_data import SampleDataWriter

TEAM_AGE_DAYS = 40


@pytest.fixture
def long_standing_team(session: Session, cast: Cast, now: dt.datetime) -> None:
    """Make all memberships older than the time after which a person counts as inactive."""
    session.execute(sa.update(Membership).values(created_at=now - dt.timedelta(days=TEAM_AGE_DAYS)))
    session.commit()


def last_activities(session: Session, cast: Cast, now: dt.datetime) -> dict[str, str | None]:
    """Return the date by name, as in the API and the exports."""
    team = session.get_one(Team, cast.team)
    found = to_json(load_matrix(session, cast.actor(session, cast.bob), team, now=now))
    return {row["name"]: row["last_movement_on"] for row in found["members"]}


def inactive(session: Session, cast: Cast, now: dt.datetime) -> list[str]:
    found = load_teams_overview(session, cast.actor(session, cast.bob), now)
    return [each.name for each in found.inactive]


def on_page(browser_of: BrowserOf, cast: Cast, person: uuid.UUID) -> str | None:
    page = browser_of(cast.bob).get(f"/teams/ranking/people/{person}").text
    found = re.search(
        r'Last activity on <time[^>]*datetime="([^"]+)"|Last activity on ([^.]+)\.', page
    )
    return (found.group(1) or found.group(2)) if found else None


def test_evidence_counts_as_activity_without_a_roadmap(
    long_standing_team: None, session: Session, cast: Cast, now: dt.datetime, browser_of: BrowserOf
) -> None:
    assert sorted(inactive(session, cast, now)) == ["Alice", "Carol"]
    submit_evidence(session, cast, add_evidence(session, cast, cast.alice, now), now)
    session.commit()
    assert last_activities(session, cast, now) == {"Alice": now.date().isoformat(), "Carol": None}
    assert inactive(session, cast, now) == ["Carol"]
    assert on_page(browser_of, cast, cast.alice) is not None
    assert on_page(browser_of, cast, cast.carol) is None
    page = browser_of(cast.bob).get("/").text
    assert f'href="/teams/ranking/people/{cast.carol}"' in page
    assert f'href="/teams/ranking/people/{cast.alice}"' not in page


def test_status_counts_as_activity_without_a_roadmap(
    long_standing_team: None, session: Session, cast: Cast, now: dt.datetime
) -> None:
    for days, key in ((30, "point-in-time-sql"), (3, "typed-tested-python-package")):
        SampleDataWriter(session, cast, now).status(cast.alice, key, days)
    session.commit()
    expected = (now - dt.timedelta(days=3)).date().isoformat()
    assert last_activities(session, cast, now)["Alice"] == expected


@pytest.mark.parametrize("decision", ["verified", "returned"])
@pytest.mark.parametrize("enrolled", [False, True], ids=["not enrolled", "enrolled"])
def test_manager_actions_do_not_count_as_activity(
    long_standing_team: None,
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
    decision: str,
    enrolled: bool,
) -> None:
    """Otherwise clearing the review queue would hide people who are stuck."""
    submitted_at = now - dt.timedelta(days=30)
    if enrolled:
        SampleDataWriter(session, cast, submitted_at).enroll(cast.alice, 0)
    piece = add_evidence(session, cast, cast.alice, submitted_at)
    submit_evidence(session, cast, piece, submitted_at)
    bob = cast.actor(session, cast.bob)
    review_actions.begin_review(session, piece, version_id=piece.current_id, by=bob, now=now)
    review_evidence(session, cast, piece, now, decision=decision)
    review_actions.add_comment(session, piece, "See you on Monday.", by=bob, now=now)
    skill = session.scalars(sa.select(Skill.key).limit(1)).one()
    assess_other(session, cast.alice, skill, 2, by=bob, now=now)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == submitted_at.date().isoformat()
    assert "Alice" in inactive(session, cast, now)
    if enrolled:
        row = session.scalars(sa.select(ReadinessSummary)).one()
        assert row.own_last_activity_on == row.shared_last_activity_on == submitted_at.date()
    person = f"/teams/ranking/people/{cast.alice}"
    assert f'href="{person}"' in browser_of(cast.bob).get("/").text
    assert "No activity for 30 days" in browser_of(cast.bob).get(person).text
    later = now + dt.timedelta(minutes=1)
    progress.set_status(session, cast.alice, "point-in-time-sql", "done", now=later)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == later.date().isoformat()


def test_edit_of_submitted_evidence_counts_as_activity(
    long_standing_team: None, session: Session, cast: Cast, now: dt.datetime
) -> None:
    """The evidence keeps its place in the queue, but managers have a new version to read."""
    submitted_at = now - dt.timedelta(days=30)
    piece = add_evidence(session, cast, cast.alice, submitted_at)
    submit_evidence(session, cast, piece, submitted_at)
    by = cast.actor(session, cast.alice)
    actions.edit(session, piece, evidence_input(role="Reviewer"), by=by, now=now)
    session.commit()
    assert piece.submitted_at == submitted_at
    assert last_activities(session, cast, now)["Alice"] == now.date().isoformat()


def test_drafts_and_private_evidence_do_not_count_as_activity(
    long_standing_team: None, session: Session, cast: Cast, now: dt.datetime
) -> None:
    add_evidence(session, cast, cast.alice, now, title="A draft")
    add_evidence(session, cast, cast.alice, now, title="Private", visibility="private")
    session.commit()
    assert last_activities(session, cast, now) == {"Alice": None, "Carol": None}
    assert "Alice" in inactive(session, cast, now)


def test_last_activity_survives_a_missing_summary_and_a_left_roadmap(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    write = SampleDataWriter(session, cast, now)
    for person in (cast.alice, cast.carol):
        write.enroll(person, 20)
        write.status(person, "point-in-time-sql", 3)
    session.commit()
    before = last_activities(session, cast, now)
    assert set(before.values()) == {(now - dt.timedelta(days=3)).date().isoformat()}
    session.execute(sa.delete(ReadinessSummary))
    assert last_activities(session, cast, now) == before
    session.execute(sa.delete(Enrollment).where(Enrollment.user_id == cast.alice))
    assert last_activities(session, cast, now) == before
    session.execute(sa.delete(Enrollment))
    assert last_activities(session, cast, now) == before


def test_last_activity_uses_the_current_time_zone(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    """A change of zone takes effect at once, not with the next write."""
    late = dt.datetime(2026, 11, 10, 23, 30, tzinfo=dt.UTC)
    SampleDataWriter(session, cast, late).enroll(cast.alice, 0)
    progress.set_status(session, cast.alice, "point-in-time-sql", "done", now=late)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == "2026-11-10"
    change_profile(session, cast.alice, timezone="Asia/Tokyo", now=now)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == "2026-11-11"
    add_evidence(session, cast, cast.alice, now, title="A draft")
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == "2026-11-11"
    assert session.get_one(User, cast.alice).timezone == "Asia/Tokyo"
