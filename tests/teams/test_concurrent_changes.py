"""Writes about a team write nothing if access or the team is gone once they get the lock.

One connection holds the lock, ends the access or deletes the team, and commits. On SQLite, writers
wait for each other from the beginning of a transaction.
"""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from roadmap.auth import actions as accounts
from roadmap.core.database import db, lock_name
from roadmap.core.web import now
from roadmap.invitations.actions import InvitationRefused, invite
from roadmap.invitations.models import Invitation
from roadmap.people import actions as people
from roadmap.people.locks import lock_user
from roadmap.people.models import Membership, Team, User
from tests.support.browser_client import BrowserClient
from tests.support.concurrency import run_concurrently

PATIENCE = 20  # seconds until a test gives up waiting for its other half
CAROL = "/teams/ranking/members/{cast.carol}"
MALLORY = "/admin/people/{cast.mallory}"
ADDED = {"add-email": "mallory@example.org", "add-role": "member"}


def meanwhile(app, browser, request, change, hold=None):
    """The answer to `request` (method, path, data) where `change(session)` happened while it
    waited for what `hold` locked."""
    browser.csrf()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(browser.send(*request)))
    waits = threading.Event()
    written = ('UPDATE "user"', "INSERT INTO membership", "SELECT team.id", "SELECT pg_advisory")

    def before(_connection, _cursor, statement, *_more) -> None:
        if threading.current_thread() is thread and statement.startswith(written):
            waiting = statement.startswith(written[:2]) or "FOR " in statement
            if waiting or statement.startswith(written[3]):
                waits.set()

    with app.app_context():
        engine = db.engine
        event.listen(engine, "before_cursor_execute", before)
        try:
            with db.own_transaction() as holding:
                if hold is not None:
                    hold(holding)
                thread.start()
                if engine.dialect.name == "postgresql":
                    assert waits.wait(PATIENCE)
                change(holding)
            thread.join(PATIENCE)
        finally:
            event.remove(engine, "before_cursor_execute", before)
    return answers[0]


def hold_teams(holding):
    holding.execute(sa.select(Team.id).order_by(Team.id).with_for_update())


def roles(session, team):
    session.rollback()
    rows = session.execute(
        sa.select(Membership.user_id, Membership.role).where(Membership.team_id == team)
    )
    return {row.user_id: row.role for row in rows}


@pytest.mark.parametrize(("method", "data"), [("PUT", {"role": "manager"}), ("DELETE", {})])
def test_who_manages_no_more_changes_nobody(app, session, cast, browser_of, method, data):
    def removed(holding):
        team = holding.get_one(Team, cast.team)
        people.remove_member(holding, team, cast.bob, by=cast.erin, now=now())

    answer = meanwhile(
        app,
        browser_of(cast.bob),
        (method, CAROL.format(cast=cast), {**data, "sure": "yes"}),
        removed,
        lambda holding: lock_user(holding, cast.carol),
    )
    assert answer.status_code in (303, 403, 404)
    if session.get_bind().dialect.name == "postgresql":
        assert answer.status_code == 404
    assert roles(session, cast.team) == {cast.alice: "member", cast.carol: "member"}


ADMINISTERS = {
    "puts in": ("POST", f"{MALLORY}/teams", {"team": "vision", "role": "manager"}),
    "adds": ("POST", "/teams/vision/members", ADDED),
    "renames": ("PUT", "/admin/teams/vision", {"name": "Theirs", "parent": ""}),
    "deletes": ("DELETE", "/admin/teams/vision", {"sure": "yes"}),
    "appoints": ("PUT", f"{MALLORY}/administrator", {"sure": "yes"}),
    "closes": ("PUT", f"{MALLORY}/deactivation", {"sure": "yes"}),
}  # fmt: skip


@pytest.mark.parametrize("what", ADMINISTERS)
def test_who_administers_no_more_changes_nothing(app, session, cast, browser_of, what):
    accounts.set_admin(session, cast.bob, True, by=cast.erin, now=now())
    session.commit()
    bob = browser_of(cast.bob)
    method, path, data = ADMINISTERS[what]

    def hold(holding):
        lock_user(holding, cast.mallory)
        hold_teams(holding)
        # What decides about administrators is held by the one who withdraws it.
        lock_name(holding, accounts.ADMINISTRATORS_LOCK)

    def withdrawn(holding):
        accounts.set_admin(holding, cast.bob, False, by=cast.erin, now=now())

    answer = meanwhile(app, bob, (method, path.format(cast=cast), data), withdrawn, hold)
    assert answer.status_code in (303, 401, 403, 404)
    if session.get_bind().dialect.name == "postgresql":
        assert answer.status_code in (403, 404)
    assert roles(session, cast.other_team) == {cast.dave: "manager"}
    assert session.get_one(Team, cast.other_team).name == "Vision"
    mallory = session.get_one(User, cast.mallory)
    assert (mallory.is_admin, mallory.deactivated_at) == (False, None)


@pytest.mark.parametrize(
    "request_",
    [
        ("POST", f"{MALLORY}/teams", {"team": "vision", "role": "member"}),
        ("POST", "/teams/vision/invitations", {"email": "", "role": "member", "days": "14"}),
        ("DELETE", "/admin/teams/vision", {"sure": "yes"}),
    ],
)
def test_a_team_that_goes_meanwhile_is_not_there(app, session, cast, browser_of, request_):
    method, path, data = request_

    def deleted(holding):
        team = holding.get_one(Team, cast.other_team)
        people.delete_team(holding, team, by=cast.erin, now=now())

    erin = BrowserClient.of(app, cast.erin)
    answer = meanwhile(app, erin, (method, path.format(cast=cast), data), deleted, hold_teams)
    # On SQLite the form itself finds that there is no such team.
    assert answer.status_code in (404, 422)
    session.rollback()
    assert session.get(Team, cast.other_team) is None


@pytest.mark.parametrize("to_team", [True, False])
def test_of_two_invitations_at_once_one_is_open(app, session, cast, to_team):
    def work(own, who):
        team = own.get_one(Team, cast.team) if to_team else None
        try:
            return invite(own, team=team, role="member", email="a@b.org", by=who, now=now())[1]
        except InvitationRefused as refused:
            return refused

    run_concurrently(app, work, [cast.erin] * 6)
    session.rollback()
    open_ones = sa.select(sa.func.count()).where(Invitation.revoked_at.is_(None))
    assert session.scalar(open_ones) == 1


def test_who_loses_the_team_while_inviting_is_told_of_nobody(app, session, cast, browser_of):
    """Counting ends the request's transaction: what was known of the team before holds no more."""
    bob = browser_of(cast.bob)

    def removed(holding):
        team = holding.get_one(Team, cast.team)
        people.remove_member(holding, team, cast.bob, by=cast.erin, now=now())

    data = {"email": "", "role": "member", "days": "14"}
    answer = meanwhile(app, bob, ("POST", "/teams/ranking/invitations", data), removed, hold_teams)
    assert answer.status_code in (303, 403, 404)
    assert "carol@example.org" not in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 0
