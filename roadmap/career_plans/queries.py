"""Load the content of this room, and a person's own plans and reflections."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career_plans.models import CareerPlan, Reflection
from roadmap.catalog.queries import published_roadmaps
from roadmap.progress.queries import enrollments

if TYPE_CHECKING:
    from roadmap.career_plans.content import CareerContent


@dataclass(frozen=True, slots=True)
class MilestoneLink:
    title: str
    href: str


@cache
def career_content() -> CareerContent:
    """Return the content of this room, read once a process."""
    # Pydantic comes with the first content that is read: the start does not wait for it.
    from roadmap.career_plans.content import CareerContent
    from roadmap.catalog.files import read_as

    return read_as(Path(__file__).parent / "content.yaml", CareerContent)


def milestone_links(
    session: Session, user_id: uuid.UUID, keys: Iterable[str]
) -> list[MilestoneLink]:
    """Return where milestones stand: on a roadmap that the person is on, if one has them.

    Else on the content's own one, else on any. Those that no published roadmap has are left out.
    """
    mine = {each.slug for each in enrollments(session, user_id)}
    own = career_content().roadmap
    roadmaps = [each.content for each in published_roadmaps(session)]
    roadmaps.sort(key=lambda roadmap: (roadmap.slug not in mine, roadmap.slug != own))
    return [
        MilestoneLink(roadmap.by_key[key].title, f"/roadmaps/{roadmap.slug}#{roadmap.anchors[key]}")
        for key in keys
        for roadmap in [each for each in roadmaps if key in each.by_key][:1]
    ]


def plan(session: Session, user_id: uuid.UUID, kind: str, subject: str = "") -> CareerPlan | None:
    """Load the person's plan of this kind about this subject."""
    return session.scalars(
        sa.select(CareerPlan).filter_by(user_id=user_id, kind=kind, subject=subject)
    ).first()


def plans(session: Session, user_id: uuid.UUID, kind: str) -> dict[str, CareerPlan]:
    """Load the person's plans of a kind, by subject."""
    found = session.scalars(sa.select(CareerPlan).filter_by(user_id=user_id, kind=kind))
    return {each.subject: each for each in found}


def reflections(session: Session, user_id: uuid.UUID, challenge: str) -> Sequence[Reflection]:
    """Load the person's reflections on a challenge, newest first."""
    return session.scalars(
        sa.select(Reflection)
        .filter_by(user_id=user_id, challenge=challenge)
        .order_by(Reflection.written_on.desc(), Reflection.id.desc())
    ).all()


def last_reflections(session: Session, user_id: uuid.UUID) -> dict[str, dt.date]:
    """Return the day of the person's last reflection, by challenge."""
    newest = (
        sa.select(Reflection.challenge, sa.func.max(Reflection.written_on).label("day"))
        .where(Reflection.user_id == user_id)
        .group_by(Reflection.challenge)
    )
    return {row.challenge: row.day for row in session.execute(newest)}
