"""Rows of evidence for portfolio tests."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy.orm import Session

from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceSkill,
    EvidenceVersion,
    Impact,
    Review,
)
from roadmap.portfolio.models import Portfolio, PortfolioItem
from roadmap.portfolio.selection import blank_portfolio

MOMENT = dt.datetime(2026, 6, 1, 9, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 5, 4)


def add(
    session: Session,
    user_id: uuid.UUID,
    title: str = "A design",
    *,
    visibility: str = "portfolio",
    state: str = "draft",
    at: int | None = None,
    milestones: tuple[str, ...] = (),
    skills: tuple[str, ...] = (),
    impacts: tuple[dict[str, str], ...] = (),
    **substance: Any,
) -> Evidence:
    """Add evidence with its first version; `at` is its position in the portfolio."""
    evidence = Evidence(
        user_id=user_id,
        title=title,
        visibility=visibility,
        state=state,
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    session.add(evidence)
    session.flush()
    evidence.current_id = version(session, evidence, impacts=impacts, **substance).id
    for position, key in enumerate(milestones):
        session.add(
            EvidenceMilestone(
                evidence_id=evidence.id,
                milestone_key=key,
                user_id=user_id,
                position=position,
                created_at=MOMENT,
            )
        )
    for key in skills:
        session.add(EvidenceSkill(evidence_id=evidence.id, skill_key=key, user_id=user_id))
    if at is not None:
        choose(session, evidence, at)
    session.flush()
    return evidence


def choose(session: Session, evidence: Evidence, at: int = 0) -> None:
    """Put evidence at a position in its author's first portfolio."""
    owner = evidence.user_id
    portfolio(session, owner)
    session.add(
        PortfolioItem(portfolio_id=owner, user_id=owner, evidence_id=evidence.id, position=at)
    )


def portfolio(session: Session, user_id: uuid.UUID, **values: Any) -> Portfolio:
    """Return a person's first portfolio, with the given values set."""
    found = session.get(Portfolio, user_id) or blank_portfolio(user_id, MOMENT)
    for name, value in values.items():
        setattr(found, name, value)
    session.add(found)
    session.flush()
    return found


def version(
    session: Session,
    evidence: Evidence,
    *,
    number: int = 1,
    impacts: tuple[dict[str, str], ...] = (),
    **substance: Any,
) -> EvidenceVersion:
    """Add a version of evidence without making it current."""
    values = {"kind": "design_doc", "occurred_on": DAY, **substance}
    row = EvidenceVersion(
        evidence_id=evidence.id,
        user_id=evidence.user_id,
        number=number,
        created_at=MOMENT,
        **values,
    )
    session.add(row)
    session.flush()
    for position, impact in enumerate(impacts):
        session.add(
            Impact(version_id=row.id, user_id=evidence.user_id, position=position, **impact)
        )
    session.flush()
    return row


def verify(
    session: Session,
    evidence: Evidence,
    reviewer: uuid.UUID,
    *,
    name: str = "Bob",
    milestones: tuple[str, ...] = (),
    comment: str = "",
) -> None:
    """Mark the current version as verified, as a review does."""
    review = Review(
        user_id=evidence.user_id,
        evidence_id=evidence.id,
        version_id=evidence.current_id,
        reviewer_id=reviewer,
        reviewer_name=name,
        title=evidence.title,
        decision="verified",
        comment=comment,
        decided_at=MOMENT,
    )
    session.add(review)
    session.flush()
    evidence.verified_version_id = evidence.current_id
    evidence.state = "verified"
    for key in milestones:
        session.add(
            Confirmation(
                version_id=evidence.current_id,
                milestone_key=key,
                user_id=evidence.user_id,
                review_id=review.id,
                confirmed_at=MOMENT,
            )
        )
    session.flush()
