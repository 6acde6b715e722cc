"""Notifications about managers gained or lost when teams are nested, moved or deleted."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth import actions as accounts
from roadmap.invitations.actions import accept, invite
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team
from tests.notifications.scenario import Scenario, queued_bodies, queued_mails
from tests.support.cast import Cast, add_user
from tests.support.statements import record_session_statements

NoticesOf = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def team(session: Session, cast: Cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def notices_of(session: Session, cast: Cast) -> NoticesOf:
    """`notices_of("alice")` returns (manager, team) of each notification of Alice."""

    def read(name: str, kind: str = "leads") -> list[tuple[str, str]]:
        session.flush()
        rows = sa.select(Notification.actor_name, Notification.data).where(
            Notification.user_id == getattr(cast, name), Notification.kind == kind
        )
        return sorted((name, data["team"]) for name, data in session.execute(rows))

    return read


@pytest.fixture
def nest(session: Session, cast: Cast, now: dt.datetime) -> Any:
    """`nest(team, above)` moves a team under another one, or to the top level (None)."""

    def move(inner: Team, above: uuid.UUID | None) -> None:
        people.change_team(session, inner, name=inner.name, parent_id=above, by=cast.erin, now=now)

    return move


def make_team(session: Session, slug: str, parent: uuid.UUID | None, now: dt.datetime) -> Team:
    team = Team(slug=slug, name=slug.title(), parent_id=parent, created_at=now)
    session.add(team)
    session.flush()
    return team


def add_membership(
    session: Session, team: Team, person: uuid.UUID, now: dt.datetime, role: str = "member"
) -> None:
    """Add a membership without notifications."""
    row = Membership(team_id=team.id, user_id=person, role=role, created_at=now)
    session.add(row)
    session.flush()


def test_nesting_a_team_announces_the_managers_above(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, nest: Any, browser_of: Any
) -> None:
    nest(team, cast.other_team)
    session.commit()
    for name in ("alice", "bob", "carol"):
        assert notices_of(name) == [("Dave", "Vision")]
    for name in ("dave", "erin", "mallory"):
        assert notices_of(name) == []
    page = " ".join(browser_of(cast.alice).get("/notifications").text.split())
    assert "Dave now manages <" in page
    assert "in which one of your teams is nested, and sees what you share there." in page
    nest(team, None)
    assert notices_of("alice") == [], "the unread notice is deleted with the nesting"


def test_nesting_a_team_notifies_people_of_its_nested_teams(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, nest: Any, now: dt.datetime
) -> None:
    add_membership(session, make_team(session, "eval", team.id, now), cast.mallory, now)
    nest(team, cast.other_team)
    assert notices_of("mallory") == [("Dave", "Vision")]


def test_only_new_managers_above_are_announced_each_once(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, nest: Any, now: dt.datetime
) -> None:
    whole = make_team(session, "whole", None, now)
    vision = session.get_one(Team, cast.other_team)
    half = make_team(session, "half", whole.id, now)
    vision.parent_id = half.id
    session.flush()
    for each in (whole, half):
        add_membership(session, each, cast.dave, now, "manager")
        add_membership(session, each, cast.bob, now, "manager")
    add_membership(session, whole, cast.mallory, now, "manager")
    nest(team, vision.id)
    assert [name for name, _team in notices_of("alice")] == ["Dave", "Mallory"]
    session.execute(sa.delete(Notification))
    nest(team, half.id)
    assert notices_of("alice") == [], "both managed Alice before"


def test_reactivated_manager_is_announced_once(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, now: dt.datetime
) -> None:
    inner = make_team(session, "eval", team.id, now)
    add_membership(session, inner, cast.bob, now, "manager")
    add_membership(session, inner, cast.alice, now)
    add_membership(session, inner, cast.mallory, now)
    accounts.deactivate(session, cast.bob, by=cast.erin, now=now)
    assert notices_of("alice") == []
    accounts.reactivate(session, cast.bob, by=cast.erin, now=now)
    assert len(notices_of("alice")) == len(notices_of("mallory")) == 1
    assert notices_of("carol") == [("Bob", "Ranking")]
    for name in ("bob", "dave", "erin"):
        assert notices_of(name) == []
    accounts.deactivate(session, cast.bob, by=cast.erin, now=now)
    assert notices_of("alice") == notices_of("carol") == [], "a deactivated user manages nobody"


def test_reactivated_non_manager_is_not_announced(
    session: Session, cast: Cast, notices_of: NoticesOf, now: dt.datetime
) -> None:
    for person in (cast.alice, cast.mallory):
        accounts.deactivate(session, person, by=cast.erin, now=now)
        accounts.reactivate(session, person, by=cast.erin, now=now)
    assert session.scalar(sa.select(sa.func.count(Notification.id))) == 0


def test_leaving_deletes_notices_about_the_managers(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, now: dt.datetime
) -> None:
    people.add_member(session, team, cast.dave, "manager", by=cast.erin, now=now)
    people.remove_member(session, team, cast.alice, by=cast.alice, now=now)
    assert notices_of("alice") == []
    assert notices_of("carol") == [("Dave", "Ranking")]


def test_deleting_a_team_deletes_its_notices(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, now: dt.datetime
) -> None:
    people.add_member(session, team, cast.dave, "manager", by=cast.erin, now=now)
    invite(session, team=team, role="member", email="mallory@example.org", by=cast.bob, now=now)
    other = session.get_one(Team, cast.other_team)
    invite(session, team=other, role="member", email="mallory@example.org", by=cast.erin, now=now)
    link, _token = invite(session, team=team, role="member", by=cast.bob, now=now)
    accept(session, link, cast.erin, now=now)
    assert notices_of("alice") == [("Dave", "Ranking")]
    assert len(notices_of("mallory", "invited")) == 2
    assert len(notices_of("bob", "joined")) == 1
    people.delete_team(session, team, by=cast.erin, now=now)
    assert notices_of("alice") == notices_of("bob", "joined") == []
    assert [name for _by, name in notices_of("mallory", "invited")] == ["Vision"]


def test_statement_count_does_not_grow_with_members(
    session: Session, cast: Cast, team: Team, notices_of: NoticesOf, nest: Any, now: dt.datetime
) -> None:
    def count_statements() -> tuple[int, ...]:
        counts = []
        for above in (cast.other_team, None):
            with record_session_statements(session) as statements:
                nest(team, above)
                session.flush()
            counts.append(len(statements))
        for act in (accounts.deactivate, accounts.reactivate):
            with record_session_statements(session) as statements:
                act(session, cast.bob, by=cast.erin, now=now)
                session.flush()
            counts.append(len(statements))
        return tuple(counts)

    count_statements()
    few = count_statements()
    for number in range(10):
        add_user(session, f"Person {number}", team=team.id)
    assert count_statements() == few


@pytest.mark.parametrize("role", ["member", "manager"])
def test_membership_changes_search_notifications_by_index(
    session: Session, cast: Cast, team: Team, now: dt.datetime, role: str
) -> None:
    """The cost does not depend on how many unread notifications there are."""
    with record_session_statements(session) as seen:
        for change in (role, "member"):
            people.add_member(session, team, cast.dave, change, by=cast.erin, now=now)
        people.remove_member(session, team, cast.dave, by=cast.erin, now=now)
    searches = [each for each in seen if "notification" in each and "INSERT" not in each]
    assert searches
    if session.get_bind().dialect.name != "sqlite":
        return
    for search in searches:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN " + search, tuple([None] * search.count("?"))
        )
        steps = [row[-1] for row in plan]
        assert not [step for step in steps if step.startswith("SCAN notification")], search


@pytest.mark.parametrize("by_invitation", [True, False], ids=["invited", "added"])
def test_managers_above_are_notified_of_a_new_manager(
    scenario: Scenario, with_mail: None, by_invitation: bool
) -> None:
    session, cast = scenario.session, scenario.cast
    team, above = session.get_one(Team, cast.team), session.get_one(Team, cast.other_team)
    people.change_team(
        session, team, name="Ranking", parent_id=above.id, by=cast.erin, now=scenario.step()
    )
    if by_invitation:
        invitation, _token = invite(
            session, team=team, role="manager", by=cast.bob, now=scenario.step()
        )
        accept(session, invitation, cast.mallory, now=scenario.step())
    else:
        people.add_member(session, team, cast.mallory, "manager", by=cast.bob, now=scenario.step())
    assert scenario.notifications("dave") == ["manager_below"]
    assert ("dave@example.org", "Mallory now manages Ranking") in queued_mails(session)
    assert "manager_below" not in scenario.notifications("bob")
    assert "manager_below" not in scenario.notifications("mallory")
    people.add_member(session, team, cast.carol, "mentor", by=cast.bob, now=scenario.step())
    assert scenario.notifications("dave") == ["manager_below"], "mentors do not review"


@pytest.mark.parametrize("role", ["manager", "mentor"])
def test_inviter_managing_both_teams_gets_one_notification(
    scenario: Scenario, with_mail: None, role: str
) -> None:
    """Bob invites Mallory and manages both the team and the one above it."""
    session, cast = scenario.session, scenario.cast
    team, above = session.get_one(Team, cast.team), session.get_one(Team, cast.other_team)
    people.add_member(session, above, cast.bob, "manager", by=cast.erin, now=scenario.step())
    people.change_team(
        session, team, name="Ranking", parent_id=above.id, by=cast.erin, now=scenario.step()
    )
    before = scenario.notifications("bob")
    invitation, _token = invite(session, team=team, role=role, by=cast.bob, now=scenario.step())
    accept(session, invitation, cast.mallory, now=scenario.step())
    assert sorted(scenario.notifications("bob")) == sorted([*before, "leads"])
    invitation, _token = invite(session, team=team, role="member", by=cast.bob, now=scenario.step())
    accept(session, invitation, cast.erin, now=scenario.step())
    assert scenario.notifications("bob").count("joined") == 1, (
        "no other notification announces a member"
    )


def test_inviter_managing_the_team_above_gets_one_notification(
    scenario: Scenario, with_mail: None
) -> None:
    session, cast = scenario.session, scenario.cast
    team, above = session.get_one(Team, cast.team), session.get_one(Team, cast.other_team)
    people.change_team(
        session, team, name="Ranking", parent_id=above.id, by=cast.erin, now=scenario.step()
    )
    before = scenario.notifications("dave")
    invitation, _token = invite(
        session, team=team, role="manager", by=cast.dave, now=scenario.step()
    )
    accept(session, invitation, cast.mallory, now=scenario.step())
    assert sorted(scenario.notifications("dave")) == sorted([*before, "manager_below"])
    assert ("dave@example.org", "Mallory now manages Ranking") in queued_mails(session)


def test_deleting_a_middle_team_notifies_people_above_and_below(
    session: Session,
    cast: Cast,
    team: Team,
    nest: Any,
    browser_of: Any,
    now: dt.datetime,
    with_mail: None,
) -> None:
    """Dave manages the top team, Mallory the section below, Alice, Bob and Carol are in Ranking."""
    area = session.get_one(Team, cast.other_team)
    section = make_team(session, "section", area.id, now)
    add_membership(session, section, cast.mallory, now, "manager")
    nest(team, section.id)
    session.execute(sa.delete(Notification))
    people.delete_team(session, section, by=cast.erin, now=now)
    session.commit()
    kinds = session.execute(sa.select(Notification.user_id, Notification.kind)).all()
    below = {(person, "team_above_deleted") for person in (cast.alice, cast.bob, cast.carol)}
    above = {(cast.dave, "team_below_deleted"), (cast.mallory, "team_deleted")}
    assert set(kinds) == below | above
    assert len(kinds) == 5
    texts = {
        cast.dave: "which was nested in one of your teams. You no longer see what its people "
        "share there. Nested in it: Ranking, now",
        cast.mallory: "which you were in. Its managers and mentors no longer see what you share. "
        "What they verified stays. Nested in it: Ranking, now",
        cast.alice: "in which one of your teams was nested. Your team is now at the top level",
    }
    for person, text in texts.items():
        page = " ".join(browser_of(person).get("/notifications").text.split())
        assert text in re.sub(r"<[^>]+>", "", page).replace(" ,", ",")
    mailed = {address for address, subject in queued_mails(session) if "Section" in subject}
    names = ("alice", "bob", "carol", "dave", "mallory")
    assert mailed == {f"{name}@example.org" for name in names}
    reason = "because you manage or mentor a team above it"
    [to_dave] = [body for body in queued_bodies(session) if reason in body]
    assert to_dave.startswith("Hello Dave")


def test_managers_and_mentors_who_lose_a_moved_team_are_notified(
    session: Session, cast: Cast, team: Team, nest: Any, browser_of: Any, now: dt.datetime
) -> None:
    """Not those who still see the team, nor Erin, who moves it."""
    top = make_team(session, "area", None, now)
    middle = make_team(session, "section", top.id, now)
    nest(team, middle.id)
    for person, role in ((cast.dave, "manager"), (cast.erin, "manager"), (cast.carol, "member")):
        add_membership(session, middle, person, now, role)
    add_membership(session, top, cast.mallory, now, "mentor")
    recipients = sa.select(Notification.user_id).where(Notification.kind == "moved_away")
    nest(team, top.id)
    assert session.scalars(recipients).all() == [cast.dave]
    nest(team, None)
    assert set(session.scalars(recipients)) == {cast.dave, cast.mallory}
    session.commit()
    page = browser_of(cast.mallory).get("/notifications").text
    assert "out of your team. You no longer see what its people share." in page
