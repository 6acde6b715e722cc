"""Reconstruct a person's facts on a past day from the current rows and the history.

Statuses, assessments and reviews are known for every day. Overwritten values are not: the links of
a deleted piece, or the expiry of a draft before its last edit. `PastFacts` determines on which days
this matters, so that no figure is made up. Pure; `queries.load_past_facts` loads the input.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from roadmap.evidence.item import Item, Link
from roadmap.momentum.rules import Figures
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.rules import effort_of, score_of
from roadmap.readiness.summary import round_share
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

# Fields of an unsubmitted version, which an edit overwrites: those that affect a milestone's tone,
# and those that only affect the score.
TONE_FIELDS, SCORE_FIELDS = frozenset({"expires_on"}), frozenset({"kind", "impacts"})


@dataclass(frozen=True, slots=True)
class Event:
    """A history entry, with its date in the person's time zone."""

    day: dt.date
    action: str
    subject: str
    data: Mapping[str, Any]

    @property
    def link_change(self) -> Sequence[Sequence[str]]:
        """Return the linked milestones before and after, or empty if they did not change."""
        is_change = self.action in ("evidence.linked", "evidence.edited")
        change: Sequence[Sequence[str]] = self.data.get("milestones", ()) if is_change else ()
        return change


@dataclass(frozen=True, slots=True)
class Level:
    """A self-assessment (`self`) or one by someone else, with its date in the person's zone."""

    day: dt.date
    skill: str
    side: str
    level: int


@dataclass
class PastPiece:
    """An existing piece of evidence with every version and its current links.

    `version_dates` has the day of each version by number; `events` are in order.
    """

    item: Item
    created_on: dt.date
    version_dates: Mapping[int, dt.date]
    events: Sequence[Event]

    def links_on(self, day: dt.date) -> Sequence[str]:
        """Return the milestones linked at the end of a day."""
        keys: Sequence[str] = self.item.milestones
        for event in reversed(self.events):
            if event.day <= day:
                break
            if change := event.link_change:
                keys = change[0]
        return keys

    def review_on(self, day: dt.date) -> tuple[int | None, set[str]]:
        """Return the version that was verified at the end of a day, and its milestones."""
        verified: int | None = None
        confirmed: dict[int, set[str]] = {}
        reviews: list[tuple[str, int, set[str]]] = []
        for event in self.events:
            if event.day > day:
                break
            verb, data = event.action.partition(".")[2], event.data
            if verb in ("verified", "returned"):
                number, keys = data["version"], set(data["milestones"])
                earlier = confirmed.get(number, set()) if "besides" in data else set()
                confirmed[number] = earlier | keys
                reviews.append((verb, number, keys))
                verified = number if verb == "verified" else None
            elif verb in ("verification_withdrawn", "return_withdrawn") and reviews:
                _verb, number, keys = reviews.pop()
                confirmed[number] = confirmed.get(number, set()) - keys
                before = reviews[-1] if reviews else None
                verified = before[1] if before and before[0] == "verified" else None
            elif change := event.link_change:
                # A milestone that is linked again later does not inherit the confirmation.
                for keys in confirmed.values():
                    keys &= set(change[1])
        return verified, confirmed.get(verified or 0, set())

    def was_overwritten(self, number: int, day: dt.date, fields: frozenset[str]) -> bool:
        """Return whether one of these fields of a version was overwritten after a day."""
        return any(
            event.day > day
            and event.action == "evidence.edited"
            and event.data.get("version") == number
            # An edit that created the version overwrote nothing in it.
            and self.version_dates[number] <= day
            and not fields.isdisjoint(event.data.get("fields", ()))
            for event in self.events
        )


@dataclass(frozen=True, slots=True)
class PastEntry:
    """A position or degree, with the days on which it was recorded, removed and last changed.

    Its value before `changed_on` is unknown. Days are None if there was no such event.
    """

    value: Position | Degree
    recorded_on: dt.date | None
    removed_on: dt.date | None = None
    changed_on: dt.date | None = None


@dataclass
class PastFacts:
    """Everything about a person from which past figures can be computed.

    `statuses` has pairs of a day and the status from then on, in order, by milestone. `deleted` has
    the first and last day of each piece that was deleted.
    """

    statuses: Mapping[str, Sequence[tuple[dt.date, str]]] = field(default_factory=dict)
    levels: Sequence[Level] = ()
    pieces: Sequence[PastPiece] = ()
    entries: Sequence[PastEntry] = ()
    deleted: Sequence[tuple[dt.date, dt.date]] = ()

    def change_days(self) -> set[dt.date]:
        """Return the days on which the facts changed or a piece lapsed."""
        days = {day for changes in self.statuses.values() for day, _status in changes}
        days |= {each.day for each in self.levels}
        for piece in self.pieces:
            days |= {piece.created_on} | {event.day for event in piece.events}
            for version in piece.item.versions:
                if version.expires_on and (last := version.expires_on.last) < dt.date.max:
                    days.add(last + dt.timedelta(days=1))
        for entry in self.entries:
            moments = (entry.recorded_on, entry.removed_on, entry.changed_on)
            days |= {day for day in moments if day}
        for first, last in self.deleted:
            days |= {first, last + dt.timedelta(days=1)}
        return days

    def figures_on(self, content: Content, day: dt.date) -> Figures:
        """Return the figures on a roadmap at the end of a day."""
        known = not any(first <= day <= last for first, last in self.deleted)
        is_score_known = True
        items: list[Item] = []
        for piece in self.pieces:
            if piece.created_on > day:
                continue
            verified, confirmed = piece.review_on(day)
            versions = [
                each for each in piece.item.versions if piece.version_dates[each.number] <= day
            ]
            counted = verified or versions[0].number
            known = known and not piece.was_overwritten(counted, day, TONE_FIELDS)
            if piece.was_overwritten(counted, day, SCORE_FIELDS):
                is_score_known = False
            links = [
                Link(key, key in confirmed, "", piece.item.created_at)
                for key in piece.links_on(day)
            ]
            items.append(
                replace(
                    piece.item,
                    versions=tuple(versions),
                    verified_number=verified,
                    links=tuple(links),
                )
            )
        entries = [each for each in self.entries if (each.recorded_on or day) <= day]
        if any(each.changed_on and each.changed_on > day for each in entries):
            is_score_known = False
        existing = [each.value for each in entries if not each.removed_on or each.removed_on > day]
        facts = Facts(
            statuses=self._statuses_on(day),
            pieces=tuple(items),
            self_levels=self._levels_on(day, own=True),
            other_levels=self._levels_on(day, own=False),
            positions=tuple(each for each in existing if isinstance(each, Position)),
            degrees=tuple(each for each in existing if isinstance(each, Degree)),
        )
        tally = Tally(content, facts, day)
        progress = effort_of(tally.stages)
        if not known:
            return Figures(progress.hours, progress.claimed_hours, None, None, None)
        score = Decimal(str(round_share(score_of(tally)))) if is_score_known else None
        hours = progress.evidenced_hours, progress.verified_hours
        return Figures(progress.hours, progress.claimed_hours, *hours, score)

    def _statuses_on(self, day: dt.date) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, changes in self.statuses.items():
            place = bisect_right(changes, day, key=itemgetter(0))
            if place and changes[place - 1][1] != "not_started":
                found[key] = changes[place - 1][1]
        return found

    def _levels_on(self, day: dt.date, *, own: bool) -> dict[str, int]:
        return {
            each.skill: each.level
            for each in self.levels
            if each.day <= day and (each.side == "self") == own
        }


def reconstruct_days(
    past: PastFacts, contents: Sequence[tuple[dt.date, Content]], first: dt.date, last: dt.date
) -> Iterator[tuple[dt.date, Figures]]:
    """Yield the days from `first` to `last` on which figures can have changed, with the figures.

    `contents` are the revisions of the roadmap with their publication days; the first one is used
    for earlier days too. If years of ML engineering are growing, the first of each month is
    included, because the score changes without an event.
    """
    days = past.change_days() | {day for day, _content in contents} | {first}
    if any(isinstance(each.value, Position) and each.value.is_ml for each in past.entries):
        month = first.replace(day=1)
        while month <= last:
            days.add(month)
            month = (month + dt.timedelta(days=32)).replace(day=1)
    for day in sorted(each for each in days if first <= each <= last):
        since = [content for published_on, content in contents if published_on <= day]
        yield day, past.figures_on(since[-1] if since else contents[0][1], day)
