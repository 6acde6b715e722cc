"""Taking back what somebody was told, once they may not know it any more. The request commits."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.mail import outbox
from roadmap.notifications.actions import MAIL_SOURCE
from roadmap.notifications.models import Notification
from roadmap.people.models import User
from roadmap.people.reach import people_of, select_holders
from roadmap.people.roles import Capability

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__
_EVIDENCE: Any = Evidence.__table__

# What a manager is told of somebody else's piece; only while they may see it.
_ABOUT_OTHERS = _ROWS.c.subject_user_id != _ROWS.c.user_id
_UNREAD = _ROWS.c.read_at.is_(None)


def retract_evidence(session: Session, evidence_id: uuid.UUID) -> None:
    """A piece is shared no more: nobody but its author has anything unread about it, or a mail
    on its way."""
    session.execute(
        sa.delete(_ROWS).where(_ABOUT_OTHERS, _UNREAD, _ROWS.c.evidence_id == evidence_id)
    )
    # The notifications about a deleted piece are deleted with it.
    outbox.withdraw_orphans(session, MAIL_SOURCE, _ROWS.c.id)


def retract_from_former_managers(session: Session, people: sa.Select[Any] | None = None) -> None:
    """What is unread goes from those who do not manage its author any more, and its mail.

    With `people`, which selects ids, only what they read, or what is about them, is looked at.
    """
    unread = sa.select(_ROWS.c.id, _ROWS.c.subject_user_id).where(_ABOUT_OTHERS, _UNREAD)
    rows = unread.cte()
    if people is not None:
        # Two lookups by index; an OR over subqueries would read the whole table.
        read_by, about = _ROWS.c.user_id.in_(people), _ROWS.c.subject_user_id.in_(people)
        rows = sa.union(unread.where(read_by), unread.where(about)).cte()
    holders = select_holders(sa.select(rows.c.subject_user_id), Capability.SEE_SHARED).subquery()
    entitled = (
        sa.select(holders.c.holder, holders.c.person)
        .join(_USERS, _USERS.c.id == holders.c.person)
        .where(_USERS.c.deactivated_at.is_(None))
    )
    strange = sa.delete(_ROWS).where(
        _ROWS.c.id.in_(sa.select(rows.c.id)),
        sa.tuple_(_ROWS.c.user_id, _ROWS.c.subject_user_id).not_in(entitled),
    )
    outbox.withdraw(session, MAIL_SOURCE, session.scalars(strange.returning(_ROWS.c.id)).all())


def may_send(session: Session, key: uuid.UUID) -> bool:
    """Whether the mail of the notification with this id may be sent: while its reader wants mail,
    and, unless it concerns themselves, while they manage that person and the piece is shared. Else
    the notification goes, but for what is merely not to be mailed.

    Whoever is taken out of a team at the moment in which somebody submits a piece is told of it:
    neither transaction sees the other. Here both are over.
    """
    row = session.execute(
        sa.select(_ROWS, _USERS.c.wants_mail)
        .join(_USERS, _USERS.c.id == _ROWS.c.user_id)
        .where(_ROWS.c.id == key)
    ).first()
    if row is None or row.subject_user_id in (None, row.user_id):
        return row is not None and bool(row.wants_mail)
    entitled = sa.and_(
        sa.exists().where(_EVIDENCE.c.id == row.evidence_id, is_visible(Audience.MANAGER)),
        sa.literal(row.subject_user_id, sa.Uuid).in_(people_of(row.user_id, Capability.SEE_SHARED)),
    )
    if session.scalar(sa.select(entitled)):
        return bool(row.wants_mail)
    # Whoever holds the row takes it back, or reads it, and waits for the mail that is held here.
    free = sa.select(_ROWS.c.id).where(_ROWS.c.id == key).with_for_update(skip_locked=True)
    session.execute(sa.delete(_ROWS).where(_ROWS.c.id.in_(free.scalar_subquery())))
    return False
