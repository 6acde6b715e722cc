"""Who is notified when someone joins a team, and which notices are then deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.invitations.actions import accept, invite, revoke
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team
from tests.support.cast import Cast, add_user
from tests.support.statements import record_session_statements


@pytest.fixture
def team(session: Session, cast: Cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def notices_of(session: Session, cast: Cast) -> Any:
    """`notices_of("alice", "leads")` returns the data of Alice's notifications of that kind."""

    def read(name: str, kind: str) -> list[dict[str, Any]]:
        session.flush()
        rows = sa.select(Notification.data).where(
            Notification.user_id == getattr(cast, name), Notification.kind == kind
        )
        return list(session.scalars(rows))

    return read


@pytest.fixture
def invite_by_bob(session: Session, cast: Cast, team: Team, now: dt.datetime) -> Any:
    """`invite_by_bob(email)` returns an invitation to Ranking."""

    def make(email: str, role: str = "member") -> Any:
        return invite(session, team=team, role=role, email=email, by=cast.bob, now=now)[0]

    return make


def add_nested_team(session: Session, cast: Cast, now: dt.datetime) -> None:
    """Nest a team in Ranking, with Mallory as its member."""
    inner = Team(slug="eval", name="Evaluation", parent_id=cast.team, created_at=now)
    session.add(inner)
    session.flush()
    session.add(Membership(team_id=inner.id, user_id=cast.mallory, role="member", created_at=now))
    session.flush()


def test_new_manager_is_announced_to_the_team_and_nested_teams(
    session: Session, cast: Cast, team: Team, notices_of: Any, browser_of: Any, now: dt.datetime
) -> None:
    add_nested_team(session, cast, now)
    people.add_member(session, team, cast.dave, "manager", by=cast.erin, now=now)
    session.commit()
    assert [row["within"] for row in notices_of("alice", "leads")] == [False]
    assert len(notices_of("bob", "leads")) == 1
    assert [row["within"] for row in notices_of("mallory", "leads")] == [True]
    assert notices_of("dave", "leads") == notices_of("erin", "leads") == []
    page = " ".join(browser_of(cast.alice).get("/notifications").text.split())
    assert "Dave now manages <" in page
    assert "and sees what you share there." in page


def test_promotion_to_manager_is_announced_until_it_ends(
    session: Session, cast: Cast, team: Team, notices_of: Any, now: dt.datetime
) -> None:
    for role, lines in (("manager", 1), ("member", 0), ("manager", 1)):
        people.change_role(session, team, cast.carol, role, by=cast.bob, now=now)
        assert len(notices_of("alice", "leads")) == lines
        assert notices_of("bob", "leads") == [], "Bob made the change himself"
    people.remove_member(session, team, cast.carol, by=cast.bob, now=now)
    assert notices_of("alice", "leads") == []


def test_new_member_is_not_announced(
    session: Session, cast: Cast, team: Team, notices_of: Any, now: dt.datetime
) -> None:
    people.add_member(session, team, cast.dave, "member", by=cast.erin, now=now)
    assert notices_of("alice", "leads") == []


def test_statement_count_does_not_grow_with_recipients(
    session: Session, cast: Cast, team: Team, notices_of: Any, now: dt.datetime
) -> None:
    def count_statements(name: str) -> int:
        with record_session_statements(session) as statements:
            people.add_member(session, team, getattr(cast, name), "manager", by=cast.erin, now=now)
            session.flush()
        return len(statements)

    few = count_statements("dave")
    for number in range(10):
        add_user(session, f"Person {number}", team=team.id)
    session.flush()
    assert count_statements("mallory") <= few


def test_inviter_is_notified_of_acceptance(
    session: Session,
    cast: Cast,
    notices_of: Any,
    invite_by_bob: Any,
    browser_of: Any,
    now: dt.datetime,
) -> None:
    accept(session, invite_by_bob("mallory@example.org"), cast.mallory, now=now)
    session.commit()
    assert len(notices_of("bob", "joined")) == 1
    bob = browser_of(cast.bob)
    assert "Mallory joined <" in bob.get("/notifications").text
    [key] = session.scalars(sa.select(Notification.id).where(Notification.kind == "joined"))
    assert bob.put(f"/notifications/{key}/reading").location == "/teams/ranking/members"
    assert bob.get("/teams/ranking/members").status_code == 200


def test_inviter_is_notified_of_acceptance_without_a_team(
    session: Session, cast: Cast, notices_of: Any, browser_of: Any, now: dt.datetime
) -> None:
    invitation, _token = invite(session, team=None, role="member", by=cast.erin, now=now)
    accept(session, invitation, cast.mallory, now=now)
    session.commit()
    assert len(notices_of("erin", "joined")) == 1
    assert "Mallory joined <" in browser_of(cast.erin).get("/notifications").text


@pytest.mark.parametrize("end", ["accepted", "revoked", "added", "accepted by link"])
def test_invitation_notice_is_deleted_with_the_invitation(
    session: Session,
    cast: Cast,
    team: Team,
    notices_of: Any,
    invite_by_bob: Any,
    now: dt.datetime,
    end: str,
) -> None:
    invite_by_bob("mallory@example.org")
    invitation = invite_by_bob("mallory@example.org")
    assert len(notices_of("mallory", "invited")) == 1, "the newer one replaces the older one"
    if end == "accepted":
        accept(session, invitation, cast.mallory, now=now)
    elif end == "revoked":
        revoke(session, invitation, by=cast.bob, now=now)
    elif end == "added":
        people.add_member(session, team, cast.mallory, "member", by=cast.erin, now=now)
    else:
        accept(session, invite_by_bob(""), cast.mallory, now=now)
    assert notices_of("mallory", "invited") == []


def test_invitation_notices_of_other_teams_and_people_stay(
    session: Session, cast: Cast, notices_of: Any, invite_by_bob: Any, now: dt.datetime
) -> None:
    other = session.get_one(Team, cast.other_team)
    invite(session, team=other, role="member", email="mallory@example.org", by=cast.erin, now=now)
    invite_by_bob("dave@example.org")
    revoke(session, invite_by_bob("mallory@example.org"), by=cast.bob, now=now)
    assert [row["team"] for row in notices_of("mallory", "invited")] == ["Vision"]
    assert [row["team"] for row in notices_of("dave", "invited")] == ["Ranking"]
