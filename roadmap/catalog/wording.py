"""How milestones were worded in earlier revisions, for what was confirmed then."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import RoadmapRevision
from roadmap.catalog.queries import published_roadmaps


@dataclass(frozen=True, slots=True)
class Wording:
    """The title and the "done when" of a milestone in a revision of its roadmap."""

    title: str
    done_when: str
    revision: int
    published_at: dt.datetime


_by_revision: dict[uuid.UUID, dict[str, Wording]] = {}


def load_wordings(
    session: Session, revision_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[str, Wording]]:
    """Load how each revision words its milestones, by their keys. At most one statement.

    A revision never changes, so this stays in memory. The document is read as it was stored: a
    newer release may no longer accept the whole of it.
    """
    missing = set(revision_ids) - _by_revision.keys()
    if missing:
        if len(_by_revision) > 200:
            _by_revision.clear()
            missing = set(revision_ids)
        rows = session.scalars(sa.select(RoadmapRevision).where(RoadmapRevision.id.in_(missing)))
        _by_revision.update((row.id, _wordings(row)) for row in rows)
    return {key: _by_revision[key] for key in revision_ids}


def _wordings(revision: RoadmapRevision) -> dict[str, Wording]:
    return {
        milestone["key"]: Wording(
            milestone["title"], milestone["done_when"], revision.number, revision.published_at
        )
        for stage in revision.content["stages"]
        for objective in stage["objectives"]
        for milestone in objective["milestones"]
    }


def current_revisions(session: Session) -> dict[str, uuid.UUID]:
    """Return the revision that words each milestone now, by its key. One statement.

    Roadmaps that share a milestone word it alike, so the first of them is as good as the others.
    """
    return {
        milestone.key: each.revision_id
        for each in reversed(published_roadmaps(session))
        for milestone in each.content.milestones
    }
