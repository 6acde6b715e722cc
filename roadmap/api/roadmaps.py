"""The operations that read published roadmaps."""

from __future__ import annotations

from operator import attrgetter

from flask import abort

from roadmap.api.field_types import Shape
from roadmap.api.operation import operation
from roadmap.api.pagination import Paging, paginate
from roadmap.catalog.queries import published_roadmap, published_roadmaps
from roadmap.core.database import db


class RoadmapLine(Shape):
    """A roadmap in the list."""

    slug: str
    title: str
    summary: str
    revision: int
    milestones: int


class RoadmapList(Shape):
    items: list[RoadmapLine]
    next_cursor: str | None


class ResourceShape(Shape):
    """Something to read, watch or do."""

    title: str
    by: str
    url: str


class MilestoneShape(Shape):
    """A milestone. `hours` are deliberate effort; `evidence` the kinds that prove it."""

    key: str
    title: str
    done_when: str
    why: str
    hours: int
    required: bool
    months: int | None
    after: list[str]
    skills: list[str]
    evidence: list[str]
    tags: list[str]
    resources: list[ResourceShape]


class ObjectiveShape(Shape):
    key: str
    title: str
    milestones: list[MilestoneShape]


class StageShape(Shape):
    key: str
    title: str
    summary: str
    required: bool
    duration: str
    objectives: list[ObjectiveShape]


class SkillShape(Shape):
    """A skill. `levels` describe 0 to 4; `bar` is the one that the role asks for."""

    key: str
    title: str
    group: str
    bar: int
    levels: list[str]


class RoadmapShape(Shape):
    """A roadmap with everything in it, in its order."""

    slug: str
    title: str
    summary: str
    revision: int
    stages: list[StageShape]
    skills: list[SkillShape]


@operation("Roadmaps")
def list_roadmaps(query: Paging) -> RoadmapList:
    """List the published roadmaps, by slug."""
    lines = [
        RoadmapLine.model_validate(
            {**dict(each.content), "revision": each.number, "milestones": len(each.content.by_key)}
        )
        for each in published_roadmaps(db.session)
    ]
    part, cursor = paginate(lines, query, attrgetter("slug"))
    return RoadmapList(items=part, next_cursor=cursor)


@operation("Roadmaps", refuses=(404,), has_etag=True)
def read_roadmap(slug: str) -> RoadmapShape:
    """Read a roadmap: its stages, objectives and milestones.

    Keys never change their meaning, whatever revision they are read from.
    """
    found = published_roadmap(db.session, slug) or abort(404)
    return RoadmapShape.model_validate({**dict(found.content), "revision": found.number})
