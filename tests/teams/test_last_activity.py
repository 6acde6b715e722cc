"""The date of last activity is the same in the matrix, the dashboard and the person's page."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable

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
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.sample_data import SampleDataWriter

Opens = Callable[..., BrowserClient]
LONG = 40


@pytest.fixture
def long_there(session: Session, cast: Cast, now: dt.datetime) -> None:
    """The team was founded longer ago than anybody may be inactive."""
    session.execute(sa.update(Membership).values(created_at=now - dt.timedelta(days=LONG)))
    session.commit()


def last_activities(session: Session, cast: Cast, now: dt.datetime) -> dict[str, str | None]:
    """What the matrix says of each, as the API and the exports have it."""
    team = session.get_one(Team, cast.team)
    found = to_json(load_matrix(session, cast.actor(session, cast.bob), team, now=now))
    return {row["name"]: row["last_movement_on"] for row in found["members"]}


def inactive(session: Session, cast: Cast, now: dt.datetime) -> list[str]:
    found = load_teams_overview(session, cast.actor(session, cast.bob), now)
    return [each.name for each in found.inactive]


def on_page(browser_of: Opens, cast: Cast, person: uuid.UUID) -> str | None:
    page = browser_of(cast.bob).get(f"/teams/ranking/people/{person}").text
    told = re.search(
        r'Last activity on <time[^>]*datetime="([^"]+)"|Last activity on ([^.]+)\.', page
    )
    return (told.group(1) or told.group(2)) if told else None


def test_activity_counts_for_people_on_no_roadmap(
    long_there: None, session: Session, cast: Cast, now: dt.datetime, browser_of: Opens
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


def test_a_status_counts_without_a_roadmap(
    long_there: None, session: Session, cast: Cast, now: dt.datetime
) -> None:
    for days, key in ((30, "point-in-time-sql"), (3, "typed-tested-python-package")):
        SampleDataWriter(session, cast, now).status(cast.alice, key, days)
    session.commit()
    expected = (now - dt.timedelta(days=3)).date().isoformat()
    assert last_activities(session, cast, now)["Alice"] == expected


@pytest.mark.parametrize("decision", ["verified", "returned"])
@pytest.mark.parametrize("enrolled", [False, True])
def test_what_a_manager_does_is_no_activity_of_the_person(
    long_there: None,
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: Opens,
    decision: str,
    enrolled: bool,
) -> None:
    """Otherwise clearing the queue would hide who is stuck."""
    asked = now - dt.timedelta(days=30)
    if enrolled:
        SampleDataWriter(session, cast, asked).enroll(cast.alice, 0)
    piece = add_evidence(session, cast, cast.alice, asked)
    submit_evidence(session, cast, piece, asked)
    bob = cast.actor(session, cast.bob)
    review_actions.begin_review(session, piece, version_id=piece.current_id, by=bob, now=now)
    review_evidence(session, cast, piece, now, decision=decision)
    review_actions.add_comment(session, piece, "See you on Monday.", by=bob, now=now)
    skill = session.scalars(sa.select(Skill.key).limit(1)).one()
    assess_other(session, cast.alice, skill, 2, by=bob, now=now)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == asked.date().isoformat()
    assert "Alice" in inactive(session, cast, now)
    if enrolled:
        row = session.scalars(sa.select(ReadinessSummary)).one()
        assert row.own_last_activity_on == row.shared_last_activity_on == asked.date()
    person = f"/teams/ranking/people/{cast.alice}"
    assert f'href="{person}"' in browser_of(cast.bob).get("/").text
    assert "No activity for 30 days" in browser_of(cast.bob).get(person).text
    back = now + dt.timedelta(minutes=1)
    progress.set_status(session, cast.alice, "point-in-time-sql", "done", by=cast.alice, now=back)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == back.date().isoformat()


def test_an_edit_of_what_waits_is_activity(
    long_there: None, session: Session, cast: Cast, now: dt.datetime
) -> None:
    """It keeps its place in the queue, but managers have a new version to read."""
    asked = now - dt.timedelta(days=30)
    piece = add_evidence(session, cast, cast.alice, asked)
    submit_evidence(session, cast, piece, asked)
    by = cast.actor(session, cast.alice)
    actions.edit(session, piece, evidence_input(role="Reviewer"), by=by, now=now)
    session.commit()
    assert piece.submitted_at == asked
    assert last_activities(session, cast, now)["Alice"] == now.date().isoformat()


def test_what_is_hidden_moves_nobody(
    long_there: None, session: Session, cast: Cast, now: dt.datetime
) -> None:
    add_evidence(session, cast, cast.alice, now, title="A draft")
    add_evidence(session, cast, cast.alice, now, title="Private", visibility="private")
    session.commit()
    assert last_activities(session, cast, now) == {"Alice": None, "Carol": None}
    assert "Alice" in inactive(session, cast, now)


def test_a_missing_row_and_a_left_roadmap_change_nothing(
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


def test_days_are_those_of_the_zone_that_one_lives_in_now(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    """A change of zone shows at once, not with whatever is written next."""
    late = dt.datetime(2026, 11, 10, 23, 30, tzinfo=dt.UTC)
    SampleDataWriter(session, cast, late).enroll(cast.alice, 0)
    progress.set_status(session, cast.alice, "point-in-time-sql", "done", by=cast.alice, now=late)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == "2026-11-10"
    change_profile(session, cast.alice, timezone="Asia/Tokyo", by=cast.alice, now=now)
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == "2026-11-11"
    add_evidence(session, cast, cast.alice, now, title="A draft")
    session.commit()
    assert last_activities(session, cast, now)["Alice"] == "2026-11-11"
    assert session.get_one(User, cast.alice).timezone == "Asia/Tokyo"
