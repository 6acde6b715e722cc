"""Who is notified of a new manager when nobody joined a team."""

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
from roadmap.people.models import Membership, Team, User
from tests.notifications.scenario import Scenario, queued_bodies, queued_mails
from tests.support.cast import Cast
from tests.support.statements import record_session_statements

Told = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def team(session: Session, cast: Cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def notices_of(session: Session, cast: Cast) -> Told:
    """`notices_of("alice")`: who manages what, as somebody was notices_of; of each unread line."""

    def read(name: str, kind: str = "leads") -> list[tuple[str, str]]:
        session.flush()
        rows = sa.select(Notification.actor_name, Notification.data).where(
            Notification.user_id == getattr(cast, name), Notification.kind == kind
        )
        return sorted((name, data["team"]) for name, data in session.execute(rows))

    return read


@pytest.fixture
def nest(session: Session, cast: Cast, now: dt.datetime) -> Any:
    """`nest(team, above)`: Erin nests it there, or (None) nowhere."""

    def done(inner: Team, above: uuid.UUID | None) -> None:
        people.change_team(session, inner, name=inner.name, parent_id=above, by=cast.erin, now=now)

    return done


def made(session: Session, slug: str, parent: uuid.UUID | None, now: dt.datetime) -> Team:
    team = Team(slug=slug, name=slug.title(), parent_id=parent, created_at=now)
    session.add(team)
    session.flush()
    return team


def put_into(
    session: Session, team: Team, person: uuid.UUID, now: dt.datetime, role: str = "member"
) -> None:
    """Without anybody being notices_of."""
    row = Membership(team_id=team.id, user_id=person, role=role, created_at=now)
    session.add(row)
    session.flush()


def test_people_learn_who_sees_them_once_their_team_is_nested(
    session: Session, cast: Cast, team: Team, notices_of: Told, nest: Any, browser_of: Any
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
    assert notices_of("alice") == [], "he does so no more, and she had not read it"


def test_people_of_what_is_nested_in_it_learn_it_as_well(
    session: Session, cast: Cast, team: Team, notices_of: Told, nest: Any, now: dt.datetime
) -> None:
    put_into(session, made(session, "eval", team.id, now), cast.mallory, now)
    nest(team, cast.other_team)
    assert notices_of("mallory") == [("Dave", "Vision")]


def test_each_manager_is_told_of_once_and_only_who_is_new(
    session: Session, cast: Cast, team: Team, notices_of: Told, nest: Any, now: dt.datetime
) -> None:
    whole = made(session, "whole", None, now)
    vision = session.get_one(Team, cast.other_team)
    half = made(session, "half", whole.id, now)
    vision.parent_id = half.id
    session.flush()
    for each in (whole, half):
        put_into(session, each, cast.dave, now, "manager")
        put_into(session, each, cast.bob, now, "manager")
    put_into(session, whole, cast.mallory, now, "manager")
    nest(team, vision.id)
    assert [name for name, _team in notices_of("alice")] == ["Dave", "Mallory"]
    session.execute(sa.delete(Notification))
    nest(team, half.id)
    assert notices_of("alice") == [], "both have led her before"


def test_a_manager_who_comes_back_is_told_of_once(
    session: Session, cast: Cast, team: Team, notices_of: Told, now: dt.datetime
) -> None:
    inner = made(session, "eval", team.id, now)
    put_into(session, inner, cast.bob, now, "manager")
    put_into(session, inner, cast.alice, now)
    put_into(session, inner, cast.mallory, now)
    accounts.deactivate(session, cast.bob, by=cast.erin, now=now)
    assert notices_of("alice") == []
    accounts.reactivate(session, cast.bob, by=cast.erin, now=now)
    assert len(notices_of("alice")) == len(notices_of("mallory")) == 1
    assert notices_of("carol") == [("Bob", "Ranking")]
    for name in ("bob", "dave", "erin"):
        assert notices_of(name) == []
    accounts.deactivate(session, cast.bob, by=cast.erin, now=now)
    assert notices_of("alice") == notices_of("carol") == [], "a closed account manages nobody"


def test_somebody_without_a_team_comes_back_in_silence(
    session: Session, cast: Cast, notices_of: Told, now: dt.datetime
) -> None:
    for person in (cast.alice, cast.mallory):
        accounts.deactivate(session, person, by=cast.erin, now=now)
        accounts.reactivate(session, person, by=cast.erin, now=now)
    assert session.scalar(sa.select(sa.func.count(Notification.id))) == 0


def test_who_leaves_has_nothing_left_to_read_of_who_led_them(
    session: Session, cast: Cast, team: Team, notices_of: Told, now: dt.datetime
) -> None:
    people.add_member(session, team, cast.dave, "manager", by=cast.erin, now=now)
    people.remove_member(session, team, cast.alice, by=cast.alice, now=now)
    assert notices_of("alice") == []
    assert notices_of("carol") == [("Dave", "Ranking")]


def test_what_is_said_of_a_team_goes_with_it(
    session: Session, cast: Cast, team: Team, notices_of: Told, now: dt.datetime
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


def test_it_takes_the_same_statements_however_many_are_told(
    session: Session, cast: Cast, team: Team, notices_of: Told, nest: Any, now: dt.datetime
) -> None:
    def both() -> tuple[int, ...]:
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

    both()
    few = both()
    for number in range(30):
        address = f"p{number}@example.org"
        user = User(name=f"P {number}", email=address, email_key=address, created_at=now)
        session.add(user)
        session.flush()
        put_into(session, team, user.id, now)
    assert both() == few


@pytest.mark.parametrize("role", ["member", "manager"])
def test_a_membership_looks_only_at_those_whom_it_concerns(
    session: Session, cast: Cast, team: Team, now: dt.datetime, role: str
) -> None:
    """Whatever else waits unread: each search in the table of notifications is by an index."""
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


@pytest.mark.parametrize("by_invitation", [True, False])
def test_who_manages_a_team_above_is_told_of_a_new_manager(
    scenario: Scenario, with_mail: None, by_invitation: bool
) -> None:
    session, cast = scenario.session, scenario.cast
    team, above = session.get_one(Team, cast.team), session.get_one(Team, cast.other_team)
    people.change_team(
        session, team, name="Ranking", parent_id=above.id, by=cast.erin, now=scenario.step()
    )
    if by_invitation:
        made, _token = invite(session, team=team, role="manager", by=cast.bob, now=scenario.step())
        accept(session, made, cast.mallory, now=scenario.step())
    else:
        people.add_member(session, team, cast.mallory, "manager", by=cast.bob, now=scenario.step())
    assert scenario.told("dave") == ["manager_below"]
    assert ("dave@example.org", "Mallory now manages Ranking") in queued_mails(session)
    assert "manager_below" not in scenario.told("bob")
    assert "manager_below" not in scenario.told("mallory")
    people.add_member(session, team, cast.carol, "mentor", by=cast.bob, now=scenario.step())
    assert scenario.told("dave") == ["manager_below"], "a mentor judges nothing"


@pytest.mark.parametrize("role", ["manager", "mentor"])
def test_one_line_tells_of_a_new_manager(scenario: Scenario, with_mail: None, role: str) -> None:
    """Bob invited Mallory, manages the team, and the team above it."""
    session, cast = scenario.session, scenario.cast
    team, above = session.get_one(Team, cast.team), session.get_one(Team, cast.other_team)
    people.add_member(session, above, cast.bob, "manager", by=cast.erin, now=scenario.step())
    people.change_team(
        session, team, name="Ranking", parent_id=above.id, by=cast.erin, now=scenario.step()
    )
    before = scenario.told("bob")
    made, _token = invite(session, team=team, role=role, by=cast.bob, now=scenario.step())
    accept(session, made, cast.mallory, now=scenario.step())
    assert sorted(scenario.told("bob")) == sorted([*before, "leads"])
    made, _token = invite(session, team=team, role="member", by=cast.bob, now=scenario.step())
    accept(session, made, cast.erin, now=scenario.step())
    assert scenario.told("bob").count("joined") == 1, "nothing else says so of a member"


def test_who_manages_the_team_above_and_invited_reads_one_line(
    scenario: Scenario, with_mail: None
) -> None:
    session, cast = scenario.session, scenario.cast
    team, above = session.get_one(Team, cast.team), session.get_one(Team, cast.other_team)
    people.change_team(
        session, team, name="Ranking", parent_id=above.id, by=cast.erin, now=scenario.step()
    )
    before = scenario.told("dave")
    made, _token = invite(session, team=team, role="manager", by=cast.dave, now=scenario.step())
    accept(session, made, cast.mallory, now=scenario.step())
    assert sorted(scenario.told("dave")) == sorted([*before, "manager_below"])
    assert ("dave@example.org", "Mallory now manages Ranking") in queued_mails(session)


def test_deleting_a_team_in_the_middle_tells_those_above_and_below(
    session: Session,
    cast: Cast,
    team: Team,
    nest: Any,
    browser_of: Any,
    now: dt.datetime,
    with_mail: None,
) -> None:
    """Dave manages the area, Bob the section in it, Alice and Carol are in Ranking below."""
    area = session.get_one(Team, cast.other_team)
    section = made(session, "section", area.id, now)
    put_into(session, section, cast.mallory, now, "manager")
    nest(team, section.id)
    session.execute(sa.delete(Notification))
    people.delete_team(session, section, by=cast.erin, now=now)
    session.commit()
    kinds = session.execute(sa.select(Notification.user_id, Notification.kind)).all()
    below = {(person, "team_above_deleted") for person in (cast.alice, cast.bob, cast.carol)}
    above = {(cast.dave, "team_below_deleted"), (cast.mallory, "team_deleted")}
    assert set(kinds) == below | above
    assert len(kinds) == 5
    said = {
        cast.dave: "which was nested in one of your teams. You no longer see what its people "
        "share there. Nested in it: Ranking.",
        cast.mallory: "which you were in. Its managers and mentors no longer see what you share. "
        "What they verified stays. Nested in it: Ranking.",
        cast.alice: "in which one of your teams was nested. Your team is at the top level now",
    }
    for person, words in said.items():
        page = " ".join(browser_of(person).get("/notifications").text.split())
        assert words in re.sub(r"<[^>]+>", "", page).replace(" ,", ",")
    mailed = {address for address, subject in queued_mails(session) if "Section" in subject}
    names = ("alice", "bob", "carol", "dave", "mallory")
    assert mailed == {f"{name}@example.org" for name in names}
    reason = "because you manage or mentor a team above it"
    [to_dave] = [body for body in queued_bodies(session) if reason in body]
    assert to_dave.startswith("Hello Dave")


def test_who_loses_sight_of_a_team_is_notified(
    session: Session, cast: Cast, team: Team, nest: Any, browser_of: Any, now: dt.datetime
) -> None:
    """Managers and mentors above; not who still sees the team, nor who moved it."""
    top = made(session, "area", None, now)
    middle = made(session, "section", top.id, now)
    nest(team, middle.id)
    for person, role in ((cast.dave, "manager"), (cast.erin, "manager"), (cast.carol, "member")):
        put_into(session, middle, person, now, role)
    put_into(session, top, cast.mallory, now, "mentor")
    told = sa.select(Notification.user_id).where(Notification.kind == "moved_away")
    nest(team, top.id)
    assert session.scalars(told).all() == [cast.dave]
    nest(team, None)
    assert set(session.scalars(told)) == {cast.dave, cast.mallory}
    session.commit()
    page = browser_of(cast.mallory).get("/notifications").text
    assert "out of your team. You no longer see what its people share." in page
