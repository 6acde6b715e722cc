"""A roadmap's content: the one model of its file.

It validates the file and a stored revision, it generates the published JSON Schema, and it is what
pages and the readiness rule read. `files` finds the line of each fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import lcm
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from roadmap.catalog.field_types import (
    EvidenceKind,
    Flag,
    Key,
    Location,
    Model,
    Problem,
    Text,
    Title,
    Unique,
    Word,
    refuse,
    repeated_keys,
    whole,
)
from roadmap.catalog.policy import Policy
from roadmap.core.text import fold

Name = Annotated[str, Field(min_length=2, max_length=120)]
ShortTitle = Annotated[str, Field(min_length=2, max_length=20)]
Tag = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{1,29}$")]
Reserved = Annotated[
    tuple[dict[str, Any], ...],
    Field(description="Reserved for a later release, which will say what its objects hold."),
]


class Resource(Model):
    """Something to read, watch or do."""

    title: Name
    by: Name = Field(description="Author or publisher.")
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=300)]


class Milestone(Model):
    """One tickable item."""

    key: Key = Field(
        description="Stays for ever and never changes its meaning: ticks and evidence hang on it."
    )
    title: Title = Field(
        description="In the imperative, starting with an uppercase verb, without a full stop."
    )
    done_when: Text = Field(description="What a reviewer can check.")
    why: Text
    hours: Annotated[int, whole(2, 300)] = Field(
        description="Deliberate effort beyond the regular job."
    )
    required: Flag
    after: Annotated[tuple[Key, ...], Unique] = Field(
        (),
        min_length=1,
        description="Keys of milestones that come before this one.",
    )
    skills: Annotated[tuple[Word, ...], Unique] = Field(
        max_length=3,
        description="Skills that it trains; empty only in a roadmap without skills.",
    )
    evidence: Annotated[tuple[EvidenceKind, ...], Unique] = Field(
        min_length=1, max_length=5, description="The kinds of evidence that prove it."
    )
    months: Annotated[int, whole(1, 36)] | None = Field(
        None, description="Over how many months it extends, where that matters."
    )
    tags: Annotated[tuple[Tag, ...], Unique] = Field(min_length=1, max_length=6)
    resources: tuple[Resource, ...] = Field(min_length=1, max_length=3)


class Objective(Model):
    """A goal within a stage."""

    key: Key
    title: Title
    milestones: tuple[Milestone, ...] = Field(min_length=1)


class Stage(Model):
    """A phase of the roadmap."""

    key: Word
    title: Title
    short_title: ShortTitle | None = Field(
        None, description="Its name below the trail; the title without it."
    )
    summary: Text
    required: Flag = Field(
        description=(
            "False: the stage is to be considered, and leaving it out never lowers readiness."
        )
    )
    duration: str = Field(
        min_length=3,
        max_length=60,
        description="How long people usually take, as plain text: 2 to 3 years.",
    )
    objectives: tuple[Objective, ...] = Field(min_length=1)
    _number: int = PrivateAttr(0)

    @property
    def number(self) -> int:
        """Return the place in the roadmap, from 1."""
        return self._number

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        return tuple(m for objective in self.objectives for m in objective.milestones)

    @cached_property
    def hours(self) -> int:
        return sum(milestone.hours for milestone in self.milestones)

    @cached_property
    def required_hours(self) -> int:
        return sum(milestone.hours for milestone in self.milestones if milestone.required)

    @property
    def is_bonus(self) -> bool:
        """Return whether the stage is counted only where that gives the higher score.

        That is so where the roadmap does not require the stage, and where nothing in it is
        required: there would be no required effort to measure it against.
        """
        return not self.required or not self.required_hours


class Skill(Model):
    """A skill with its levels described by behaviour."""

    key: Word
    title: Title
    summary: Text
    group: Literal["technical", "leadership"]
    bar: Annotated[int, whole(1, 4)] = Field(description="The level that the role asks for.")
    levels: Annotated[tuple[Text, ...], Unique] = Field(
        min_length=5,
        max_length=5,
        description="Levels 0 to 4, each by behaviour that others can see.",
    )


# The context of a validation that reads a file, not a revision.
IN_FILE = "file"


class Content(Model):
    """A roadmap's content file: stages, objectives, milestones, skills and the readiness policy.

    What a schema cannot say (unique keys, known skills, acyclic `after`, points that add up) is
    checked when the file is loaded.
    """

    slug: Key = Field(description="Stays for ever; part of the page's address.")
    title: Title
    position: Annotated[int, whole(1, 1000)] | None = Field(
        None, description="Its place in a list of roadmaps; those without one come last, by title."
    )
    summary: Text
    duration_years: tuple[Annotated[int, whole(0)], Annotated[int, whole(1)]] = Field(
        description="From and to, in years."
    )
    stages: tuple[Stage, ...] = Field(min_length=1)
    skills: tuple[Skill, ...]
    policy: Policy = Field(alias="readiness")
    interview_questions: Reserved = ()
    tools: Reserved = ()
    credentials: Reserved = ()
    challenges: Reserved = ()
    market: Reserved = ()

    def model_post_init(self, _context: Any) -> None:
        for number, stage in enumerate(self.stages, start=1):
            stage._number = number

    @model_validator(mode="after")
    def _check_references(self, info: ValidationInfo) -> Self:
        refuse(self._reference_problems())
        # Only in a file: a revision that was published before this check still loads.
        if info.context == IN_FILE:
            refuse(self._stage_problems())
        return self

    def _stage_problems(self) -> Iterator[Problem]:
        """Yield the stages that the policy names and the roadmap does not have."""
        for location, key in self.policy.named_stages():
            if key not in self.stage_by_key:
                message = f"'{key}' is not a stage of this roadmap"
                yield Problem(("readiness", *location), message)

    def _reference_problems(self) -> Iterator[Problem]:
        """Yield keys that are used twice, and references to what is not there."""
        parts = list(self._located_parts())
        yield from repeated_keys(
            (type(part).__name__.lower(), part.key, (*location, "key")) for part, location in parts
        )
        earlier: set[str] = set()
        for milestone, location in parts:
            if not isinstance(milestone, Milestone):
                continue
            for place, key in enumerate(milestone.skills):
                if key not in self.skill_by_key:
                    yield Problem(
                        (*location, "skills", place),
                        f"{milestone.key} trains the skill '{key}', which is not defined",
                    )
            for place, key in enumerate(milestone.after):
                if key not in earlier:
                    problem = "comes later in the file" if key in self.by_key else "does not exist"
                    yield Problem(
                        (*location, "after", place),
                        f"{milestone.key} comes after '{key}', which {problem}",
                    )
            earlier.add(milestone.key)

    def _located_parts(self) -> Iterator[tuple[Stage | Objective | Milestone | Skill, Location]]:
        """Yield everything that has a key, with its location in the file."""
        for s, stage in enumerate(self.stages):
            yield stage, ("stages", s)
            for o, objective in enumerate(stage.objectives):
                yield objective, ("stages", s, "objectives", o)
                for m, milestone in enumerate(objective.milestones):
                    yield milestone, ("stages", s, "objectives", o, "milestones", m)
        for i, skill in enumerate(self.skills):
            yield skill, ("skills", i)

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        return tuple(m for stage in self.stages for m in stage.milestones)

    @cached_property
    def by_key(self) -> dict[str, Milestone]:
        return {milestone.key: milestone for milestone in self.milestones}

    @cached_property
    def places(self) -> dict[str, int]:
        """Return each milestone's place in the roadmap, from 0."""
        return {key: place for place, key in enumerate(self.by_key)}

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Return the id of each milestone's row on the page: short, because there are 90."""
        return {key: f"m{place}" for key, place in self.places.items()}

    @cached_property
    def stage_of(self) -> dict[str, Stage]:
        """Return the stage of each milestone, by the milestone's key."""
        return {m.key: stage for stage in self.stages for m in stage.milestones}

    @cached_property
    def folded_pages(self) -> list[tuple[str, str]]:
        """Return the folded title and summary of the roadmap, then those of each stage."""
        stages = [(fold(stage.title), fold(stage.summary)) for stage in self.stages]
        return [(fold(self.title), fold(self.summary)), *stages]

    @cached_property
    def folded_milestones(self) -> dict[str, tuple[str, str]]:
        """Return what a search looks for in each milestone: its title, and all else that it says.

        Both are folded. They stay in memory with the content, since each search reads all of them.
        """
        return {
            m.key: (
                fold(m.title),
                fold(
                    f"{m.key} {stage.title} {self.title} {m.done_when} {m.why} {' '.join(m.tags)}"
                ),
            )
            for stage in self.stages
            for m in stage.milestones
        }

    @cached_property
    def stage_by_key(self) -> dict[str, Stage]:
        return {stage.key: stage for stage in self.stages}

    @cached_property
    def skill_by_key(self) -> dict[str, Skill]:
        return {skill.key: skill for skill in self.skills}

    @cached_property
    def stage_weights(self) -> tuple[int, ...]:
        """Return the stages' weights as integers in proportion; 0 where nothing can be measured."""
        exact = [self.policy.stages.get(stage.key, 0) for stage in self.stages]
        scale = lcm(*(weight.denominator for weight in exact))
        return tuple(
            int(weight * scale) if stage.hours else 0
            for weight, stage in zip(exact, self.stages, strict=True)
        )
