"""The six people of every test."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User

CREATED_AT = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Cast:
    """Ids of the people and their teams. `actor(session, id)` makes one of them act."""

    alice: uuid.UUID
    bob: uuid.UUID
    carol: uuid.UUID
    dave: uuid.UUID
    erin: uuid.UUID
    mallory: uuid.UUID
    team: uuid.UUID
    other_team: uuid.UUID

    @classmethod
    def create(cls, session: Session) -> Cast:
        people = {}
        for name in ("Alice", "Bob", "Carol", "Dave", "Erin", "Mallory"):
            email = f"{name.lower()}@example.org"
            user = User(
                email=email,
                email_key=email,
                name=name,
                is_admin=name == "Erin",
                created_at=CREATED_AT,
            )
            session.add(user)
            people[name.lower()] = user
        team = Team(slug="ranking", name="Ranking", created_at=CREATED_AT)
        other = Team(slug="vision", name="Vision", created_at=CREATED_AT)
        session.add_all([team, other])
        session.flush()
        for where, who, role in (
            (team, "alice", "member"),
            (team, "bob", "manager"),
            (team, "carol", "member"),
            (other, "dave", "manager"),
        ):
            session.add(
                Membership(
                    team_id=where.id, user_id=people[who].id, role=role, created_at=CREATED_AT
                )
            )
        session.commit()
        ids = {name: user.id for name, user in people.items()}
        return cls(**ids, team=team.id, other_team=other.id)

    def actor(self, session: Session, person: uuid.UUID) -> Actor:
        user = session.get_one(User, person)
        return Actor(
            id=user.id, name=user.name, email=user.email, is_admin=user.is_admin, session=session
        )
