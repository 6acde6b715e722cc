"""Load a person's notifications, limited to evidence that they may see now."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.markdown import to_excerpt
from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.notifications.kind import Content, Kind, load_skill_titles
from roadmap.notifications.kinds import KINDS
from roadmap.notifications.models import Notification
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.reach import select_people
from roadmap.people.roles import Capability

PER_PAGE = 30
# Characters of a review or comment that a list entry shows.
EXCERPT_LENGTH = 160


@dataclass(frozen=True, slots=True)
class NotificationItem:
    """A notification for display."""

    id: uuid.UUID
    kind: Kind
    created_at: dt.datetime
    unread: bool
    content: Content


def unread_count() -> sa.ScalarSelect[int]:
    """Return a subquery that counts unread notifications, correlated with `user`.

    It is answered from the index alone.
    """
    return (
        sa.select(sa.func.count())
        .select_from(Notification)
        .where(Notification.user_id == User.id, Notification.read_at.is_(None))
        .correlate(User)
        .scalar_subquery()
    )


def list_notifications(
    session: Session, reader: Actor, *, unread: bool = False, page: int = 1
) -> tuple[list[NotificationItem], bool]:
    """Load a page of notifications, newest first, and whether there are older ones."""
    query = (
        _select_items(reader.id)
        # During a rolling upgrade, newer nodes can write kinds that this one does not know.
        .where(_is_visible_to(reader), Notification.kind.in_(KINDS))
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE + 1)
    )
    if unread:
        query = query.where(Notification.read_at.is_(None))
    rows = session.execute(query).all()
    titles = load_skill_titles(session, {key for row in rows for key in row.data.get("skills", ())})
    items = [_make_item(row, reader.id, titles) for row in rows[:PER_PAGE]]
    return items, len(rows) > PER_PAGE


def load_path(session: Session, notification: Notification) -> str:
    """Return the path of the page that a notification links to."""
    query = _select_items(notification.user_id).where(Notification.id == notification.id)
    item = _make_item(session.execute(query).one(), notification.user_id, {})
    return item.kind.path(item.content)


def _select_items(reader_id: uuid.UUID) -> sa.Select[Any]:
    return (
        sa.select(
            *Notification.__table__.c,
            Evidence.title,
            Evidence.user_id.label("author_id"),
            sa.func.coalesce(Review.comment, Comment.text).label("quote"),
            Team.slug,
        )
        .select_from(Notification)
        .outerjoin(Evidence, Evidence.id == Notification.evidence_id)
        .outerjoin(Review, Review.id == Notification.review_id)
        .outerjoin(Comment, Comment.id == Notification.comment_id)
        .outerjoin(Team, Team.id == Notification.team_id)
        .where(Notification.user_id == reader_id)
    )


def _is_visible_to(reader: Actor) -> sa.ColumnElement[bool]:
    """Return the SQL condition equivalent to the permission `evidence.read`."""
    own = sa.or_(Notification.evidence_id.is_(None), Evidence.user_id == reader.id)
    if Capability.SEE_SHARED not in reader.capabilities:
        return own
    # A subquery, because the number of managed people can exceed the limit of parameters.
    people = select_people(reader.id, Capability.SEE_SHARED)
    return sa.or_(own, sa.and_(is_visible(Audience.MANAGER), Evidence.user_id.in_(people)))


def _make_item(row: Any, reader_id: uuid.UUID, skill_titles: dict[str, str]) -> NotificationItem:
    data = row.data
    content = Content(
        actor_name=row.actor_name,
        own=row.evidence_id is None or row.author_id == reader_id,
        evidence_id=row.evidence_id,
        title=row.title or data.get("title", ""),
        quote=to_excerpt(row.quote or data.get("reason"), EXCERPT_LENGTH),
        team_slug=row.slug or "",
        skills=tuple((key, skill_titles.get(key, key)) for key in data.get("skills", ())),
        data=data,
    )
    return NotificationItem(row.id, KINDS[row.kind], row.created_at, row.read_at is None, content)
