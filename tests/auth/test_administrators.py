"""There is always an administrator, and a role change ends the person's sessions."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.auth import actions
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Team, User
from roadmap.people.reach import people_of
from roadmap.people.roles import Capability
from tests.support.concurrency import run_concurrently
from tests.support.login import is_signed_in

ADMINISTRATORS = sa.select(sa.func.count()).where(User.is_admin, User.deactivated_at.is_(None))


def test_granted_and_withdrawn(session, cast, browser_of, now):
    dave, erin = browser_of(cast.dave), browser_of(cast.erin)
    assert actions.set_admin(session, cast.dave, True, by=cast.erin, now=now) is True
    session.commit()
    assert session.get_one(User, cast.dave).is_admin
    assert not is_signed_in(dave)
    assert is_signed_in(erin)
    assert actions.set_admin(session, cast.erin, False, by=cast.dave, now=now) is True
    session.commit()
    assert not is_signed_in(erin)
    lines = session.execute(sa.select(AuditEntry.action, AuditEntry.target, AuditEntry.actor_id))
    assert [tuple(line) for line in lines] == [
        ("role.granted", str(cast.dave), cast.erin),
        ("role.withdrawn", str(cast.erin), cast.dave),
    ]


def test_what_is_so_already_changes_nothing(session, cast, browser_of, now):
    erin = browser_of(cast.erin)
    assert actions.set_admin(session, cast.erin, True, by=cast.erin, now=now) is False
    assert actions.set_admin(session, cast.alice, False, by=cast.erin, now=now) is False
    session.commit()
    assert is_signed_in(erin)
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0


def test_the_last_administrator_stays(session, cast, now):
    with pytest.raises(actions.LastAdministrator):
        actions.set_admin(session, cast.erin, False, by=cast.erin, now=now)
    actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    actions.deactivate(session, cast.dave, by=cast.erin, now=now)
    with pytest.raises(actions.LastAdministrator):
        actions.set_admin(session, cast.erin, False, by=cast.erin, now=now)
    # A closed account is none that administers, so it may lose the role.
    assert actions.set_admin(session, cast.dave, False, by=cast.erin, now=now) is True


def test_two_who_resign_at_once_leave_one(app, session, cast, now):
    actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    session.commit()

    def resign(own, person):
        return actions.set_admin(own, person, False, by=person, now=now)

    answers = run_concurrently(app, resign, [cast.dave, cast.erin])
    assert answers.count(True) == 1
    assert session.scalar(ADMINISTRATORS) == 1


def test_one_who_resigns_and_one_who_is_closed_at_once_leave_one(app, session, cast, now):
    actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    session.commit()

    def end(own, person):
        if person == cast.dave:
            return actions.set_admin(own, person, False, by=person, now=now)
        return actions.deactivate(own, person, by=cast.dave, now=now)

    answers = run_concurrently(app, end, [cast.dave, cast.erin])
    assert answers.count(True) == 1
    assert session.scalar(ADMINISTRATORS) == 1


def test_a_closed_account_opens_again_as_it_was(session, cast, now):
    actions.deactivate(session, cast.bob, by=cast.erin, now=now)
    assert actions.reactivate(session, cast.bob, by=cast.erin, now=now) is True
    assert actions.reactivate(session, cast.bob, by=cast.erin, now=now) is False
    session.commit()
    assert session.get_one(User, cast.bob).deactivated_at is None
    actor = cast.actor(session, cast.bob)
    people = people_of(actor.id, Capability.REVIEW)
    assert set(session.scalars(people)) == {cast.alice, cast.carol}
    lines = list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
    assert lines == ["account.deactivated", "account.reactivated"]


def test_another_role_in_a_team_ends_the_sessions(session, cast, browser_of, now):
    bob, alice = browser_of(cast.bob), browser_of(cast.alice)
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.bob, "member", by=cast.erin, now=now)
    session.commit()
    assert not is_signed_in(bob)
    assert is_signed_in(alice)


def test_being_added_or_removed_ends_no_session(session, cast, browser_of, now):
    mallory = browser_of(cast.mallory)
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.mallory, "manager", by=cast.erin, now=now)
    people.remove_member(session, team, cast.mallory, by=cast.erin, now=now)
    session.commit()
    assert is_signed_in(mallory)
