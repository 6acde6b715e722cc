"""The facts about one person for one audience, as the rule reads them.

The caller who builds `Facts` decides the audience: own facts are all of them, shared facts leave
out drafts and private evidence. The rule never looks further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Impact:
    """A measured effect of a piece of evidence."""

    type: str
    metric: str | None
    result: str | None
    unit: str | None

    @property
    def complete(self) -> bool:
        """Tell whether metric, result and unit all say something."""
        return bool(
            self.metric
            and self.result
            and self.unit
            and self.metric.strip()
            and self.result.strip()
            and self.unit.strip()
        )


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """A piece of evidence: where a verified version counts, that version's content.

    `state` is that of the review (draft, submitted, in_review, verified, returned); `verified`
    tells whether a verified version counts, which it does until the next is judged. `confirmed`
    are the milestones that the reviewer confirmed. It counts through the day of `expires_on`.
    `private` pieces are never reviewed.
    """

    id: str
    title: str
    kind: str
    occurred_on: date
    expires_on: date | None = None
    state: str = "draft"
    verified: bool = False
    milestones: tuple[str, ...] = ()
    confirmed: frozenset[str] = frozenset()
    impacts: tuple[Impact, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Employment; both days are worked, and no end means that it goes on."""

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


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about a person that the rule looks at, for one audience.

    `statuses` by milestone key (a missing one is not started), levels 0 to 4 by skill key: the
    self-assessment, and the latest assessment by someone else.
    """

    statuses: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[EvidenceFact, ...] = ()
    self_levels: Mapping[str, int] = field(default_factory=dict)
    other_levels: Mapping[str, int] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    degrees: tuple[Degree, ...] = ()
