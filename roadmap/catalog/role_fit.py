"""The model of a role fit file, which describes whom a roadmap's role suits.

`queries.role_fit` loads it. A roadmap does not need one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from roadmap.catalog.field_types import Key, Model, Text, Title
from roadmap.catalog.sources import CitingContent, Source

Line = Annotated[str, Field(min_length=3, max_length=300)]
Lines = Annotated[tuple[Line, ...], Field(min_length=1)]


class Day(Model):
    """A day in the role."""

    summary: Text
    source: Key | None = None
    morning: Lines
    afternoon: Lines
    meetings: Lines


class Responsibility(Model):
    """A responsibility of the role, and the milestones in which it is practised."""

    text: Line
    milestones: tuple[Key, ...] = ()


class Fact(Model):
    """A fact; `see` is a page with more about it."""

    title: Title
    text: Text
    source: Key | None = None
    see: Annotated[str, Field(pattern="^/[a-z/-]+$")] | None = None


class ChangedAspect(Model):
    title: Title
    before: Line
    after: Line


class Changes(Model):
    """The differences from the previous role, as a table of two columns."""

    title: Title
    columns: tuple[Title, Title]
    note: Line
    source: Key | None = None
    rows: tuple[ChangedAspect, ...] = Field(min_length=1)


class RoleFit(CitingContent):
    """The content of the page."""

    slug: Key
    title: Title
    summary: Text
    source: Key | None = None
    sources: tuple[Source, ...] = ()
    suits: Lines
    does_not_suit: Lines
    day: Day
    responsibilities: tuple[Responsibility, ...]
    facts: tuple[Fact, ...]
    changes: Changes
    read: tuple[Key, ...] = Field(description="Keys of milestones to read before starting.")
    questions: Lines

    @property
    def milestone_keys(self) -> tuple[str, ...]:
        """Return the keys of all milestones named in the file."""
        return (*self.read, *(key for each in self.responsibilities for key in each.milestones))
