"""Who one is, and in which teams."""

from __future__ import annotations

import uuid
from typing import Annotated

from flask import g

from roadmap.accounts.api_tokens import Bearer
from roadmap.accounts.models import SCOPES
from roadmap.api.fields import Moment, OneOf, Shape
from roadmap.api.operation import Answer, operation, person
from roadmap.core.database import db
from roadmap.people.models import ROLES
from roadmap.people.queries import memberships


class OwnTeam(Shape):
    """A team that one is in."""

    slug: str
    name: str
    role: Annotated[str, OneOf(ROLES)]


class TokenShape(Shape):
    """The token that the request was made with."""

    name: str
    scope: Annotated[str, OneOf(SCOPES)]
    expires_at: Moment | None


class Me(Shape):
    """The person of the token."""

    id: uuid.UUID
    name: str
    email: str
    timezone: str
    locale: str
    is_admin: bool
    teams: list[OwnTeam]
    token: TokenShape


@operation("You", answers={200: Me}, has_etag=True)
def me() -> Answer:
    """The person of the token, and their teams."""
    actor, token = person(), _token()
    teams = [
        OwnTeam(slug=team.slug, name=team.name, role=role)
        for team, role in memberships(db.session, actor.id)
    ]
    return Answer(
        Me(
            id=actor.id,
            name=actor.name,
            email=actor.email,
            timezone=actor.timezone,
            locale=actor.locale,
            is_admin=actor.is_admin,
            teams=teams,
            token=TokenShape(
                name=token.name,
                scope=token.scope,
                expires_at=token.expires_at,
            ),
        )
    )


def _token() -> Bearer:
    token: Bearer = g.token
    return token
