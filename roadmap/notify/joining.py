"""Telling who comes into a team: the invited, who invited them, and those whom a manager now sees.

None of it is mailed. Each row is about its reader, so that it is theirs whoever leads whom.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.notify.actions import tell
from roadmap.notify.models import Notification
from roadmap.people.models import Membership, Team, User
from roadmap.people.queries import nested_in

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__
_MEMBERS: Any = Membership.__table__


def _of_team(kind: str, team_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _ROWS.c.kind == kind, _ROWS.c.data["team_id"].as_string() == str(team_id)


def invited(
    session: Session, person: User, team: Team | None, *, by_name: str, now: dt.datetime
) -> None:
    """One unread line for each team. The invitation itself is mailed by whoever made it; its
    token is kept nowhere."""
    if team is not None:
        session.execute(
            sa.delete(_ROWS).where(
                _ROWS.c.user_id == person.id,
                *_of_team("invited", team.id),
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
    session.execute(
        sa.delete(_ROWS).where(_ROWS.c.user_id.in_(persons), *_of_team("invited", team_id))
    )


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


def leads(
    session: Session,
    manager: User,
    team: Team,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Everybody in the team, and in those nested in it, learns who sees now what they share.

    Not the manager, nor whoever made them one. The statements do not grow with the people.
    """
    leads_no_more(session, manager.id, team.id)
    outside = sa.func.min(sa.case((_MEMBERS.c.team_id == team.id, 0), else_=1))
    readers = session.execute(
        sa.select(_MEMBERS.c.user_id, outside.label("within"))
        .join_from(_MEMBERS, _USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .where(
            _MEMBERS.c.team_id.in_(nested_in(team.id)),
            _MEMBERS.c.user_id.not_in([each for each in (manager.id, by) if each]),
            _USERS.c.deactivated_at.is_(None),
        )
        .group_by(_MEMBERS.c.user_id)
    ).all()
    said = {"team": team.name, "team_id": str(team.id), "manager": str(manager.id)}
    rows = [
        {
            "id": new_id(),
            "user_id": row.user_id,
            "kind": "leads",
            "about_id": row.user_id,
            "evidence_id": None,
            "by_name": manager.name,
            "data": {**said, "within": bool(row.within)},
            "created_at": now,
        }
        for row in readers
    ]
    if rows:
        session.execute(sa.insert(_ROWS), rows)


def leads_no_more(session: Session, manager_id: uuid.UUID, team_id: uuid.UUID) -> None:
    """What is unread of somebody leading a team goes: it is true no more, or said anew."""
    session.execute(
        sa.delete(_ROWS).where(
            *_of_team("leads", team_id),
            _ROWS.c.data["manager"].as_string() == str(manager_id),
            _ROWS.c.read_at.is_(None),
        )
    )
