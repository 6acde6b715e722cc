"""Builders of evidence for tests."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions, review_actions
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.rules import EvidenceInput
from tests.support.cast import Cast
from tests.support.catalog import fitting_milestone

# Milestones of the shipped roadmap. A design document can prove all of them except MENTOR.
DESIGN = "design-doc-for-complex-system"
LEVELS = "hold-ml-service-levels"
PIPELINE = "data-pipeline-with-contracts"
MENTOR = "mentor-a-junior-engineer"
LATENCY = Impact("scale", "p99 latency", "180", "45", "ms", "https://example.org/dashboard")


def evidence_input(**changes: Any) -> EvidenceInput:
    """Return a complete design document with some fields replaced."""
    values: dict[str, Any] = {
        "kind": "design_doc",
        "title": "Feature store design",
        "occurred_on": PartialDate("2026-03-02"),
        "url": "https://example.org/feature-store",
        "description": "How features reach *training* and serving alike.",
        "role": "Author",
        **changes,
    }
    return EvidenceInput(**values)


def add_evidence(
    session: Session,
    cast: Cast,
    person: uuid.UUID,
    now: dt.datetime,
    *,
    milestones: Sequence[str] | None = None,
    skills: Sequence[str] = (),
    **changes: Any,
) -> Evidence:
    """Create and commit evidence, by default linked to a milestone that it can prove."""
    values = evidence_input(**changes)
    if milestones is None:
        milestones = [fitting_milestone(session, values.kind)]
    evidence = actions.create(
        session,
        person,
        values,
        milestones=milestones,
        skills=skills,
        by=cast.actor(session, person),
        now=now,
    )
    session.commit()
    return evidence


def all_evidence(session: Session) -> Sequence[Evidence]:
    """Return all evidence as it is in the database."""
    session.expire_all()
    return session.scalars(sa.select(Evidence)).all()


def submit_evidence(session: Session, cast: Cast, evidence: Evidence, now: dt.datetime) -> None:
    """Submit evidence for review as its author, and commit."""
    actions.submit(session, evidence, by=cast.actor(session, evidence.user_id), now=now)
    session.commit()


def review_evidence(
    session: Session,
    cast: Cast,
    evidence: Evidence,
    now: dt.datetime,
    *,
    decision: str = "verified",
    milestones: Sequence[str] | None = None,
) -> Review:
    """Review the current version as Bob, and commit."""
    review = review_actions.decide(
        session,
        evidence,
        decision,
        "Read twice.",
        milestones,
        version_id=evidence.current.id,
        by=cast.actor(session, cast.bob),
        now=now,
    )
    session.commit()
    return review
