"""Model of the career planning content, which `queries.career_content` loads.

Saved plans refer to its keys, so keys must never be removed or change their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from roadmap.career_plans.rules import DECISION, REVIEW_ON
from roadmap.catalog.content import Resource
from roadmap.catalog.field_types import (
    Identifier,
    Key,
    Line,
    Model,
    Problem,
    Text,
    Title,
    raise_problems,
)
from roadmap.catalog.sources import CitingContent

QuestionType = Literal["text", "date", "number", "money", "choice"]


class Question(Model):
    """A question of a plan or worksheet. `options` are the values of a choice."""

    key: Identifier
    text: Line
    help: Annotated[str, Field(max_length=400)] = ""
    type: QuestionType = "text"
    options: tuple[Line, ...] = ()
    group: Identifier | None = None

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        if (self.type == "choice") != bool(self.options):
            raise_problems([Problem((), "should have options only for a choice")])
        return self


class Heading(Model):
    """An axis of the comparison, or a group of questions."""

    key: Identifier
    title: Title


class PathComparison(Model):
    text: Text
    source: Key | None = None
    more_sources: tuple[Key, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        return (*([self.source] if self.source else ()), *self.more_sources)


class CareerPath(Model):
    """One of the two career directions. `roadmap` is the slug of its roadmap."""

    key: Identifier
    title: Title
    summary: Text
    roadmap: Key
    axes: dict[Identifier, PathComparison]


class Direction(Model):
    title: Title
    summary: Text
    source: Key | None = None


class PageLink(Model):
    """A page of Cairn that helps with a challenge."""

    title: Title
    href: Annotated[str, Field(pattern="^/[a-z/-]+$")]


class Challenge(Model):
    """A challenge of the role, and how experienced people handle it."""

    key: Key
    title: Title
    source: Key | None = None
    what: Text
    answer: Text
    practices: tuple[Line, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    reflection: Line = Field(description="The question of the monthly reflection.")
    milestones: tuple[Key, ...] = ()
    see: PageLink | None = None


class EducationFact(Model):
    key: Identifier
    text: Text
    source: Key | None = None


class EducationOption(Heading):
    note: Line


class Figure(Heading):
    """A figure computed from answers: a sum or a quotient."""

    sum_of: tuple[Identifier, ...] = ()
    quotient_of: tuple[Identifier, Identifier] | None = None


class AdvancedEducation(Model):
    """The worksheet on further education, filled in per option."""

    title: Title
    summary: Text
    facts: tuple[EducationFact, ...]
    options: tuple[EducationOption, ...] = Field(min_length=1)
    groups: tuple[Heading, ...]
    questions: tuple[Question, ...]
    figures: tuple[Figure, ...]
    milestones: tuple[Key, ...] = Field(
        description="Milestones of the stage that this decides about."
    )
    resources: tuple[Resource, ...] = ()

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        raise_problems(self._reference_problems())
        return self

    def _reference_problems(self) -> Iterator[Problem]:
        groups = {group.key for group in self.groups}
        for missing in {DECISION, REVIEW_ON} - {each.key for each in self.questions}:
            yield Problem(("questions",), f"has no question '{missing}', which is its outcome")
        for q, question in enumerate(self.questions):
            if question.group not in groups:
                message = f"'{question.group}' is not one of the groups"
                yield Problem(("questions", q, "group"), message)
        numbers = {each.key for each in self.questions if each.type in ("number", "money")}
        for f, compute_figure in enumerate(self.figures):
            if unknown := {*compute_figure.sum_of, *(compute_figure.quotient_of or ())} - numbers:
                message = f"'{min(unknown)}' is no question about a number"
                yield Problem(("figures", f), message)

    @property
    def option_by_key(self) -> dict[str, EducationOption]:
        return {option.key: option for option in self.options}


class CareerContent(CitingContent):
    roadmap: Key
    direction: Direction
    axes: tuple[Heading, ...]
    paths: tuple[CareerPath, CareerPath]
    direction_questions: tuple[Question, ...]
    plan_question: Question
    challenges: tuple[Challenge, ...] = Field(min_length=1)
    advanced_education: AdvancedEducation

    @property
    def challenge_by_key(self) -> dict[str, Challenge]:
        return {challenge.key: challenge for challenge in self.challenges}

    def problems(self) -> Iterator[Problem]:
        axes = {axis.key for axis in self.axes}
        for p, path in enumerate(self.paths):
            if path.axes.keys() != axes:
                yield Problem(("paths", p, "axes"), "does not have the axes of the comparison")
        for c, challenge in enumerate(self.challenges):
            if self.plan_question.key in {each.key for each in challenge.questions}:
                message = f"the key '{self.plan_question.key}' is that of the question on all pages"
                yield Problem(("challenges", c, "questions"), message)
