"""Reading evidence: what counts for readiness, and one piece with its whole history."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, selectinload

from roadmap.catalog.models import Milestone
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    Impact,
    Review,
)
from roadmap.evidence.targets import Target, skill_titles, targets
from roadmap.people.models import Membership

# --- What counts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountedPiece:
    """A piece as readiness counts it: of the verified version where there is one, else the current.

    `milestones` in the author's order; `impacts` are (type, metric, result, unit).
    """

    id: str
    title: str
    kind: str
    occurred_on: dt.date
    expires_on: dt.date | None
    state: str
    visibility: str
    verified: bool
    milestones: tuple[str, ...]
    confirmed: frozenset[str]
    impacts: tuple[tuple[str, str, str, str], ...]


def counted(session: Session, user_id: uuid.UUID) -> list[CountedPiece]:
    """All pieces of a person, oldest first, in one statement: it runs within every tick."""
    query = _counted(session.get_bind().dialect.name)
    pieces = []
    for row in session.execute(query, {"user_id": user_id}):
        (
            piece_id,
            title,
            kind,
            occurred_on,
            expires_on,
            state,
            visibility,
            verified_id,
            links,
            impacts,
        ) = row
        links = sorted(links or ())
        pieces.append(
            CountedPiece(
                str(piece_id),
                title,
                kind,
                occurred_on,
                expires_on,
                state,
                visibility,
                verified_id is not None,
                tuple(key for _position, key, _confirmed in links),
                frozenset(key for _position, key, confirmed in links if confirmed),
                tuple(tuple(values) for _position, *values in sorted(impacts or ())),
            )
        )
    return pieces


@lru_cache(maxsize=4)
def _counted(dialect: str) -> sa.Select[Any]:
    """The statement of `counted`. The two databases spell JSON aggregation differently."""
    if dialect == "sqlite":
        rows, row = sa.func.json_group_array, sa.func.json_array
    else:
        rows, row = sa.func.json_agg, sa.func.json_build_array

    def gathered(*columns: Any) -> Any:
        # SQLite hands JSON between its functions by a mark on the value, so they stay nested.
        return sa.select(rows(row(*columns), type_=sa.JSON))

    links = (
        gathered(
            EvidenceMilestone.position,
            EvidenceMilestone.milestone_key,
            Confirmation.review_id.is_not(None),
        )
        .select_from(EvidenceMilestone)
        .outerjoin(
            Confirmation,
            sa.and_(
                Confirmation.version_id == Evidence.verified_version_id,
                Confirmation.milestone_key == EvidenceMilestone.milestone_key,
            ),
        )
        .where(EvidenceMilestone.evidence_id == Evidence.id)
        .correlate(Evidence)
        .scalar_subquery()
    )
    impacts = (
        gathered(Impact.position, Impact.type, Impact.metric, Impact.result, Impact.unit)
        .where(Impact.version_id == EvidenceVersion.id)
        .correlate(EvidenceVersion)
        .scalar_subquery()
    )
    return (
        sa.select(
            Evidence.id,
            Evidence.title,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.expires_on,
            Evidence.state,
            Evidence.visibility,
            Evidence.verified_version_id,
            links,
            impacts,
        )
        .join(EvidenceVersion, EvidenceVersion.id == counting_version_id())
        .where(Evidence.user_id == sa.bindparam("user_id"))
        .order_by(Evidence.created_at, Evidence.id)
    )


def counting_version_id() -> sa.ColumnElement[Any]:
    """The last verified version counts until a newer one is judged; without one, the current."""
    return sa.func.coalesce(Evidence.verified_version_id, Evidence.current_id)


# --- One piece ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judgement:
    """A review: who said what about which version, and what was confirmed."""

    version: int
    decision: str
    reviewer: str
    comment: str
    decided_at: dt.datetime
    confirmed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """A piece with everything that its page shows."""

    evidence: Evidence
    versions: tuple[EvidenceVersion, ...]
    milestones: tuple[Target, ...]
    confirmed: frozenset[str]
    skills: tuple[tuple[str, str], ...]
    judgements: tuple[Judgement, ...]
    verified_number: int | None


def detail(session: Session, evidence: Evidence) -> Detail:
    """Everything about one piece that `access.load` handed out. Statements do not grow with it."""
    versions = tuple(
        session.scalars(
            sa.select(EvidenceVersion)
            .where(EvidenceVersion.evidence_id == evidence.id)
            .order_by(EvidenceVersion.number.desc())
            .options(selectinload(EvidenceVersion.impacts))
        )
    )
    numbers = {version.id: version.number for version in versions}
    reviews = session.scalars(
        sa.select(Review)
        .where(Review.evidence_id == evidence.id)
        .order_by(Review.decided_at.desc(), Review.id.desc())
    ).all()
    confirmations = session.execute(
        sa.select(
            Confirmation.version_id,
            Confirmation.review_id,
            Confirmation.milestone_key,
            Milestone.title,
        )
        .join(Milestone, Milestone.key == Confirmation.milestone_key)
        .where(Confirmation.version_id.in_(numbers))
        .order_by(Milestone.title)
    ).all()
    return Detail(
        evidence=evidence,
        versions=versions,
        milestones=targets(session, [row.milestone_key for row in evidence.links]),
        confirmed=frozenset(
            row.milestone_key
            for row in confirmations
            if row.version_id == evidence.verified_version_id
        ),
        skills=skill_titles(session, [row.skill_key for row in evidence.skills]),
        judgements=tuple(
            Judgement(
                version=numbers[review.version_id],
                decision=review.decision,
                reviewer=review.reviewer_name,
                comment=review.comment,
                decided_at=review.decided_at,
                confirmed=tuple(row.title for row in confirmations if row.review_id == review.id),
            )
            for review in reviews
        ),
        verified_number=(
            numbers.get(evidence.verified_version_id) if evidence.verified_version_id else None
        ),
    )


def has_reviewer(session: Session, user_id: uuid.UUID) -> bool:
    """Whether anybody manages a team of this person, so that somebody could review."""
    own, other = aliased(Membership), aliased(Membership)
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    own.user_id == user_id,
                    other.team_id == own.team_id,
                    other.role == "manager",
                    other.user_id != user_id,
                )
            )
        )
    )
