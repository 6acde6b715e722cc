"""Where accounts listen: a change of what somebody may do ends their sessions, and the end of a
team ends what invited to it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.accounts.actions import end_sessions
from roadmap.accounts.invitations import revoke
from roadmap.accounts.models import Invitation
from roadmap.core.signals import person_changed, team_ends
from roadmap.people.models import Team


def _person_changed(session: Session, *, user_id: uuid.UUID, action: str, **_more: Any) -> None:
    if action == "membership.role_changed":
        end_sessions(session, user_id)


def _team_ends(
    session: Session, *, team: Team, by: uuid.UUID | None, now: dt.datetime, **_more: Any
) -> None:
    """Its invitations end as if somebody had revoked them: the rows go with the team, but not
    their mails, nor what people were told."""
    open_ones = sa.select(Invitation).where(
        Invitation.team_id == team.id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
    for invitation in session.scalars(open_ones).all():
        revoke(session, invitation, by=by, now=now)


def listen() -> None:
    """Connects the listeners; more than once is no harm."""
    person_changed.connect(_person_changed)
    team_ends.connect(_team_ends)
