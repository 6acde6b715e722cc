"""The models of the content files, which `queries` loads.

Category keys are permanent, because people's entries refer to them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from roadmap.catalog.field_types import (
    Flag,
    Key,
    Line,
    Model,
    Text,
    Title,
    whole_number,
)
from roadmap.catalog.sources import CitingContent

Identifier = Annotated[str, Field(pattern=r"^\w.*[\w*]$", max_length=40)]
Percent = Annotated[int, whole_number(0, 100)]
HoursOfWeek = Annotated[int, whole_number(1, 80)]


class Category(Model):
    """A category of working hours."""

    key: Key
    title: Title
    what: Line
    counts_as: Literal["meetings", "deep_work", "rest", "nothing"]
    named_by_guide: Flag = False


class UsualShare(Model):
    """The usual share of meetings, reviews and mentoring in a week, in percent."""

    low: Percent
    high: Percent
    text: Text
    source: Key


class Remedies(Model):
    """How to get more deep work; `challenge` is the key of one under /career."""

    text: Text
    source: Key
    practices: tuple[Line, ...] = Field(min_length=1)
    challenge: Key
    milestones: tuple[Key, ...] = ()


class TimeContent(CitingContent):
    share: UsualShare
    week_hours: HoursOfWeek
    deep_work_hours: HoursOfWeek
    categories: tuple[Category, ...] = Field(min_length=1)
    remedies: Remedies

    @property
    def by_key(self) -> dict[str, Category]:
        return {each.key: each for each in self.categories}


class SortingRule(Model):
    """Words in titles, by language, that indicate a category."""

    category: Key
    words: dict[Literal["en", "de", "fr", "es"], tuple[Identifier, ...]] = Field(min_length=1)


class SortingRules(Model):
    """The rules that sort calendar events, in order of precedence."""

    rules: tuple[SortingRule, ...] = Field(min_length=1)
    two: Key
    many: Key
    alone: Key
