"""Read the roadmaps of this installation: revision, origin and number of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap, RoadmapRevision
from roadmap.catalog.queries import load_revision
from roadmap.core.config import ConfigError
from roadmap.core.text import fold
from roadmap.people.models import User
from roadmap.progress.models import Enrollment


@dataclass(frozen=True, slots=True)
class RoadmapRow:
    """A roadmap with its `published` revision and its number of active people.

    `is_replaced` is whether a different version ships with Cairn, which the next start restores.
    `fault` is why this release cannot read the revision; `milestones` is then 0.
    """

    published: sa.Row[Any]
    is_shipped: bool
    is_replaced: bool
    milestones: int
    fault: str


def list_roadmaps(session: Session) -> list[RoadmapRow]:
    """List every published roadmap by title."""
    # Imported here because it loads YAML, which workers rarely need.
    from roadmap.catalog import files

    people = (
        sa.select(Enrollment.roadmap_id, sa.func.count().label("people"))
        .join(User, User.id == Enrollment.user_id)
        .where(User.deactivated_at.is_(None))
        .group_by(Enrollment.roadmap_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(
            Roadmap.slug,
            Roadmap.title,
            Roadmap.revision_id,
            RoadmapRevision.number,
            RoadmapRevision.digest,
            RoadmapRevision.published_at,
            sa.func.coalesce(people.c.people, 0).label("people"),
        )
        .join(RoadmapRevision, RoadmapRevision.id == Roadmap.revision_id)
        .outerjoin(people, people.c.roadmap_id == Roadmap.id)
    ).all()
    shipped = {path.stem: files.digest(files.read(path)) for path in files.shipped()}
    found = []
    for row in sorted(rows, key=lambda row: (fold(row.title), row.slug)):
        milestones, fault = 0, ""
        try:
            milestones = len(load_revision(session, row.revision_id).content.milestones)
        except ConfigError as error:
            fault = str(error)
        is_shipped = shipped.get(row.slug) == row.digest
        is_replaced = row.slug in shipped and not is_shipped
        found.append(RoadmapRow(row, is_shipped, is_replaced, milestones, fault))
    return found
