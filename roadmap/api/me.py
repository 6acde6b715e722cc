"""The owner of the API token, their teams and their archive."""

from __future__ import annotations

import uuid
from typing import Annotated

from flask import Response, g

from roadmap.api.field_types import OneOf, Shape, Timestamp
from roadmap.api.operation import current_actor, operation
from roadmap.archive.download import MIME_TYPE, archive_response
from roadmap.auth.models import SCOPES
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.people.queries import memberships
from roadmap.people.roles import ROLES


class OwnTeam(Shape):
    """A team that you are in."""

    slug: str
    name: str
    role: Annotated[str, OneOf(tuple(ROLES))]


class TokenShape(Shape):
    """The token of the request."""

    name: str
    scope: Annotated[str, OneOf(SCOPES)]
    expires_at: Timestamp | None


class Me(Shape):
    """The owner of the token."""

    id: uuid.UUID
    name: str
    email: str
    timezone: str
    locale: str
    is_admin: bool
    teams: list[OwnTeam]
    token: TokenShape


@operation("You", has_etag=True)
def me() -> Me:
    """Return the owner of the token and their teams."""
    actor = current_actor()
    teams = [
        OwnTeam(slug=team.slug, name=team.name, role=role)
        for team, role in memberships(db.session, actor.id)
    ]
    shown = TokenShape(
        name=actor.token_name, scope=actor.scope or "", expires_at=g.token_expires_at
    )
    return Me.model_validate({**vars(actor), "teams": teams, "token": shown})


@operation("You", answers={200: None}, files=(MIME_TYPE,))
def download_archive() -> Response:
    """Download all your data as a ZIP. Not available to tokens that can only read."""
    return archive_response(current_actor(), now=now())
