"""Reading notifications: one's own, and of others' pieces only what one may see at this moment."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Skill
from roadmap.core.markdown import to_excerpt
from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.notifications.models import Notification
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.reach import people_of
from roadmap.people.roles import Capability

PER_PAGE = 30
# As much of what somebody said as fits beside a line.
EXCERPT_LENGTH = 160

_ROWS: Any = Notification.__table__
_EVIDENCE: Any = Evidence.__table__
_USERS: Any = User.__table__
_REVIEWS: Any = Review.__table__
_COMMENTS: Any = Comment.__table__
_TEAMS: Any = Team.__table__


@dataclass(frozen=True, slots=True)
class NotificationItem:
    """A notification as it is shown. `mine` says whether the piece is the reader's own.

    `words` are the first of what was said: in the review, or in the comment.
    """

    id: uuid.UUID
    kind: str
    actor_name: str
    created_at: dt.datetime
    unread: bool
    evidence_id: uuid.UUID | None
    title: str
    mine: bool
    words: str
    team: str
    role: str
    # Whether it is said of a team that one of the reader's is nested in.
    within: bool
    slug: str
    skills: tuple[tuple[str, str], ...]

    @property
    def target(self) -> str:
        """The path of the page that it is about."""
        skills = [key for key, _title in self.skills]
        return target_path(self.kind, self.evidence_id, skills, self.mine, self.slug)


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """A page of lines, the newest first; `more` says whether older ones follow."""

    lines: tuple[NotificationItem, ...]
    more: bool


def target_path(
    kind: str, evidence_id: uuid.UUID | None, skills: Sequence[str], mine: bool, slug: str = ""
) -> str:
    """Where a notification leads: to one's own piece, to the review of another's, or elsewhere."""
    if evidence_id is not None:
        return f"/evidence/{evidence_id}" if mine else f"/reviews/{evidence_id}"
    if kind == "assessed":
        return f"/skills/{skills[0]}" if len(skills) == 1 else "/skills"
    if kind == "joined":
        return f"/teams/{slug}/members" if slug else "/admin/people"
    return "/teams"


def find_target(session: Session, row: Notification) -> str:
    """Return the path of the page that a notification is about."""
    slug = session.scalar(sa.select(_TEAMS.c.slug).where(_TEAMS.c.id == row.team_id)) or ""
    mine = row.subject_user_id == row.user_id
    return target_path(row.kind, row.evidence_id, row.data.get("skills", ()), mine, slug)


def unread_count() -> sa.ScalarSelect[int]:
    """How many wait unread, for a statement that selects from `user`; read from the index."""
    return (
        sa.select(sa.func.count())
        .select_from(_ROWS)
        .where(_ROWS.c.user_id == _USERS.c.id, _ROWS.c.read_at.is_(None))
        .correlate(_USERS)
        .scalar_subquery()
    )


def list_notifications(
    session: Session, reader: Actor, *, unread: bool = False, page: int = 1
) -> NotificationPage:
    """One page of what somebody was told, in one statement (and one for names of skills)."""
    query = (
        sa.select(
            _ROWS,
            _EVIDENCE.c.title,
            _EVIDENCE.c.user_id.label("author_id"),
            _REVIEWS.c.comment.label("said"),
            _COMMENTS.c.text.label("written"),
            _TEAMS.c.slug,
        )
        .select_from(_ROWS)
        .outerjoin(_EVIDENCE, _EVIDENCE.c.id == _ROWS.c.evidence_id)
        .outerjoin(_REVIEWS, _REVIEWS.c.id == _ROWS.c.review_id)
        .outerjoin(_COMMENTS, _COMMENTS.c.id == _ROWS.c.comment_id)
        .outerjoin(_TEAMS, _TEAMS.c.id == _ROWS.c.team_id)
        .where(_ROWS.c.user_id == reader.id, _is_visible_to(reader))
        .order_by(_ROWS.c.created_at.desc(), _ROWS.c.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE + 1)
    )
    if unread:
        query = query.where(_ROWS.c.read_at.is_(None))
    rows = session.execute(query).all()
    titles = _skill_titles(session, {key for row in rows for key in row.data.get("skills", ())})
    return NotificationPage(
        tuple(_notification_item(row, reader, titles) for row in rows[:PER_PAGE]),
        len(rows) > PER_PAGE,
    )


def _is_visible_to(reader: Actor) -> sa.ColumnElement[bool]:
    """`evidence.read` of the permission table, as a condition: one's own, and what is shared by
    somebody whom one manages."""
    own = sa.or_(_ROWS.c.evidence_id.is_(None), _EVIDENCE.c.user_id == reader.id)
    if Capability.SEE_SHARED not in reader.capabilities:
        return own
    # A subquery, because the head of a company manages more people than a statement has parameters.
    people = people_of(reader.id, Capability.SEE_SHARED)
    return sa.or_(own, sa.and_(is_visible(Audience.MANAGER), _EVIDENCE.c.user_id.in_(people)))


def _notification_item(row: Any, reader: Actor, titles: dict[str, str]) -> NotificationItem:
    return NotificationItem(
        id=row.id,
        kind=row.kind,
        actor_name=row.actor_name,
        created_at=row.created_at,
        unread=row.read_at is None,
        evidence_id=row.evidence_id,
        title=row.title or "",
        mine=row.author_id == reader.id,
        words=to_excerpt(row.said or row.written, EXCERPT_LENGTH),
        team=row.data.get("team", ""),
        role=row.data.get("role", ""),
        within=row.data.get("within", False),
        slug=row.slug or "",
        skills=tuple((key, titles.get(key, key)) for key in row.data.get("skills", ())),
    )


def _skill_titles(session: Session, keys: set[str]) -> dict[str, str]:
    if not keys:
        return {}
    rows = session.execute(sa.select(Skill.key, Skill.title).where(Skill.key.in_(keys)))
    return {row.key: row.title for row in rows}
