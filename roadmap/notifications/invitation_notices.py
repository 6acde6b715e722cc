"""Telling who comes into a team: the invited, and who invited them.

None of it is mailed. Each row is about its reader, so that it is theirs whoever leads whom.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.models import Notification
from roadmap.people.models import Team, User

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__


def _is_invitation_to(team_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _ROWS.c.kind == "invited", _ROWS.c.team_id == team_id


def notify_invited(
    session: Session, person: User, team: Team | None, *, actor_name: str, now: dt.datetime
) -> None:
    """One unread line for each team. The invitation itself is mailed by whoever made it; its
    token is kept nowhere."""
    if team is not None:
        session.execute(
            sa.delete(_ROWS).where(
                _ROWS.c.user_id == person.id,
                *_is_invitation_to(team.id),
                _ROWS.c.read_at.is_(None),
            )
        )
    create_notifications(
        session, [person], "invited", about=person, actor_name=actor_name, now=now, mails=False,
        team_id=team.id if team else None, team=team.name if team else "",
    )  # fmt: skip


def remove_invitation_notices(
    session: Session,
    team_id: uuid.UUID,
    *,
    user_id: uuid.UUID | None = None,
    email_key: str = "",
) -> None:
    """The line goes, read or not: there is nothing left to open, or the person is in the team."""
    persons = sa.select(_USERS.c.id).where(
        sa.or_(
            _USERS.c.id == user_id if user_id else sa.false(),
            _USERS.c.email_key == email_key if email_key else sa.false(),
        )
    )
    session.execute(
        sa.delete(_ROWS).where(_ROWS.c.user_id.in_(persons), *_is_invitation_to(team_id))
    )


def notify_joined(
    session: Session,
    inviter: User,
    person: User,
    team: Team | None,
    role: str,
    *,
    now: dt.datetime,
) -> None:
    """Whoever invited learns that it was accepted; without a team it was to an account alone."""
    create_notifications(
        session, [inviter], "joined", about=inviter, actor_name=person.name, now=now, mails=False,
        actor_id=person.id, team_id=team.id if team else None,
        team=team.name if team else "", role=role,
    )  # fmt: skip
