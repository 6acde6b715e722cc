"""Lookups of who has a capability over whom, compared with the rule in plain Python."""

from __future__ import annotations

import datetime as dt
import random
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people import reach
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.roles import ROLES, Capability

NOW = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


def add_people_and_teams(session: Session, rng: random.Random) -> tuple[list[User], list[Team]]:
    """Add random people and teams: nested, some in cycles, some users deactivated."""
    people = [
        User(
            email=f"p{n}@example.org", email_key=f"p{n}@example.org", name=f"P{n}",
            created_at=NOW, deactivated_at=NOW if rng.random() < 0.2 else None,
        )
        for n in range(7)
    ]  # fmt: skip
    teams = [Team(slug=f"t{n}", name=f"T{n}", created_at=NOW) for n in range(6)]
    session.add_all([*people, *teams])
    session.flush()
    for team in teams:
        team.parent_id = rng.choice([None, *(each.id for each in teams)])
    for person in people:
        for team in rng.sample(teams, rng.randint(0, 3)):
            role = rng.choice(list(ROLES))
            session.add(Membership(team_id=team.id, user_id=person.id, role=role, created_at=NOW))
    session.flush()
    return people, teams


def expected_teams(
    memberships: list[Membership], teams: list[Team], person: User, capability: Capability
) -> set[uuid.UUID]:
    """Return where a role applies: in its team and in all teams nested in it."""
    held = {
        row.team_id
        for row in memberships
        if row.user_id == person.id and ROLES[row.role].allows(capability)
    }
    while True:
        below = {team.id for team in teams if team.parent_id in held} | held
        if below == held:
            return held if person.deactivated_at is None else set()
        held = below


@pytest.mark.parametrize("seed", range(6))
def test_all_lookups_agree_with_the_rule(session: Session, seed: int) -> None:
    people, teams = add_people_and_teams(session, random.Random(seed))
    memberships = list(session.scalars(sa.select(Membership)))
    actors = {each.id: Actor(each.id, each.name, each.email, session=session) for each in people}
    for capability in Capability:
        over: set[tuple[uuid.UUID, uuid.UUID]] = set()
        for actor in people:
            reached = expected_teams(memberships, teams, actor, capability)
            found = reach.select_teams(actor.id, capability)
            assert set(session.scalars(found)) == reached
            over |= {
                (actor.id, row.user_id)
                for row in memberships
                if row.team_id in reached and row.user_id != actor.id
            }
        active = {person.id for person in people if person.deactivated_at is None}
        for actor in people:
            acting = actors[actor.id]
            reached_people = {person for holder, person in over if holder == actor.id} & active
            assert set(session.scalars(reach.select_people(actor.id, capability))) == reached_people
            assert {
                each.id for each in people if acting.has_capability_over(capability, each.id)
            } == (reached_people)
            holders = reach.load_holders(session, actor.id, capability)
            assert {each.id for each in holders} == {
                holder for holder, person in over if person == actor.id
            }
            assert acting.teams(capability) == expected_teams(memberships, teams, actor, capability)
