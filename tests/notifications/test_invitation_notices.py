"""Who is notified when someone joins a team, and which notices are then deleted."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.invitations.actions import accept, invite, revoke
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team, User
from tests.support.cast import Cast
from tests.support.statements import record_session_statements


@pytest.fixture
def team(session: Session, cast: Cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def notices_of(session: Session, cast: Cast) -> Any:
    """`notices_of("alice", "leads")`: what rows of this kind say to somebody."""

    def read(name: str, kind: str) -> list[dict[str, Any]]:
        session.flush()
        rows = sa.select(Notification.data).where(
            Notification.user_id == getattr(cast, name), Notification.kind == kind
        )
        return list(session.scalars(rows))

    return read


@pytest.fixture
def by_bob(session: Session, cast: Cast, team: Team, now: dt.datetime) -> Any:
    """`by_bob(email)`: an invitation of his to Ranking."""

    def made(email: str, role: str = "member") -> Any:
        return invite(session, team=team, role=role, email=email, by=cast.bob, now=now)[0]

    return made


def nested(session: Session, cast: Cast, now: dt.datetime) -> None:
    """A team within Ranking, with Mallory in it."""
    inner = Team(slug="eval", name="Evaluation", parent_id=cast.team, created_at=now)
    session.add(inner)
    session.flush()
    session.add(Membership(team_id=inner.id, user_id=cast.mallory, role="member", created_at=now))
    session.flush()


def test_people_learn_of_a_new_manager(
    session: Session, cast: Cast, team: Team, notices_of: Any, browser_of: Any, now: dt.datetime
) -> None:
    nested(session, cast, now)
    people.add_member(session, team, cast.dave, "manager", by=cast.erin, now=now)
    session.commit()
    assert [row["within"] for row in notices_of("alice", "leads")] == [False]
    assert len(notices_of("bob", "leads")) == 1
    assert [row["within"] for row in notices_of("mallory", "leads")] == [True]
    assert notices_of("dave", "leads") == notices_of("erin", "leads") == []
    page = " ".join(browser_of(cast.alice).get("/notifications").text.split())
    assert "Dave now manages <" in page
    assert "and sees what you share there." in page


def test_a_change_of_role_tells_as_well_and_is_taken_back(
    session: Session, cast: Cast, team: Team, notices_of: Any, now: dt.datetime
) -> None:
    for role, lines in (("manager", 1), ("member", 0), ("manager", 1)):
        people.change_role(session, team, cast.carol, role, by=cast.bob, now=now)
        assert len(notices_of("alice", "leads")) == lines
        assert notices_of("bob", "leads") == [], "he did it"
    people.remove_member(session, team, cast.carol, by=cast.bob, now=now)
    assert notices_of("alice", "leads") == []


def test_a_new_member_is_nobody_to_be_told_of(
    session: Session, cast: Cast, team: Team, notices_of: Any, now: dt.datetime
) -> None:
    people.add_member(session, team, cast.dave, "member", by=cast.erin, now=now)
    assert notices_of("alice", "leads") == []


def test_it_takes_the_same_statements_however_many_are_told(
    session: Session, cast: Cast, team: Team, notices_of: Any, now: dt.datetime
) -> None:
    def made(name: str) -> int:
        with record_session_statements(session) as statements:
            people.add_member(session, team, getattr(cast, name), "manager", by=cast.erin, now=now)
            session.flush()
        return len(statements)

    few = made("dave")
    for number in range(30):
        address = f"p{number}@example.org"
        user = User(
            id=uuid.uuid4(), name=f"P {number}", email=address, email_key=address, created_at=now
        )
        session.add(user)
        session.flush()
        session.add(Membership(team_id=team.id, user_id=user.id, role="member", created_at=now))
    session.flush()
    assert made("mallory") <= few


def test_who_invited_learns_that_it_was_accepted(
    session: Session, cast: Cast, notices_of: Any, by_bob: Any, browser_of: Any, now: dt.datetime
) -> None:
    accept(session, by_bob("mallory@example.org"), cast.mallory, now=now)
    session.commit()
    assert len(notices_of("bob", "joined")) == 1
    bob = browser_of(cast.bob)
    assert "Mallory joined <" in bob.get("/notifications").text
    [key] = session.scalars(sa.select(Notification.id).where(Notification.kind == "joined"))
    assert bob.put(f"/notifications/{key}/reading").location == "/teams/ranking/members"
    assert bob.get("/teams/ranking/members").status_code == 200


def test_an_account_without_a_team_is_told_as_well(
    session: Session, cast: Cast, notices_of: Any, browser_of: Any, now: dt.datetime
) -> None:
    made, _token = invite(session, team=None, role="member", by=cast.erin, now=now)
    accept(session, made, cast.mallory, now=now)
    session.commit()
    assert len(notices_of("erin", "joined")) == 1
    assert "Mallory joined <" in browser_of(cast.erin).get("/notifications").text


@pytest.mark.parametrize("end", ["accepted", "revoked", "added", "anybody's"])
def test_the_line_of_an_invitation_goes_with_it(
    session: Session,
    cast: Cast,
    team: Team,
    notices_of: Any,
    by_bob: Any,
    now: dt.datetime,
    end: str,
) -> None:
    by_bob("mallory@example.org")
    made = by_bob("mallory@example.org")
    assert len(notices_of("mallory", "invited")) == 1, "the newer replaces the older"
    if end == "accepted":
        accept(session, made, cast.mallory, now=now)
    elif end == "revoked":
        revoke(session, made, by=cast.bob, now=now)
    elif end == "added":
        people.add_member(session, team, cast.mallory, "member", by=cast.erin, now=now)
    else:
        accept(session, by_bob(""), cast.mallory, now=now)
    assert notices_of("mallory", "invited") == []


def test_the_lines_of_other_teams_and_people_stay(
    session: Session, cast: Cast, notices_of: Any, by_bob: Any, now: dt.datetime
) -> None:
    other = session.get_one(Team, cast.other_team)
    invite(session, team=other, role="member", email="mallory@example.org", by=cast.erin, now=now)
    by_bob("dave@example.org")
    revoke(session, by_bob("mallory@example.org"), by=cast.bob, now=now)
    assert [row["team"] for row in notices_of("mallory", "invited")] == ["Vision"]
    assert [row["team"] for row in notices_of("dave", "invited")] == ["Ranking"]
