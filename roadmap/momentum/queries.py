"""Load snapshots, records of past facts, and the days with changes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import RoadmapRevision
from roadmap.catalog.queries import load_revision
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Audience
from roadmap.evidence.loader import load_user_items
from roadmap.momentum.models import Snapshot
from roadmap.momentum.reconstruction import Event, Level, PastEntry, PastFacts, PastPiece
from roadmap.momentum.rules import Figures
from roadmap.people.models import HistoryEntry
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.queries import records_without_evidence
from roadmap.skills.models import Assessment

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

_ENTRY: Any = HistoryEntry.__table__.c


def load_series(
    session: Session, user_id: uuid.UUID, roadmap_id: uuid.UUID
) -> list[tuple[dt.date, Figures]]:
    """Load a person's snapshots on a roadmap, in order; at most 3,650 rows for ten years."""
    figures = (getattr(Snapshot, name) for name in Figures._fields)
    rows = session.execute(
        sa.select(Snapshot.day, *figures)
        .where(Snapshot.user_id == user_id, Snapshot.roadmap_id == roadmap_id)
        .order_by(Snapshot.day)
    )
    return [(day, Figures(*figures)) for day, *figures in rows]


def changes_by_day(
    session: Session, user_id: uuid.UUID, year: int, zone: ZoneInfo
) -> dict[dt.date, int]:
    """Count a person's history entries by day of a year, in their time zone."""
    begin, end = (dt.datetime(each, 1, 1, tzinfo=zone) for each in (year, year + 1))
    moments = session.scalars(
        sa.select(_ENTRY.at).where(_ENTRY.user_id == user_id, _ENTRY.at >= begin, _ENTRY.at < end)
    )
    return Counter(at.astimezone(zone).date() for at in moments)


def first_change(session: Session, user_id: uuid.UUID) -> dt.datetime | None:
    """Return the time of the first entry in a person's history."""
    query = sa.select(sa.func.min(_ENTRY.at)).where(_ENTRY.user_id == user_id)
    return session.scalar(query)


def load_contents(
    session: Session, roadmap_id: uuid.UUID, zone: ZoneInfo
) -> list[tuple[dt.date, Content]]:
    """Load the revisions of a roadmap, in order, with the days on which they were published."""
    rows = session.execute(
        sa.select(RoadmapRevision.id, RoadmapRevision.published_at)
        .where(RoadmapRevision.roadmap_id == roadmap_id)
        .order_by(RoadmapRevision.number)
    )
    return [
        (at.astimezone(zone).date(), load_revision(session, revision_id).content)
        for revision_id, at in rows.all()
    ]


def load_past_facts(session: Session, user_id: uuid.UUID, zone: ZoneInfo) -> PastFacts:
    """Load the records of a person's past facts, in twelve statements."""
    session.flush()
    record = records_without_evidence(session, [user_id])[user_id]
    items = load_user_items(
        session, Audience.OWNER, user_id, texts=False, skills=False, all_versions=True
    )
    events: dict[str, list[Event]] = defaultdict(list)
    for event in _events(session, user_id, zone, "evidence.%"):
        events[event.subject].append(event)
    existing = {str(item.id) for item in items}
    deleted = []
    for subject, of_piece in events.items():
        if subject not in existing and (last := of_piece[-1]).action == "evidence.deleted":
            first = of_piece[0]
            begun = first.day if first.action == "evidence.created" else dt.date.min
            deleted.append((begun, last.day - dt.timedelta(days=1)))
    statuses: dict[str, list[tuple[dt.date, str]]] = defaultdict(list)
    for event in _events(session, user_id, zone, "status.set"):
        statuses[event.subject].append((event.day, event.data["status"]))
    for key, at in record.status_changed_at.items():
        # A status imported without history counts from the date that it has.
        statuses.setdefault(key, [(at.astimezone(zone).date(), record.own.statuses[key])])
    return PastFacts(
        statuses=statuses,
        levels=[
            Level(at.astimezone(zone).date(), skill, side, level)
            for at, skill, side, level in session.execute(
                sa.select(
                    Assessment.assessed_at, Assessment.skill_key, Assessment.side, Assessment.level
                )
                .where(Assessment.user_id == user_id)
                .order_by(Assessment.assessed_at, Assessment.id)
            )
        ],
        pieces=[
            PastPiece(
                item,
                item.created_at.astimezone(zone).date(),
                {each.number: each.created_at.astimezone(zone).date() for each in item.versions},
                events[str(item.id)],
            )
            for item in items
        ],
        entries=_entries(session, user_id, zone, record.own),
        deleted=deleted,
    )


def _events(session: Session, user_id: uuid.UUID, zone: ZoneInfo, *actions: str) -> list[Event]:
    """Load history entries ordered by time, because imports can add older ones later."""
    rows = session.connection().execute(
        sa.select(_ENTRY.at, _ENTRY.action, _ENTRY.subject, _ENTRY.data)
        .where(_ENTRY.user_id == user_id, sa.or_(*map(_ENTRY.action.like, actions)))
        .order_by(_ENTRY.at, _ENTRY.id)
    )
    return [Event(at.astimezone(zone).date(), *values) for at, *values in rows]


def _entries(session: Session, user_id: uuid.UUID, zone: ZoneInfo, own: Facts) -> list[PastEntry]:
    """Return positions and degrees, including removed ones."""
    current: list[Position | Degree] = [*own.positions, *own.degrees]
    values = {each.id: each for each in current}
    days: dict[str, dict[str, dt.date]] = defaultdict(dict)
    for event in _events(session, user_id, zone, "position.%", "degree.%"):
        thing, _dot, verb = event.action.partition(".")
        key, data = event.subject, event.data
        days[key][verb] = event.day
        if verb == "removed" and thing == "position":
            ended_on = PartialDate(data["ended_on"]).last if data["ended_on"] else None
            started_on = PartialDate(data["started_on"]).first
            values[key] = Position(key, "", started_on, ended_on, data["is_ml"])
        elif verb == "removed":
            values[key] = Degree(key, "", data["level"])
    return [
        PastEntry(value, *(days[key].get(verb) for verb in ("added", "removed", "changed")))
        for key, value in values.items()
    ]
