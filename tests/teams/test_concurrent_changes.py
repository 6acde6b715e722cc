"""A change to a team is refused if access or the team is gone once the request gets the lock.

Another session holds the lock, removes the access or the team, and commits. On SQLite, the request
waits at the beginning of its transaction.
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

TIMEOUT = 20  # seconds to wait for the other thread
CAROL_PATH = "/teams/ranking/members/{cast.carol}"
MALLORY_PATH = "/admin/people/{cast.mallory}"
ADD_MEMBER_FORM = {"add-email": "mallory@example.org", "add-role": "member"}


def request_during_change(app, browser, request, change, lock=None):
    """Send `request` (method, path, data) while another session has a lock, and return its answer.

    `lock(session)` and `change(session)` run in the other session, which then commits.
    """
    browser.csrf()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(browser.send(*request)))
    waiting_for_lock = threading.Event()
    prefixes = ('UPDATE "user"', "INSERT INTO membership", "SELECT team.id", "SELECT pg_advisory")

    def watch(_connection, _cursor, statement, *_more) -> None:
        if threading.current_thread() is thread and statement.startswith(prefixes):
            waits = statement.startswith(prefixes[:2]) or "FOR " in statement
            if waits or statement.startswith(prefixes[3]):
                waiting_for_lock.set()

    with app.app_context():
        engine = db.engine
        event.listen(engine, "before_cursor_execute", watch)
        try:
            with db.own_transaction() as other_session:
                if lock is not None:
                    lock(other_session)
                thread.start()
                if engine.dialect.name == "postgresql":
                    assert waiting_for_lock.wait(TIMEOUT)
                change(other_session)
            thread.join(TIMEOUT)
        finally:
            event.remove(engine, "before_cursor_execute", watch)
    return answers[0]


def lock_teams(other_session):
    other_session.execute(sa.select(Team.id).order_by(Team.id).with_for_update())


def roles(session, team):
    session.rollback()
    rows = session.execute(
        sa.select(Membership.user_id, Membership.role).where(Membership.team_id == team)
    )
    return {row.user_id: row.role for row in rows}


@pytest.mark.parametrize(
    ("method", "data"),
    [("PUT", {"role": "manager"}), ("DELETE", {})],
    ids=["change role", "remove"],
)
def test_manager_removed_during_the_request_changes_no_membership(
    app, session, cast, browser_of, method, data
):
    def removed(other_session):
        team = other_session.get_one(Team, cast.team)
        people.remove_member(other_session, team, cast.bob, by=cast.erin, now=now())

    answer = request_during_change(
        app,
        browser_of(cast.bob),
        (method, CAROL_PATH.format(cast=cast), {**data, "sure": "yes"}),
        removed,
        lambda other_session: lock_user(other_session, cast.carol),
    )
    assert answer.status_code in (303, 403, 404)
    if session.get_bind().dialect.name == "postgresql":
        assert answer.status_code == 404
    assert roles(session, cast.team) == {cast.alice: "member", cast.carol: "member"}


ADMIN_REQUESTS = {
    "add to team": ("POST", f"{MALLORY_PATH}/teams", {"team": "vision", "role": "manager"}),
    "add member": ("POST", "/teams/vision/members", ADD_MEMBER_FORM),
    "rename team": ("PUT", "/admin/teams/vision", {"name": "Theirs", "parent": ""}),
    "delete team": ("DELETE", "/admin/teams/vision", {"sure": "yes"}),
    "make administrator": ("PUT", f"{MALLORY_PATH}/administrator", {"sure": "yes"}),
    "deactivate": ("PUT", f"{MALLORY_PATH}/deactivation", {"sure": "yes"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ADMIN_REQUESTS)
def test_administrator_demoted_during_the_request_changes_nothing(
    app, session, cast, browser_of, name
):
    accounts.set_admin(session, cast.bob, True, by=cast.erin, now=now())
    session.commit()
    bob = browser_of(cast.bob)
    method, path, data = ADMIN_REQUESTS[name]

    def lock(other_session):
        lock_user(other_session, cast.mallory)
        lock_teams(other_session)
        # Demoting an administrator takes this lock.
        lock_name(other_session, accounts.ADMINISTRATORS_LOCK)

    def withdrawn(other_session):
        accounts.set_admin(other_session, cast.bob, False, by=cast.erin, now=now())

    answer = request_during_change(
        app, bob, (method, path.format(cast=cast), data), withdrawn, lock
    )
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
        ("POST", f"{MALLORY_PATH}/teams", {"team": "vision", "role": "member"}),
        ("POST", "/teams/vision/invitations", {"email": "", "role": "member", "days": "14"}),
        ("DELETE", "/admin/teams/vision", {"sure": "yes"}),
    ],
    ids=["add to team", "invite", "delete team"],
)
def test_request_for_a_team_deleted_during_it_is_rejected(app, session, cast, browser_of, request_):
    method, path, data = request_

    def deleted(other_session):
        team = other_session.get_one(Team, cast.other_team)
        people.delete_team(other_session, team, by=cast.erin, now=now())

    erin = BrowserClient.of(app, cast.erin)
    answer = request_during_change(
        app, erin, (method, path.format(cast=cast), data), deleted, lock_teams
    )
    # On SQLite, form validation finds that the team does not exist.
    assert answer.status_code in (404, 422)
    session.rollback()
    assert session.get(Team, cast.other_team) is None


@pytest.mark.parametrize("to_team", [True, False], ids=["to a team", "without team"])
def test_concurrent_invitations_leave_one_open(app, session, cast, to_team):
    def work(own, inviter):
        team = own.get_one(Team, cast.team) if to_team else None
        try:
            return invite(own, team=team, role="member", email="a@b.org", by=inviter, now=now())[1]
        except InvitationRefused as refused:
            return refused

    run_concurrently(app, work, [cast.erin] * 6)
    session.rollback()
    open_ones = sa.select(sa.func.count()).where(Invitation.revoked_at.is_(None))
    assert session.scalar(open_ones) == 1


def test_inviter_removed_during_the_request_sees_no_member_addresses(
    app, session, cast, browser_of
):
    """Counting the attempt ends the transaction, so the request has to load the team again."""
    bob = browser_of(cast.bob)

    def removed(other_session):
        team = other_session.get_one(Team, cast.team)
        people.remove_member(other_session, team, cast.bob, by=cast.erin, now=now())

    data = {"email": "", "role": "member", "days": "14"}
    answer = request_during_change(
        app, bob, ("POST", "/teams/ranking/invitations", data), removed, lock_teams
    )
    assert answer.status_code in (303, 403, 404)
    assert "carol@example.org" not in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 0
