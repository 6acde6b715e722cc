"""Model of the question bank, which `queries.question_bank` loads.

Saved answers refer to its keys, so keys must never be removed or change their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from roadmap.catalog.field_types import (
    Identifier,
    Key,
    Line,
    Model,
    Problem,
    Text,
    Title,
    Unique,
    whole_number,
)
from roadmap.catalog.sources import CitingContent
from roadmap.core.text import fold

Lines = Annotated[tuple[Line, ...], Field(min_length=1), Unique]
FourLines = Annotated[tuple[Line, ...], Field(min_length=4, max_length=4), Unique]
Code = Annotated[str, Field(max_length=10_000)]


class Group(Model):
    """A group of questions for one kind of interview. `answer` is the kind of answer form."""

    key: Identifier
    title: Title
    answer: Literal["star", "outline"]
    summary: Text


class Question(Model):
    """A question and its grading criteria. `rubric` describes each level.

    Coding questions have `starter` and `tests`, two files that users run locally. The server never
    runs them.
    """

    key: Key
    group: Identifier
    title: Title
    prompt: Text
    source: Key | None = None
    difficulty: Annotated[int, whole_number(1, 3)]
    minutes: Annotated[int, whole_number(5, 120)]
    covers: Lines
    follow_ups: Lines
    red_flags: Lines
    rubric: FourLines
    milestones: Annotated[tuple[Key, ...], Unique]
    skills: Annotated[tuple[Identifier, ...], Unique]
    starter: Code = ""
    tests: Code = ""

    @cached_property
    def search_text(self) -> str:
        """Return the searchable text, case-folded."""
        return fold("\n".join((self.title, self.prompt, *self.covers)))


class Mock(Model):
    """A kind of mock interview. `rounds` are the groups from which each question is drawn."""

    key: Identifier
    title: Title
    summary: Text
    rounds: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=8)]


class QuestionBank(CitingContent):
    levels: FourLines = Field(description="The names of the four levels of every rubric.")
    groups: tuple[Group, ...] = Field(min_length=1)
    mocks: tuple[Mock, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = Field(min_length=1)

    @cached_property
    def by_key(self) -> dict[str, Question]:
        return {question.key: question for question in self.questions}

    @cached_property
    def group_by_key(self) -> dict[str, Group]:
        return {group.key: group for group in self.groups}

    @cached_property
    def mock_by_key(self) -> dict[str, Mock]:
        return {mock.key: mock for mock in self.mocks}

    def problems(self) -> Iterator[Problem]:
        for m, mock in enumerate(self.mocks):
            for group in set(mock.rounds):
                if mock.rounds.count(group) > sum(each.group == group for each in self.questions):
                    problem = f"asks for more questions of '{group}' than there are"
                    yield Problem(("mocks", m, "rounds"), problem)
        for q, question in enumerate(self.questions):
            if question.group not in self.group_by_key:
                problem = f"'{question.group}' is not one of the groups"
                yield Problem(("questions", q, "group"), problem)
            if bool(question.starter) != bool(question.tests):
                yield Problem(("questions", q), "should have both starter and tests, or neither")
