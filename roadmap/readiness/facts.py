"""The facts about one person for one audience, as the rule reads them.

The caller who builds `Facts` decides the audience: own facts are all of them, shared facts leave
out drafts and private evidence. The rule never looks further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from roadmap.evidence.item import Item


@dataclass(frozen=True, slots=True)
class Position:
    """Employment from its first to its last day; no end means that it goes on."""

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


@dataclass(slots=True)
class Facts:
    """Everything about a person that the rule looks at, for one audience.

    `statuses` by milestone key (a missing one is not started), levels 0 to 4 by skill key: the
    self-assessment, and the latest assessment by someone else, each with its date. `target_dates`,
    by milestone key too, are the person's plan and part of no score. `awaits_first_review` tells
    that they share something that waits, while nobody here has ever reviewed anything of theirs; it
    is part of no score either.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    target_dates: dict[str, date] = field(default_factory=dict)
    pieces: Sequence[Item] = ()
    self_levels: dict[str, int] = field(default_factory=dict)
    other_levels: dict[str, int] = field(default_factory=dict)
    self_assessed_on: dict[str, date] = field(default_factory=dict)
    other_assessed_on: dict[str, date] = field(default_factory=dict)
    positions: Sequence[Position] = ()
    degrees: Sequence[Degree] = ()
    awaits_first_review: bool = False
