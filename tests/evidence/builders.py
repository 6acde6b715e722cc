"""Builders of evidence for the tests of this room."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions, review_actions
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.rules import EvidenceInput
from tests.support.cast import Cast
from tests.support.catalog import fitting_milestone

# Two milestones of the shipped roadmap that a design document can prove, and one that it cannot.
DESIGN = "design-doc-for-complex-system"
LEVELS = "hold-ml-service-levels"
# A third milestone that it can prove.
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
    said = evidence_input(**changes)
    if milestones is None:
        milestones = [fitting_milestone(session, said.kind)]
    evidence = actions.create(
        session,
        person,
        said,
        milestones=milestones,
        skills=skills,
        by=cast.actor(session, person),
        now=now,
    )
    session.commit()
    return evidence


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
