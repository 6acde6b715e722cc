"""Load roadmaps. A revision never changes, so its content is cached."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap, RoadmapRevision
from roadmap.catalog.wording import Wording
from roadmap.core.config import ConfigError
from roadmap.core.text import fold

if TYPE_CHECKING:
    from roadmap.catalog.content import Content
    from roadmap.catalog.role_fit import RoleFit


@dataclass(frozen=True, slots=True)
class PublishedRoadmap:
    """A roadmap at its current revision."""

    roadmap_id: uuid.UUID
    revision_id: uuid.UUID
    number: int
    content: Content


_by_revision: dict[uuid.UUID, PublishedRoadmap] = {}
_wordings_by_revision: dict[uuid.UUID, dict[str, Wording]] = {}
_CURRENT_REVISIONS = sa.select(Roadmap.id, Roadmap.revision_id).where(
    Roadmap.revision_id.is_not(None)
)


def published_roadmap(session: Session, slug: str) -> PublishedRoadmap | None:
    """Return the roadmap with this slug, or None. One statement if its revision is cached."""
    row = session.execute(_CURRENT_REVISIONS.where(Roadmap.slug == slug)).first()
    return load_revision(session, row.revision_id) if row else None


def published_roadmaps(session: Session) -> list[PublishedRoadmap]:
    """Return every roadmap by position, then by title; those without a position come last."""
    rows = session.execute(_CURRENT_REVISIONS.order_by(Roadmap.id)).all()
    published = (load_revision(session, row.revision_id) for row in rows)
    return sorted(published, key=_sort_key)


def _sort_key(each: PublishedRoadmap) -> tuple[float, str]:
    position = each.content.position
    return inf if position is None else position, fold(each.content.title)


def load_revision(session: Session, revision_id: uuid.UUID) -> PublishedRoadmap:
    """Return one revision with its content. Raises LookupError if it does not exist."""
    found = _by_revision.get(revision_id)
    if found is None:
        this = RoadmapRevision.id == revision_id
        row = session.scalars(sa.select(RoadmapRevision).where(this)).first()
        if row is None:
            raise LookupError(f"no revision {revision_id}")
        found = PublishedRoadmap(row.roadmap_id, revision_id, row.number, read_content(row))
        if len(_by_revision) > 200:
            _by_revision.clear()
        _by_revision[revision_id] = found
    return found


def read_content(revision: RoadmapRevision) -> Content:
    """Return a revision's content. Raises ConfigError if it is of a newer release."""
    # Imported here because pydantic would slow down the start.
    from pydantic import ValidationError

    from roadmap.catalog.content import Content

    try:
        return Content.model_validate(revision.content)
    except ValidationError:
        title = revision.content.get("title")
        raise ConfigError(
            f"This release cannot read revision {revision.number} of the roadmap {title!r}, which "
            "another one published: put the newer code back, or restore the backup that was made "
            "before the upgrade: `.venv/bin/flask --app roadmap backup restore FILE`"
        ) from None


def load_wordings(
    session: Session, revision_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[str, Wording]]:
    """Load the wording of each revision's milestones, by their keys. At most one statement.

    Revisions never change, so the result is cached. The stored document is read without validation,
    because a newer release may no longer accept all of it.
    """
    missing = set(revision_ids) - _wordings_by_revision.keys()
    if missing:
        if len(_wordings_by_revision) > 200:
            _wordings_by_revision.clear()
            missing = set(revision_ids)
        rows = session.scalars(sa.select(RoadmapRevision).where(RoadmapRevision.id.in_(missing)))
        _wordings_by_revision.update((row.id, _wordings(row)) for row in rows)
    return {key: _wordings_by_revision[key] for key in revision_ids}


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
    """Return the current revision of each milestone's wording, by its key. One statement.

    Roadmaps that share a milestone word it alike, so any of them will do.
    """
    return {
        milestone.key: each.revision_id
        for each in reversed(published_roadmaps(session))
        for milestone in each.content.milestones
    }


@cache
def role_fit(slug: str) -> RoleFit | None:
    """Return the role fit page of this roadmap, or None if it has no file."""
    from roadmap.catalog.files import CONTENT, read_as
    from roadmap.catalog.role_fit import RoleFit

    path = CONTENT / "role_fit" / f"{slug}.yaml"
    return read_as(path, RoleFit) if path.is_file() else None
