"""Delete notifications and mails that are outdated or that their reader may no longer see."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.constants import SHARED_STATES
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.mail import outbox
from roadmap.notifications.kind import Event
from roadmap.notifications.models import MAIL_SOURCE, Notification
from roadmap.people.models import Membership, User
from roadmap.people.reach import select_holders, select_people, team_tree
from roadmap.people.roles import Capability

HANDLED_ACTIONS = frozenset(
    {
        *("evidence.submitted", "evidence.withdrawn", "evidence.edited", "evidence.deleted"),
        *("evidence.verification_withdrawn", "evidence.return_withdrawn"),
        *("membership.role_changed", "membership.removed", "membership.left"),
        "managers.changed",
    }
)

# The kinds that ask for a review.
REVIEW_REQUESTS = ("submitted", "resubmitted")

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__
_MEMBERS: Any = Membership.__table__
_EVIDENCE: Any = Evidence.__table__

_ABOUT_OTHERS = _ROWS.c.subject_user_id != _ROWS.c.user_id
_UNREAD = _ROWS.c.read_at.is_(None)


def close_review_requests(
    session: Session, evidence_id: uuid.UUID, *, read_at: dt.datetime | None = None
) -> None:
    """Mark the unread review requests for evidence as read, or delete them without a `read_at`.

    Mails are always withdrawn after the rows are changed, so that concurrent transactions lock in
    the same order and cannot deadlock.
    """
    requests = sa.and_(_ROWS.c.evidence_id == evidence_id, _ROWS.c.kind.in_(REVIEW_REQUESTS))
    ids = session.scalars(sa.select(_ROWS.c.id).where(requests)).all()
    if read_at is None:
        session.execute(sa.delete(_ROWS).where(requests, _UNREAD))
    else:
        session.execute(sa.update(_ROWS).where(requests, _UNREAD).values(read_at=read_at))
    outbox.withdraw(session, MAIL_SOURCE, ids)


def retract(event: Event) -> None:
    """Delete notifications that an event made invisible to their readers."""
    session = event.session
    if event.action in ("evidence.verification_withdrawn", "evidence.return_withdrawn"):
        # The notification was deleted with the review.
        outbox.withdraw_orphans(session, MAIL_SOURCE, _ROWS.c.id)
    elif event.action.startswith("evidence."):
        # Nobody else could see a draft before its edit. Most edits are of drafts.
        edited = event.action == "evidence.edited"
        was_draft = edited and event.data["state"][0] not in SHARED_STATES
        was_draft = was_draft and "visibility" not in event.data["fields"]
        if event.action == "evidence.withdrawn":
            # The evidence stays visible if an earlier version is verified.
            close_review_requests(session, uuid.UUID(event.subject))
        if event.shared_evidence is None and not was_draft:
            about = _ROWS.c.evidence_id == uuid.UUID(event.subject)
            session.execute(sa.delete(_ROWS).where(_ABOUT_OTHERS, _UNREAD, about))
            # The database deletes the notifications about deleted evidence by cascade.
            outbox.withdraw_orphans(session, MAIL_SOURCE, _ROWS.c.id)
    elif not event.data.get("with_team"):
        _retract_from_former_managers(session, select_affected_people(event))


def select_affected_people(event: Event) -> sa.Select[Any] | None:
    """Select the people whose managers or managed people an event may have changed.

    None means everybody.
    """
    if event.action != "managers.changed":
        return sa.select(sa.literal(event.user_id, sa.Uuid))
    if (team := event.data.get("team")) is not None:
        in_team = _MEMBERS.c.team_id.in_(team_tree(team.id))
        return sa.select(_MEMBERS.c.user_id).where(in_team)
    if (person := event.data.get("person")) is not None:
        people = select_people(person, Capability.SEE_SHARED, include_deactivated=True)
        return sa.select(sa.union(people, sa.select(sa.literal(person, sa.Uuid))).subquery())
    return None


def may_send(session: Session, key: uuid.UUID) -> bool:
    """Return whether the mail may be sent; delete a notification that its reader may not see.

    The reader may have been removed from a team while another transaction notified them.
    """
    row = session.execute(
        sa.select(_ROWS, _USERS.c.wants_mail)
        .join(_USERS, _USERS.c.id == _ROWS.c.user_id)
        .where(_ROWS.c.id == key)
    ).first()
    if row is None or row.subject_user_id in (None, row.user_id):
        return row is not None and bool(row.wants_mail)
    is_shared = sa.exists().where(_EVIDENCE.c.id == row.evidence_id, is_visible(Audience.MANAGER))
    entitled = sa.and_(
        is_shared if row.evidence_id else sa.true(),
        sa.literal(row.subject_user_id, sa.Uuid).in_(
            select_people(row.user_id, Capability.SEE_SHARED)
        ),
    )
    if session.scalar(sa.select(entitled)):
        return bool(row.wants_mail)
    # A transaction that has locked the row may wait for the mail that this one has locked.
    free = sa.select(_ROWS.c.id).where(_ROWS.c.id == key).with_for_update(skip_locked=True)
    session.execute(sa.delete(_ROWS).where(_ROWS.c.id.in_(free.scalar_subquery())))
    return False


def _retract_from_former_managers(session: Session, people: sa.Select[Any] | None) -> None:
    """Delete unread notifications that their reader may no longer see.

    With `people`, only those for or about these people.
    """
    unread = sa.select(_ROWS.c.id, _ROWS.c.subject_user_id).where(_ABOUT_OTHERS, _UNREAD)
    rows = unread.cte()
    if people is not None:
        # Two index lookups. An OR over subqueries would scan the whole table.
        read_by, about = _ROWS.c.user_id.in_(people), _ROWS.c.subject_user_id.in_(people)
        rows = sa.union(unread.where(read_by), unread.where(about)).cte()
    holders = select_holders(sa.select(rows.c.subject_user_id), Capability.SEE_SHARED).subquery()
    entitled = (
        sa.select(holders.c.holder, holders.c.person)
        .join(_USERS, _USERS.c.id == holders.c.person)
        .where(_USERS.c.deactivated_at.is_(None))
    )
    unentitled = sa.delete(_ROWS).where(
        _ROWS.c.id.in_(sa.select(rows.c.id)),
        sa.tuple_(_ROWS.c.user_id, _ROWS.c.subject_user_id).not_in(entitled),
    )
    outbox.withdraw(session, MAIL_SOURCE, session.scalars(unentitled.returning(_ROWS.c.id)).all())
