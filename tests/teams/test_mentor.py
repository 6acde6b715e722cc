"""A mentor sees and comments on what a team's members share, and can do nothing else."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.core.database import db
from roadmap.evidence.models import Comment
from roadmap.notifications.models import Notification
from roadmap.people.actions import add_member
from roadmap.people.models import Membership, Team
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.route_manifest import CHANGES, PAGES, PIECE
from tests.support.snapshot import Snapshot

# The permissions of a mentor, as the permission table names them.
MENTOR_PERMISSIONS = {
    *("evidence.read", "evidence.comment", "review.read"),
    *("person.read", "team.read", "team.matrix", "team.leave"),
}


@pytest.fixture
def ids(app: Flask, snapshot: Snapshot) -> dict[str, str]:
    """The sample data, created while Bob managed Ranking; now he is its mentor."""
    with app.app_context():
        of_bob = Membership.user_id == snapshot.cast.bob
        db.session.execute(sa.update(Membership).where(of_bob).values(role="mentor"))
        db.session.commit()
    return snapshot.ids


@pytest.fixture
def mentor(ids: dict[str, str], cast: Cast, browser_of) -> BrowserClient:
    return browser_of(cast.bob)


def test_mentor_can_open_only_pages_of_shared_data(
    ids: dict[str, str], mentor: BrowserClient
) -> None:
    for page in PAGES:
        answer = mentor.get(page.of(ids)).status_code
        # Only pages that a manager sees and an unrelated user does not depend on the role.
        as_manager, as_stranger = page.pages["bob"], page.pages["mallory"]
        if as_manager == as_stranger or page.permission in MENTOR_PERMISSIONS:
            assert answer == as_manager, page.url
        else:
            assert answer in (403, 404), page.url


def test_mentor_can_comment_and_leave_but_change_nothing_else(
    ids: dict[str, str], mentor: BrowserClient
) -> None:
    for change in CHANGES:
        as_manager, as_stranger = change.pages["bob"], change.pages["mallory"]
        if as_manager == as_stranger or change.permission == "public":
            continue
        answer = mentor.send(change.method, change.of(ids), change.body(ids, "bob")).status_code
        if change.permission in MENTOR_PERMISSIONS:
            assert answer == as_manager, change.title
        else:
            assert answer in (403, 404), change.title


def test_pages_offer_a_mentor_only_permitted_actions(
    ids: dict[str, str], cast: Cast, mentor: BrowserClient
) -> None:
    teams = mentor.get("/teams").text
    assert 'href="/teams/ranking"' in teams
    assert "you are a mentor" in teams
    assert 'href="/reviews"' not in teams
    assert "Invite people" not in teams
    matrix = mentor.get("/teams/ranking").text
    assert f"/people/{cast.alice}" in matrix
    assert "/teams/ranking/members" not in matrix
    assert f"/people/{cast.alice}#skill-mlops" in matrix
    assert "/skills/" not in matrix
    person = mentor.get(f"/teams/ranking/people/{cast.alice}").text
    assert f"/reviews/{ids['submitted']}" in person
    assert "/skills/" not in person
    piece = mentor.get(f"/reviews/{ids['submitted']}").text
    assert "Add a comment" in piece or "comments" in piece
    for name in ("decision", "Start review", "/taking", 'type="checkbox"'):
        assert name not in piece


def test_mentor_comment_notifies_the_author(
    session: Session, ids: dict[str, str], cast: Cast, mentor: BrowserClient
) -> None:
    count = sa.select(sa.func.count()).where(
        Notification.user_id == cast.alice, Notification.kind == "comment"
    )
    before = session.scalar(count) or 0
    address = f"/evidence/{ids['submitted']}/comments"
    assert mentor.post(address, {"text": "Which baseline is that?"}).status_code == 303
    texts = sa.select(Comment.text).where(Comment.evidence_id == uuid.UUID(ids["submitted"]))
    assert "Which baseline is that?" in session.scalars(texts).all()
    assert session.scalar(count) == before + 1


def test_new_mentor_is_announced_to_the_team(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    team = session.get_one(Team, cast.team)
    add_member(session, team, cast.mallory, "mentor", by=cast.erin, now=now)
    session.commit()
    alice = browser_of(cast.alice)
    page = alice.get("/notifications").text
    assert "Mallory now mentors <" in page
    assert "and sees what you share there." in page
    assert "Bob and Mallory see what you share." in alice.get("/account").text
    assert "Bob and Mallory can see what you share" in alice.get("/teams").text
    assert "You now mentor it." in browser_of(cast.mallory).get("/notifications").text


def test_mentor_gets_no_review_requests(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    """A team with only a mentor has nobody who can review or assess."""
    session.execute(
        sa.update(Membership).where(Membership.user_id == cast.bob).values(role="mentor")
    )
    session.commit()
    alice = browser_of(cast.alice)
    path = alice.post("/evidence", {**PIECE, "milestones": "own-a-production-model"}).location
    assert alice.put(f"{path}/submission", {}).status_code == 303
    assert session.scalars(sa.select(Notification.kind)).all() == []
    assert "You are not in a team with a manager" in alice.get("/skills/mlops").text


def test_matrix_has_no_row_for_a_mentor(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    team = session.get_one(Team, cast.team)
    add_member(session, team, cast.mallory, "mentor", by=cast.erin, now=now)
    session.commit()
    assert "Mallory" not in browser_of(cast.bob).get("/teams/ranking").text


def test_invitation_can_grant_the_mentor_role(session: Session, cast: Cast, browser_of) -> None:
    bob = browser_of(cast.bob)
    bob.post("/teams/ranking/invitations", {"email": "", "role": "mentor", "days": "14"})
    page = bob.get("/teams/ranking/members").text
    address = page.partition('value="http://localhost')[2].partition('"')[0]
    mallory = browser_of(cast.mallory)
    invitation = mallory.get(address).text
    for message in ("Mentor Ranking", "Bob invites you to mentor the team Ranking.", "As a mentor"):
        assert message in invitation
    assert "The managers and mentors of Ranking see:" in invitation
    assert mallory.post(address, {}).location == "/teams/ranking"
    session.expire_all()
    assert session.get_one(Membership, (cast.team, cast.mallory)).role == "mentor"
