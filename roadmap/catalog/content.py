"""A roadmap as pages and rules see it: frozen values made from a content document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    title: str
    by: str
    url: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """One tickable item. `hours` is deliberate effort; `months` how long a leadership one takes."""

    key: str
    title: str
    done_when: str
    why: str
    hours: int
    required: bool
    after: tuple[str, ...]
    skills: tuple[str, ...]
    evidence: tuple[str, ...]
    tags: tuple[str, ...]
    resources: tuple[Resource, ...]
    months: int | None
    stage_key: str
    objective_key: str


@dataclass(frozen=True, slots=True)
class Objective:
    key: str
    title: str
    milestones: tuple[Milestone, ...]


@dataclass(frozen=True)
class Stage:
    key: str
    number: int
    title: str
    summary: str
    required: bool
    duration: str
    objectives: tuple[Objective, ...]

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        return tuple(m for objective in self.objectives for m in objective.milestones)

    @cached_property
    def hours(self) -> int:
        return sum(milestone.hours for milestone in self.milestones)


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill with its five levels (0 to 4) described by behaviour, and the senior bar."""

    key: str
    title: str
    group: str
    bar: int
    levels: tuple[str, ...]
    summary: str


@dataclass(frozen=True)
class Content:
    """A whole roadmap, in its order."""

    slug: str
    title: str
    summary: str
    duration_years: tuple[int, int]
    stages: tuple[Stage, ...]
    skills: tuple[Skill, ...]
    policy: Mapping[str, Any]

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        return tuple(m for stage in self.stages for m in stage.milestones)

    @cached_property
    def by_key(self) -> dict[str, Milestone]:
        return {milestone.key: milestone for milestone in self.milestones}

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Where a milestone's row stands on the page: short, because there are 80 of them."""
        return {milestone.key: f"m{place}" for place, milestone in enumerate(self.milestones)}

    @cached_property
    def stage_by_key(self) -> dict[str, Stage]:
        return {stage.key: stage for stage in self.stages}

    @cached_property
    def skill_by_key(self) -> dict[str, Skill]:
        return {skill.key: skill for skill in self.skills}


def parse(document: Mapping[str, Any]) -> Content:
    """The content of a document that `catalog.files.check` found nothing wrong with."""
    return Content(
        slug=document["slug"],
        title=document["title"],
        summary=document["summary"],
        duration_years=tuple(document["duration_years"]),
        stages=tuple(
            _stage(number, stage) for number, stage in enumerate(document["stages"], start=1)
        ),
        skills=tuple(
            Skill(
                key=skill["key"],
                title=skill["title"],
                group=skill["group"],
                bar=skill["bar"],
                levels=tuple(skill["levels"]),
                summary=skill.get("summary", ""),
            )
            for skill in document.get("skills", ())
        ),
        policy=document["readiness"],
    )


def _stage(number: int, stage: Mapping[str, Any]) -> Stage:
    return Stage(
        key=stage["key"],
        number=number,
        title=stage["title"],
        summary=stage["summary"],
        required=stage["required"],
        duration=stage["duration"],
        objectives=tuple(
            Objective(
                key=objective["key"],
                title=objective["title"],
                milestones=tuple(
                    _milestone(stage["key"], objective["key"], milestone)
                    for milestone in objective["milestones"]
                ),
            )
            for objective in stage["objectives"]
        ),
    )


def _milestone(stage_key: str, objective_key: str, data: Mapping[str, Any]) -> Milestone:
    return Milestone(
        key=data["key"],
        title=data["title"],
        done_when=data["done_when"],
        why=data["why"],
        hours=data["hours"],
        required=data["required"],
        after=tuple(data.get("after", ())),
        skills=tuple(data["skills"]),
        evidence=tuple(data["evidence"]),
        tags=tuple(data.get("tags", ())),
        resources=tuple(Resource(r["title"], r["by"], r["url"]) for r in data["resources"]),
        months=data.get("months"),
        stage_key=stage_key,
        objective_key=objective_key,
    )
