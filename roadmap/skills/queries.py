"""Load the latest assessments of each side, and the history of a skill."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from roadmap.people.labels import reviewer_label
from roadmap.progress.queries import own_and_other_roadmaps
from roadmap.skills.models import Assessment, AssessmentRequest, ImportedAssessment
from roadmap.skills.rules import AssessedLevel, SkillComparison

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Skill

# After this time, an unanswered request can be repeated.
REQUEST_LIFETIME = dt.timedelta(days=7)

# Ids increase over time, so they order assessments with equal timestamps.
NEWEST_FIRST = (Assessment.assessed_at.desc(), Assessment.id.desc())


def ranked_assessments(
    condition: sa.ColumnElement[bool], *extra_columns: InstrumentedAttribute[Any]
) -> sa.Subquery:
    """Return a subquery of assessments ranked by recency within user, skill and side.

    The columns are `user_id, skill_key, side, level`, the `extra_columns`, and `place`, which is 1
    for the latest.
    """
    return (
        sa.select(
            Assessment.user_id,
            Assessment.skill_key,
            Assessment.side,
            Assessment.level,
            *extra_columns,
            sa.func.row_number()
            .over(
                partition_by=(Assessment.user_id, Assessment.skill_key, Assessment.side),
                order_by=NEWEST_FIRST,
            )
            .label("place"),
        )
        .where(condition)
        .subquery()
    )


_ranked = ranked_assessments(Assessment.user_id == sa.bindparam("user_id"), Assessment.id)
_LATEST = (
    sa.select(Assessment).join(_ranked, _ranked.c.id == Assessment.id).where(_ranked.c.place == 1)
)


def distinct_skills(roadmaps: Iterable[Content]) -> dict[str, Skill]:
    """Return the skills of these roadmaps by key, each from the first roadmap that has it."""
    found: dict[str, Skill] = {}
    for roadmap in roadmaps:
        for skill in roadmap.skills:
            found.setdefault(skill.key, skill)
    return found


def load_user_skills(session: Session, user_id: uuid.UUID) -> dict[str, Skill]:
    """Return the skills of a user's roadmaps by key, those of the primary one first."""
    own, _others = own_and_other_roadmaps(session, user_id)
    return distinct_skills(own)


def known_skills(session: Session, user_id: uuid.UUID, *, slug: str = "") -> dict[str, Skill]:
    """Return every published skill by key, those of the user's roadmaps first.

    With `slug`, that roadmap of the user takes precedence over the primary one.
    """
    own, others = own_and_other_roadmaps(session, user_id)
    return distinct_skills([*sorted(own, key=lambda each: each.slug != slug), *others])


def latest_assessments(
    session: Session, user_id: uuid.UUID
) -> tuple[dict[str, AssessedLevel], dict[str, AssessedLevel]]:
    """Load the latest self-assessments and managers' assessments by skill. One statement."""
    own: dict[str, AssessedLevel] = {}
    other: dict[str, AssessedLevel] = {}
    for row in session.scalars(_LATEST, {"user_id": user_id}):
        (own if row.side == "self" else other)[row.skill_key] = _level(row)
    return own, other


def compare_skills(
    session: Session, user_id: uuid.UUID, skills: Iterable[Skill]
) -> dict[str, SkillComparison]:
    """Load the comparison of assessments for each of these skills, by key. One statement."""
    own, other = latest_assessments(session, user_id)
    return {s.key: SkillComparison(own.get(s.key), other.get(s.key), s.bar) for s in skills}


def latest_by_assessor(
    session: Session, assessor_id: uuid.UUID, user_id: uuid.UUID, skill_key: str
) -> AssessedLevel | None:
    """Load this assessor's latest assessment of a user's skill."""
    row = session.scalars(
        sa.select(Assessment)
        .where(
            Assessment.user_id == user_id,
            Assessment.skill_key == skill_key,
            Assessment.side == "manager",
            Assessment.assessor_id == assessor_id,
        )
        .order_by(*NEWEST_FIRST)
        .limit(1)
    ).first()
    return _level(row) if row else None


def _level(row: Assessment) -> AssessedLevel:
    return AssessedLevel(
        row.level,
        row.assessed_at,
        reviewer_label(row.assessor_name, row.added_by_author, row.by_token),
        row.comment,
        row.added_by_author,
        row.by_token,
        is_assessor_deleted=row.assessor_id is None,
    )


def find_open_request(
    session: Session, user_id: uuid.UUID, skill_key: str, *, now: dt.datetime
) -> dt.datetime | None:
    """Return when a user asked for an assessment, unless it was given or is long ago."""
    return session.scalar(
        sa.select(AssessmentRequest.requested_at).where(
            AssessmentRequest.user_id == user_id,
            AssessmentRequest.skill_key == skill_key,
            AssessmentRequest.requested_at > now - REQUEST_LIFETIME,
        )
    )


def imported_assessments(
    session: Session, user_id: uuid.UUID, skill_key: str
) -> Sequence[ImportedAssessment]:
    """Load the assessments imported from archives, newest first."""
    imported = ImportedAssessment
    return session.scalars(
        sa.select(imported)
        .where(imported.user_id == user_id, imported.skill_key == skill_key)
        .order_by(imported.assessed_at.desc(), imported.id.desc())
        .limit(50)
    ).all()


def history(
    session: Session,
    user_id: uuid.UUID,
    skill_key: str,
    *,
    side: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Sequence[Assessment]:
    """Load the assessments of a skill, newest first.

    `side` limits them to `self` or `manager`, because comments on self-assessments are private.
    """
    query = sa.select(Assessment).where(
        Assessment.user_id == user_id, Assessment.skill_key == skill_key
    )
    if side is not None:
        query = query.where(Assessment.side == side)
    return session.scalars(query.order_by(*NEWEST_FIRST).limit(limit).offset(offset)).all()
