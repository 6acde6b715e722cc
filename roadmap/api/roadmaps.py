"""Operations that read published roadmaps."""

from __future__ import annotations

from operator import itemgetter

from flask import abort

from roadmap.api.field_types import Shape
from roadmap.api.operation import operation
from roadmap.api.pagination import Page, Paging
from roadmap.catalog.queries import published_roadmap, published_roadmaps
from roadmap.core.database import db


class RoadmapSummary(Shape):
    """A roadmap in the list."""

    slug: str
    title: str
    summary: str
    revision: int
    milestones: int


class RoadmapList(Page[RoadmapSummary]):
    pass


class ResourceShape(Shape):
    """A learning resource."""

    title: str
    by: str
    url: str


class MilestoneShape(Shape):
    """A milestone. `hours` is deliberate effort; `evidence` lists the kinds that prove it."""

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
    """A skill. `levels` describes levels 0 to 4; `bar` is the level that the role requires."""

    key: str
    title: str
    group: str
    bar: int
    levels: list[str]


class RoadmapShape(Shape):
    """A roadmap with its stages and skills, in order."""

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
        {**dict(each.content), "revision": each.number, "milestones": len(each.content.by_key)}
        for each in published_roadmaps(db.session)
    ]
    return RoadmapList.of(lines, query, itemgetter("slug"))


@operation("Roadmaps", refuses=(404,), has_etag=True)
def read_roadmap(slug: str) -> RoadmapShape:
    """Return a roadmap with its stages, objectives and milestones.

    Keys have the same meaning in all revisions.
    """
    found = published_roadmap(db.session, slug) or abort(404)
    return RoadmapShape.model_validate({**dict(found.content), "revision": found.number})
