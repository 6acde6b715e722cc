"""The activity filter in a query string, used by the page, its export and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.activity.messages import ACTIONS_BY_KIND
from roadmap.activity.queries import ACTOR_FILTERS, Condition, load_subjects
from roadmap.catalog.queries import published_roadmap
from roadmap.core.text import clean_line
from roadmap.people.actor import Actor
from roadmap.people.models import HistoryEntry

MAX_DAY_LENGTH = 20
# The range of valid days.
FIRST_DAY, LAST_DAY = dt.date(1970, 1, 2), dt.date(9999, 1, 1)
DAYS = ("on", "since", "from", "to")


def parse_day(text: str) -> dt.date | None:
    """Parse an ISO date; return None for "". Raises ValueError if it is invalid."""
    if not text:
        return None
    day = dt.date.fromisoformat(text)
    if not FIRST_DAY <= day < LAST_DAY:
        raise ValueError(text)
    return day


def start_of_day(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)


@dataclass(slots=True)
class ActivityQuery:
    """A parsed activity filter: days, kind, milestone or roadmap, and who acted.

    The days are a single day (`on`) or a range with both ends included. The parameter `since` is an
    alias of `from`. Unknown values are ignored, except an invalid day, which is kept in
    `invalid_day`.
    """

    kind: str = ""
    roadmap: str = ""
    milestone: str = ""
    who: str = ""
    on: dt.date | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    invalid_day: str = ""

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> ActivityQuery:
        kind, who = clean_line(values.get("kind")), clean_line(values.get("who"))
        found = cls(
            kind=kind if kind in ACTIONS_BY_KIND else "",
            who=who if who in ACTOR_FILTERS else "",
            roadmap=clean_line(values.get("roadmap"))[:60],
            milestone=clean_line(values.get("milestone"))[:60],
        )
        days: dict[str, dt.date | None] = {}
        for name in DAYS:
            text = clean_line(values.get(name))
            try:
                days[name] = parse_day(text)
            except ValueError:
                found.invalid_day = text[:MAX_DAY_LENGTH]
        found.on = days.get("on")
        found.first, found.last = days.get("from") or days.get("since"), days.get("to")
        return found

    @property
    def is_reversed(self) -> bool:
        return bool(self.first and self.last and self.first > self.last)

    @property
    def is_valid(self) -> bool:
        """Return whether the days are valid."""
        return not self.invalid_day and not self.is_reversed

    @property
    def is_filtered(self) -> bool:
        return bool(any(self.arguments.values()) or self.invalid_day)

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the filter as query parameters."""
        days = {"on": self.on, "from": self.first, "to": self.last}
        return {
            "kind": self.kind or None,
            "roadmap": self.roadmap or None,
            "milestone": self.milestone or None,
            "who": self.who or None,
            **{name: day.isoformat() if day else None for name, day in days.items()},
        }

    def conditions(self, session: Session, actor: Actor) -> list[Condition]:
        """Return the conditions on the actor's own history, with at most two statements.

        Nothing matches invalid days.
        """
        if not self.is_valid:
            return [sa.false()]
        found: list[Condition] = []
        if self.kind:
            found.append(HistoryEntry.action.in_(ACTIONS_BY_KIND[self.kind]))
        if self.milestone or self.roadmap:
            found.append(HistoryEntry.subject.in_(self._subjects(session, actor)))
        if self.who:
            by_others = HistoryEntry.actor_id.is_distinct_from(actor.id)
            found.append(HistoryEntry.actor_id == actor.id if self.who == "me" else by_others)
        if first := self.on or self.first:
            found.append(HistoryEntry.at >= start_of_day(first, actor.zone))
        if last := self.on or self.last:
            found.append(HistoryEntry.at < start_of_day(last + dt.timedelta(days=1), actor.zone))
        return found

    def _subjects(self, session: Session, actor: Actor) -> set[str]:
        if self.milestone:
            return load_subjects(session, actor.id, [self.milestone])
        published = published_roadmap(session, self.roadmap)
        if published is None:
            return set()
        subjects = load_subjects(session, actor.id, published.content.by_key)
        return subjects | {str(published.roadmap_id)}
