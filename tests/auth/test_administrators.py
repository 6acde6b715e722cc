"""There is always an administrator, and a role change ends the person's sessions."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.auth import actions
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Team, User
from roadmap.people.reach import select_people
from roadmap.people.roles import Capability
from tests.support.concurrency import run_concurrently
from tests.support.login import is_signed_in

ACTIVE_ADMINISTRATORS = sa.select(sa.func.count()).where(
    User.is_admin, User.deactivated_at.is_(None)
)


def test_granting_or_withdrawing_admin_ends_that_persons_sessions(session, cast, browser_of, now):
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


def test_unchanged_admin_role_is_neither_audited_nor_ends_sessions(session, cast, browser_of, now):
    erin = browser_of(cast.erin)
    assert actions.set_admin(session, cast.erin, True, by=cast.erin, now=now) is False
    assert actions.set_admin(session, cast.alice, False, by=cast.erin, now=now) is False
    session.commit()
    assert is_signed_in(erin)
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0


def test_last_active_administrator_cannot_be_demoted(session, cast, now):
    with pytest.raises(actions.LastAdministrator):
        actions.set_admin(session, cast.erin, False, by=cast.erin, now=now)
    actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    actions.deactivate(session, cast.dave, by=cast.erin, now=now)
    with pytest.raises(actions.LastAdministrator):
        actions.set_admin(session, cast.erin, False, by=cast.erin, now=now)
    # A deactivated administrator does not count, so the role can be withdrawn.
    assert actions.set_admin(session, cast.dave, False, by=cast.erin, now=now) is True


@pytest.mark.parametrize("other", ["resigns", "is deactivated"])
def test_concurrent_resignation_leaves_one_administrator(app, session, cast, now, other):
    actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    session.commit()

    def give_up_role(own, person):
        if person == cast.erin and other == "is deactivated":
            return actions.deactivate(own, person, by=cast.dave, now=now)
        return actions.set_admin(own, person, False, by=person, now=now)

    results = run_concurrently(app, give_up_role, [cast.dave, cast.erin])
    assert results.count(True) == 1
    assert session.scalar(ACTIVE_ADMINISTRATORS) == 1


def test_reactivated_account_keeps_its_roles(session, cast, now):
    actions.deactivate(session, cast.bob, by=cast.erin, now=now)
    assert actions.reactivate(session, cast.bob, by=cast.erin, now=now) is True
    assert actions.reactivate(session, cast.bob, by=cast.erin, now=now) is False
    session.commit()
    assert session.get_one(User, cast.bob).deactivated_at is None
    actor = cast.actor(session, cast.bob)
    people = select_people(actor.id, Capability.REVIEW)
    assert set(session.scalars(people)) == {cast.alice, cast.carol}
    lines = list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
    assert lines == ["account.deactivated", "account.reactivated"]


def test_changed_team_role_ends_sessions(session, cast, browser_of, now):
    bob, alice = browser_of(cast.bob), browser_of(cast.alice)
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.bob, "member", by=cast.erin, now=now)
    session.commit()
    assert not is_signed_in(bob)
    assert is_signed_in(alice)


def test_joining_or_leaving_a_team_keeps_sessions(session, cast, browser_of, now):
    mallory = browser_of(cast.mallory)
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.mallory, "manager", by=cast.erin, now=now)
    people.remove_member(session, team, cast.mallory, by=cast.erin, now=now)
    session.commit()
    assert is_signed_in(mallory)
