"""The facts about one person for one audience: the input of the readiness rules.

The caller who builds `Facts` decides the audience: a person's own facts are complete, shared facts
exclude drafts and private evidence. The rules read nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from roadmap.evidence.item import Item


class Position(NamedTuple):
    """Employment from its first to its last day, or ongoing if there is no end."""

    id: str
    title: str
    started_on: date
    ended_on: date | None
    is_ml: bool


class Degree(NamedTuple):
    """A degree; `level` is bachelor, master or doctorate."""

    id: str
    title: str
    level: str


@dataclass(slots=True)
class Facts:
    """Everything about a person that the rules read, for one audience.

    `statuses` and `target_dates` are by milestone key (a missing status means not started). Levels
    are 0 to 4 by skill key: the self-assessment and the latest assessment by someone else, each
    with its date. Target dates and `awaits_first_review` do not affect the score; the latter is
    true if the person has evidence waiting for review and none was ever reviewed.
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
