"""Model of the tool list, which `queries.tool_content` loads.

Tool records refer to its keys, so keys must never be removed or change their meaning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from roadmap.catalog.field_types import (
    Key,
    Line,
    Model,
    Problem,
    Text,
    Unique,
)
from roadmap.catalog.sources import SourcedContent

Name = Annotated[str, Field(pattern=r"^\S.*\S$", max_length=80)]
Url = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=300)]


class Group(Model):
    key: Key
    title: Name
    summary: Line


class Tool(Model):
    """A tool. `source` describes the age of the copy that was checked on `checked_on`.

    `also` are alternative names, `milestones` the keys of milestones that use the tool.
    """

    key: Key
    title: Name
    group: Key
    also: Annotated[tuple[Name, ...], Unique] = ()
    milestones: Annotated[tuple[Key, ...], Unique] = ()
    what: Text
    url: Url
    status: Literal["active", "dormant", "legacy", "retired"]
    licence: Line | None = None
    successor: Key | None = None
    note: Line | None = None
    checked_on: dt.date
    source: Line


class ToolContent(SourcedContent):
    groups: tuple[Group, ...] = Field(min_length=1)
    named_by_guide: Annotated[tuple[Key, ...], Unique]
    tools: tuple[Tool, ...] = Field(min_length=1)

    @property
    def by_key(self) -> dict[str, Tool]:
        return {each.key: each for each in self.tools}

    def used_in(self, milestone: str) -> list[Tool]:
        """Return the tools that a milestone uses."""
        return [each for each in self.tools if milestone in each.milestones]

    @property
    def group_by_key(self) -> dict[str, Group]:
        return {each.key: each for each in self.groups}

    def problems(self) -> Iterator[Problem]:
        for number, tool in enumerate(self.tools):
            if tool.group not in self.group_by_key:
                yield Problem(("tools", number, "group"), f"there is no group '{tool.group}'")
            if tool.successor is not None and tool.successor not in self.by_key:
                message = f"there is no tool '{tool.successor}'"
                yield Problem(("tools", number, "successor"), message)
        for number, key in enumerate(self.named_by_guide):
            if key not in self.by_key:
                yield Problem(("named_by_guide", number), f"there is no tool '{key}'")
