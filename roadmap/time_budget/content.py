"""The model of this room's content file, which `queries.time_content` loads.

People's entries hang on the keys of its categories: they stay for ever.
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
    whole,
)
from roadmap.catalog.sources import CitingContent

Word = Annotated[str, Field(pattern=r"^\w.*[\w*]$", max_length=40)]
Percent = Annotated[int, whole(0, 100)]
HoursOfWeek = Annotated[int, whole(1, 80)]


class Category(Model):
    """What hours of a week are counted as."""

    key: Key
    title: Title
    what: Line
    counts_as: Literal["meetings", "deep_work", "rest", "nothing"]
    named_by_guide: Flag = False


class UsualShare(Model):
    """The share of a week that meetings, reviews and mentoring usually take, in percent."""

    low: Percent
    high: Percent
    text: Text
    source: Key


class Remedies(Model):
    """What helps where deep work is lost; `challenge` is one of those under /career."""

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
    """Words of titles by language, and the category that they say."""

    category: Key
    words: dict[Literal["en", "de", "fr", "es"], tuple[Word, ...]] = Field(min_length=1)


class SortingRules(Model):
    """The file of rules that sort a calendar, in the order in which they are tried."""

    rules: tuple[SortingRule, ...] = Field(min_length=1)
    two: Key
    many: Key
    alone: Key
