"""The model of a roadmap's content.

It validates the file and stored revisions, generates the published JSON Schema, and is read by
pages and the readiness rules. `files` finds the line of each error.
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
    Identifier,
    Key,
    Location,
    Model,
    Problem,
    Text,
    Title,
    Unique,
    find_duplicate_keys,
    raise_problems,
    whole_number,
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
    """A single item that can be marked as done."""

    key: Key = Field(
        description="Permanent, with a fixed meaning: statuses and evidence refer to it."
    )
    title: Title = Field(
        description="In the imperative, starting with an uppercase verb, without a full stop."
    )
    done_when: Text = Field(description="What a reviewer can check.")
    why: Text
    hours: Annotated[int, whole_number(2, 300)] = Field(
        description="Deliberate effort beyond the regular job."
    )
    required: Flag
    after: Annotated[tuple[Key, ...], Unique] = Field(
        (),
        min_length=1,
        description="Keys of the milestones that are prerequisites.",
    )
    skills: Annotated[tuple[Identifier, ...], Unique] = Field(
        max_length=3,
        description="Skills that it trains; only empty in a roadmap without skills.",
    )
    evidence: Annotated[tuple[EvidenceKind, ...], Unique] = Field(
        min_length=1, max_length=5, description="The kinds of evidence that prove it."
    )
    months: Annotated[int, whole_number(1, 36)] | None = Field(
        None, description="How many months it takes, if that matters."
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

    key: Identifier
    title: Title
    short_title: ShortTitle | None = Field(
        None, description="The label below the trail; by default the title."
    )
    summary: Text
    required: Flag = Field(
        description="False: the stage is optional, and skipping it never lowers readiness."
    )
    duration: str = Field(
        min_length=3,
        max_length=60,
        description="The usual duration, as plain text: 2 to 3 years.",
    )
    objectives: tuple[Objective, ...] = Field(min_length=1)
    _number: int = PrivateAttr(0)

    @property
    def number(self) -> int:
        """Return the position in the roadmap, from 1."""
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
        """Return whether the stage counts only if it raises the score.

        True if the roadmap does not require the stage, or if the stage has no required milestone
        and so no required effort to measure it against.
        """
        return not self.required or not self.required_hours


class Skill(Model):
    """A skill, with levels described by behaviour."""

    key: Identifier
    title: Title
    summary: Text
    group: Literal["technical", "leadership"]
    bar: Annotated[int, whole_number(1, 4)] = Field(description="The level that the role requires.")
    levels: Annotated[tuple[Text, ...], Unique] = Field(
        min_length=5,
        max_length=5,
        description="Levels 0 to 4, each described by observable behaviour.",
    )


# The validation context for a file, as opposed to a stored revision.
FILE_CONTEXT = "file"


class Content(Model):
    """A roadmap's content file: stages, objectives, milestones, skills and the readiness policy.

    Rules that a schema cannot express (unique keys, known skills, order of `after`, sums of points)
    are checked when the file is loaded.
    """

    slug: Key = Field(description="Permanent; part of the URL.")
    title: Title
    position: Annotated[int, whole_number(1, 1000)] | None = Field(
        None, description="Position in lists of roadmaps; those without one come last, by title."
    )
    summary: Text
    duration_years: tuple[Annotated[int, whole_number(0)], Annotated[int, whole_number(1)]] = Field(
        description="Minimum and maximum, in years."
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
        raise_problems(self._reference_problems())
        # Only for files: revisions published before this check was added must still load.
        if info.context == FILE_CONTEXT:
            raise_problems(self._stage_problems())
        return self

    def _stage_problems(self) -> Iterator[Problem]:
        """Yield the stages that the policy names but the roadmap does not have."""
        for location, key in self.policy.named_stages():
            if key not in self.stage_by_key:
                message = f"'{key}' is not a stage of this roadmap"
                yield Problem(("readiness", *location), message)

    def _reference_problems(self) -> Iterator[Problem]:
        """Yield duplicate keys and references to missing milestones or skills."""
        parts = list(self._located_parts())
        yield from find_duplicate_keys(
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
    def position_by_key(self) -> dict[str, int]:
        """Return each milestone's position in the roadmap, from 0."""
        return {key: place for place, key in enumerate(self.by_key)}

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Return the HTML id of each milestone's row, short because a page has 90 of them."""
        return {key: f"m{place}" for key, place in self.position_by_key.items()}

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
        """Return the searchable text of each milestone: its title, and everything else.

        Both are case-folded. They are cached with the content, because each search reads all of
        them.
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
        """Return the weights of the stages scaled to integers; 0 for a stage without hours."""
        exact = [self.policy.stages.get(stage.key, 0) for stage in self.stages]
        scale = lcm(*(weight.denominator for weight in exact))
        return tuple(
            int(weight * scale) if stage.hours else 0
            for weight, stage in zip(exact, self.stages, strict=True)
        )
