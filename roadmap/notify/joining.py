"""Telling who comes into a team: the invited, and who invited them.

None of it is mailed. Each row is about its reader, so that it is theirs whoever leads whom.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.notify.actions import tell
from roadmap.notify.models import Notification
from roadmap.people.models import Team, User

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__


def _of_team(team_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _ROWS.c.kind == "invited", _names("team_id", str(team_id))


def invited(
    session: Session, person: User, team: Team | None, *, by_name: str, now: dt.datetime
) -> None:
    """One unread line for each team. The invitation itself is mailed by whoever made it; its
    token is kept nowhere."""
    if team is not None:
        session.execute(
            sa.delete(_ROWS).where(
                _ROWS.c.user_id == person.id,
                *_of_team(team.id),
                _ROWS.c.read_at.is_(None),
            )
        )
    tell(
        session, [person], "invited", about=person, by_name=by_name, now=now, mails=False,
        team=team.name if team else "", team_id=str(team.id) if team else "",
    )  # fmt: skip


def no_longer_invited(
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
    session.execute(sa.delete(_ROWS).where(_ROWS.c.user_id.in_(persons), *_of_team(team_id)))


def joined(
    session: Session,
    inviter: User,
    person: User,
    team: Team | None,
    role: str,
    *,
    now: dt.datetime,
) -> None:
    """Whoever invited learns that it was accepted; without a team it was to an account alone."""
    tell(
        session, [inviter], "joined", about=inviter, by_name=person.name, now=now, mails=False,
        team=team.name if team else "", slug=team.slug if team else "", role=role,
    )  # fmt: skip


def team_ends(session: Session, team: Team) -> None:
    """What is said of a team goes with it, read or not: its links would lead to nothing."""
    said = sa.or_(
        sa.and_(_ROWS.c.kind.in_(("invited", "leads")), _names("team_id", str(team.id))),
        sa.and_(_ROWS.c.kind == "joined", _names("slug", team.slug)),
    )
    session.execute(sa.delete(_ROWS).where(said))


def _names(key: str, value: str) -> sa.ColumnElement[bool]:
    named: sa.ColumnElement[bool] = _ROWS.c.data[key].as_string() == value
    return named
