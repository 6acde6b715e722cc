"""What the rule is told: a roadmap's course, and the facts about one person for one audience.

Whoever builds `Facts` decides the audience: own facts are all of them, shared facts leave out
drafts and private evidence. The rule never looks further than what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import lcm

from roadmap.readiness.policy import Policy


@dataclass(frozen=True, slots=True)
class Milestone:
    """A tickable item; `hours` is its effort (above 0), `kinds` the evidence that proves it."""

    key: str
    title: str
    stage: str
    hours: int
    required: bool
    kinds: frozenset[str]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase of the roadmap; one that is not required only ever adds to a score."""

    key: str
    title: str
    required: bool


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill and its bar, a level from 1 to 4."""

    key: str
    title: str
    bar: int


@dataclass(frozen=True, slots=True)
class StageLayout:
    """A stage as the tally walks it: rows of key, hours and required, and what they add up to."""

    stage: Stage
    rows: tuple[tuple[str, int, bool], ...]
    required_hours: int
    all_hours: int

    @property
    def is_bonus(self) -> bool:
        """Tell whether the stage is counted only where that gives the higher score.

        That is so where the roadmap does not require the stage, and where nothing in it is
        required: there would be no required effort to measure it against.
        """
        return not self.stage.required or not self.required_hours


@dataclass(frozen=True)
class Course:
    """A revision of a roadmap; what is derived from it is computed once and kept."""

    stages: tuple[Stage, ...]
    milestones: tuple[Milestone, ...]
    skills: tuple[Skill, ...]
    policy: Policy

    @cached_property
    def by_key(self) -> Mapping[str, Milestone]:
        """Return the milestones by key, in the roadmap's order."""
        return {milestone.key: milestone for milestone in self.milestones}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return each milestone's place in the roadmap, from 0."""
        return {milestone.key: place for place, milestone in enumerate(self.milestones)}

    @cached_property
    def kinds(self) -> Mapping[str, frozenset[str]]:
        """Return the kinds that prove each milestone."""
        return {milestone.key: milestone.kinds for milestone in self.milestones}

    @cached_property
    def stage_titles(self) -> Mapping[str, str]:
        """Return the stages' titles by key."""
        return {stage.key: stage.title for stage in self.stages}

    @cached_property
    def layout(self) -> tuple[StageLayout, ...]:
        """Return the stages in order with their milestones."""
        layout = []
        for stage in self.stages:
            mine = [milestone for milestone in self.milestones if milestone.stage == stage.key]
            layout.append(
                StageLayout(
                    stage=stage,
                    rows=tuple((each.key, each.hours, each.required) for each in mine),
                    required_hours=sum(each.hours for each in mine if each.required),
                    all_hours=sum(each.hours for each in mine),
                )
            )
        return tuple(layout)

    @cached_property
    def stage_weights(self) -> tuple[int, ...]:
        """Return the stages' weights as integers in proportion; 0 where nothing can be measured."""
        exact = [self.policy.stages.get(stage.key, 0) for stage in self.stages]
        scale = lcm(*(weight.denominator for weight in exact))
        return tuple(
            int(weight * scale) if row.all_hours else 0
            for weight, row in zip(exact, self.layout, strict=True)
        )

    @cached_property
    def bars(self) -> int:
        """Return a number that every skill's bar divides."""
        return lcm(*(skill.bar for skill in self.skills))


@dataclass(frozen=True, slots=True)
class Impact:
    """A measured effect of a piece of evidence."""

    type: str
    metric: str | None
    result: str | None
    unit: str | None

    @property
    def complete(self) -> bool:
        """Tell whether metric, result and unit all say something."""
        return bool(
            self.metric
            and self.result
            and self.unit
            and self.metric.strip()
            and self.result.strip()
            and self.unit.strip()
        )


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """A piece of evidence: where a verified version counts, that version's content.

    `state` is that of the review (draft, submitted, in_review, verified, returned); `verified`
    tells whether a verified version counts, which it does until the next is judged. `confirmed`
    are the milestones that the reviewer confirmed. It counts through the day of `expires_on`.
    `private` pieces are never reviewed.
    """

    id: str
    title: str
    kind: str
    occurred_on: date
    expires_on: date | None = None
    state: str = "draft"
    verified: bool = False
    milestones: tuple[str, ...] = ()
    confirmed: frozenset[str] = frozenset()
    impacts: tuple[Impact, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Employment; both days are worked, and no end means that it goes on."""

    id: str
    title: str
    started_on: date
    ended_on: date | None
    is_ml: bool


@dataclass(frozen=True, slots=True)
class Degree:
    """A degree; `level` is bachelor, master or doctorate."""

    id: str
    title: str
    level: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about a person that the rule looks at, for one audience.

    `statuses` by milestone key (a missing one is not started), levels 0 to 4 by skill key: the
    self-assessment, and the latest assessment by someone else.
    """

    statuses: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[EvidenceFact, ...] = ()
    self_levels: Mapping[str, int] = field(default_factory=dict)
    other_levels: Mapping[str, int] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    degrees: tuple[Degree, ...] = ()
