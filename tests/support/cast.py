"""The six users that tests share."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User

_TABLES: tuple[Any, ...] = (User.__table__, Team.__table__, Membership.__table__)
_INSERTS = [sa.insert(table) for table in _TABLES]
CREATED_AT = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Cast:
    """The ids of the users and their teams."""

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
        ids = {name: new_id() for name in ("alice", "bob", "carol", "dave", "erin", "mallory")}
        team, other_team = new_id(), new_id()
        users = [
            {"id": key, "email": email, "email_key": email, "name": name.title(),
             "is_admin": name == "erin", "created_at": CREATED_AT}
            for name, key in ids.items()
            for email in [f"{name}@example.org"]
        ]  # fmt: skip
        teams = [
            {"id": key, "slug": name.lower(), "name": name, "created_at": CREATED_AT}
            for key, name in ((team, "Ranking"), (other_team, "Vision"))
        ]
        memberships = [
            {"team_id": where, "user_id": ids[who], "role": role, "created_at": CREATED_AT}
            for where, who, role in (
                (team, "alice", "member"),
                (team, "bob", "manager"),
                (team, "carol", "member"),
                (other_team, "dave", "manager"),
            )
        ]
        # Bulk inserts instead of ORM objects, because over a thousand tests call this.
        connection = session.connection()
        for statement, rows in zip(_INSERTS, (users, teams, memberships), strict=True):
            connection.execute(statement, rows)
        session.commit()
        return cls(**ids, team=team, other_team=other_team)

    def actor(self, session: Session, person: uuid.UUID) -> Actor:
        user = session.get_one(User, person)
        return Actor(
            id=user.id, name=user.name, email=user.email, is_admin=user.is_admin, session=session
        )


def add_user(
    session: Session,
    name: str,
    *,
    team: uuid.UUID | None = None,
    role: str = "member",
    created_at: dt.datetime = CREATED_AT,
) -> User:
    """Add a user, as a member of `team` if given, without audit entries and notifications."""
    email = f"{name.casefold().replace(' ', '.')}@example.org"
    user = User(email=email, email_key=email, name=name, created_at=created_at)
    session.add(user)
    session.flush()
    if team is not None:
        session.add(Membership(team_id=team, user_id=user.id, role=role, created_at=created_at))
        session.flush()
    return user
