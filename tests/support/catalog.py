"""Roadmaps beside the shipped one: published by a test, and taken back after it."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog import actions, files, queries
from roadmap.catalog.gates import Gate
from roadmap.catalog.models import Milestone, Roadmap, RoadmapRevision
from tests.support.sample_data import SLUG

OTHER = "another-way"
# By its name, because others may ship beside it.
SHIPPED_FILE = files.CONTENT / f"{SLUG}.yaml"
GATE_TYPES = {
    get_args(each.model_fields["type"].annotation)[0] for each in get_args(get_args(Gate)[0])
}


def fitting_milestone(session: Session, kind: str) -> str:
    """A milestone that evidence of this kind proves, so that a piece of it can be submitted."""
    fits = Milestone.kinds.contains(f",{kind},", autoescape=True)
    return session.scalars(sa.select(Milestone.key).where(fits).order_by(Milestone.key)).all()[0]


def publish_other(session: Session, now: dt.datetime) -> str:
    """Publishes a second roadmap with the milestones of the shipped one, and answers its slug."""
    document = files.read(SHIPPED_FILE)
    actions.publish(session, {**document, "slug": OTHER}, now=now)
    session.commit()
    return OTHER


def restore_shipped(session: Session) -> None:
    """Leaves the shipped roadmap at its first revision. Nobody may be enrolled in another one."""
    shipped = sa.select(Roadmap.id).where(Roadmap.slug == SLUG)
    others = sa.select(Roadmap.id).where(Roadmap.slug != SLUG)
    session.execute(sa.update(Roadmap).values(revision_id=None))
    session.execute(
        sa.delete(RoadmapRevision).where(
            sa.or_(
                RoadmapRevision.roadmap_id.in_(others),
                sa.and_(RoadmapRevision.roadmap_id.in_(shipped), RoadmapRevision.number > 1),
            )
        )
    )
    session.execute(sa.delete(Roadmap).where(Roadmap.id.in_(others)))
    first = session.scalar(sa.select(RoadmapRevision.id))
    session.execute(sa.update(Roadmap).values(revision_id=first))
    session.execute(sa.delete(Milestone))
    actions.store_keys(session, files.read(SHIPPED_FILE))
    session.commit()
    queries._by_revision.clear()
