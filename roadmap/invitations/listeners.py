"""Revoke the open invitations of deleted teams."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.signals import team_deleting
from roadmap.invitations.actions import revoke
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import IS_OPEN
from roadmap.people.models import Team


@team_deleting.connect
def _revoke_invitations_of_team(
    session: Session, *, team: Team, by: uuid.UUID | None, now: dt.datetime, **_more: Any
) -> None:
    """Revoke the invitations of a team that is about to be deleted.

    Deleting the team deletes their rows, but not their mails and notifications.
    """
    of_team = sa.select(Invitation).where(Invitation.team_id == team.id, IS_OPEN)
    for invitation in session.scalars(of_team).all():
        revoke(session, invitation, by=by, now=now)
