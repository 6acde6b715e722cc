"""Load snapshots, what is recorded of earlier days, and the days on which something changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree as DegreeRow
from roadmap.career.models import Position as PositionRow
from roadmap.catalog.models import RoadmapRevision
from roadmap.catalog.queries import load_revision
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Impact, Version
from roadmap.evidence.loader import IMPACT_COLUMNS
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceVersion
from roadmap.evidence.models import Impact as ImpactRow
from roadmap.momentum.models import Snapshot
from roadmap.momentum.reconstruction import Event, Level, PastEntry, PastFacts, PastPiece
from roadmap.momentum.rules import FIGURES, Figures
from roadmap.people.models import HistoryEntry
from roadmap.progress.models import MilestoneStatus
from roadmap.readiness.facts import Degree, Position
from roadmap.skills.models import Assessment

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

_ENTRY: Any = HistoryEntry.__table__.c
_KINDS = ("evidence.%", "position.%", "degree.%")


def load_series(
    session: Session, user_id: uuid.UUID, roadmap_id: uuid.UUID
) -> list[tuple[dt.date, Figures]]:
    """Load a person's snapshots on a roadmap, in order; 3,650 rows for ten years at most."""
    figures = (getattr(Snapshot, name) for name in FIGURES)
    rows = session.execute(
        sa.select(Snapshot.day, *figures)
        .where(Snapshot.user_id == user_id, Snapshot.roadmap_id == roadmap_id)
        .order_by(Snapshot.day)
    )
    return [(day, Figures(*figures)) for day, *figures in rows]


def changes_by_day(
    session: Session, user_id: uuid.UUID, year: int, zone: ZoneInfo
) -> dict[dt.date, int]:
    """Count the entries of a person's history by day of a year, in their own time zone."""
    begin, end = (dt.datetime(each, 1, 1, tzinfo=zone) for each in (year, year + 1))
    moments = session.scalars(
        sa.select(_ENTRY.at).where(_ENTRY.user_id == user_id, _ENTRY.at >= begin, _ENTRY.at < end)
    )
    return Counter(at.astimezone(zone).date() for at in moments)


def first_change(session: Session, user_id: uuid.UUID) -> dt.datetime | None:
    """Return when a person's history begins."""
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


def load_past(session: Session, user_id: uuid.UUID, zone: ZoneInfo) -> PastFacts:
    """Load what is recorded of a person's earlier days, in nine statements."""
    session.flush()
    events: dict[str, list[Event]] = defaultdict(list)
    deleted = []
    for event in _events(session, user_id, zone, _ENTRY.action.like(_KINDS[0])):
        events[event.subject].append(event)
    pieces = _pieces(session, user_id, zone, events)
    there = {str(piece.id) for piece in pieces}
    for subject, of_piece in events.items():
        if subject not in there and (last := of_piece[-1]).action == "evidence.deleted":
            first = of_piece[0]
            begun = first.day if first.action == "evidence.created" else dt.date.min
            deleted.append((begun, last.day - dt.timedelta(days=1)))
    return PastFacts(
        statuses=_statuses(session, user_id, zone),
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
        pieces=pieces,
        entries=_entries(session, user_id, zone),
        deleted=deleted,
    )


def _events(
    session: Session, user_id: uuid.UUID, zone: ZoneInfo, of: sa.ColumnElement[bool]
) -> list[Event]:
    """Load entries of the history in the order of their moments; an import may add older ones."""
    rows = session.connection().execute(
        sa.select(_ENTRY.at, _ENTRY.action, _ENTRY.subject, _ENTRY.data)
        .where(_ENTRY.user_id == user_id, of)
        .order_by(_ENTRY.at, _ENTRY.id)
    )
    return [Event(at.astimezone(zone).date(), *values) for at, *values in rows]


def _statuses(
    session: Session, user_id: uuid.UUID, zone: ZoneInfo
) -> dict[str, list[tuple[dt.date, str]]]:
    found: dict[str, list[tuple[dt.date, str]]] = defaultdict(list)
    for event in _events(session, user_id, zone, _ENTRY.action == "status.set"):
        found[event.subject].append((event.day, event.data["status"]))
    rows = session.execute(
        sa.select(
            MilestoneStatus.milestone_key, MilestoneStatus.changed_at, MilestoneStatus.status
        ).where(MilestoneStatus.user_id == user_id)
    )
    for key, at, status in rows:
        # What came in without a history is so since it says.
        found.setdefault(key, [(at.astimezone(zone).date(), status)])
    return found


def _pieces(
    session: Session, user_id: uuid.UUID, zone: ZoneInfo, events: dict[str, list[Event]]
) -> list[PastPiece]:
    impacts: dict[uuid.UUID, list[Impact]] = defaultdict(list)
    for version_id, *values in session.execute(
        sa.select(ImpactRow.version_id, *(getattr(ImpactRow, name) for name in IMPACT_COLUMNS))
        .where(ImpactRow.user_id == user_id)
        .order_by(ImpactRow.position, ImpactRow.id)
    ):
        impacts[version_id].append(Impact(*values))
    versions: dict[uuid.UUID, list[tuple[dt.date, Version]]] = defaultdict(list)
    version_rows = session.execute(
        sa.select(
            EvidenceVersion.evidence_id,
            EvidenceVersion.id,
            EvidenceVersion.number,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.expires_on,
            EvidenceVersion.created_at,
        )
        .where(EvidenceVersion.user_id == user_id)
        .order_by(EvidenceVersion.number)
    )
    for evidence_id, key, number, kind, occurred_on, expires_on, at in version_rows:
        version = Version(
            *(kind, occurred_on, "", "", "", "", None, expires_on, tuple(impacts[key])),
            id=key,
            number=number,
            created_at=at,
            submitted_at=None,
        )
        versions[evidence_id].append((at.astimezone(zone).date(), version))
    links: dict[uuid.UUID, list[str]] = defaultdict(list)
    for evidence_id, milestone in session.execute(
        sa.select(EvidenceMilestone.evidence_id, EvidenceMilestone.milestone_key)
        .where(EvidenceMilestone.user_id == user_id)
        .order_by(EvidenceMilestone.position, EvidenceMilestone.milestone_key)
    ):
        links[evidence_id].append(milestone)
    rows = session.execute(
        sa.select(Evidence.id, Evidence.created_at)
        .where(Evidence.user_id == user_id)
        .order_by(Evidence.created_at, Evidence.id)
    )
    return [
        PastPiece(
            *(key, at.astimezone(zone).date(), versions[key], links[key], events[str(key)]),
        )
        for key, at in rows
    ]


def _entries(session: Session, user_id: uuid.UUID, zone: ZoneInfo) -> list[PastEntry]:
    """Load positions and degrees, those that were removed as well."""
    said: dict[str, dict[str, Event]] = defaultdict(dict)
    of_career = sa.or_(*(_ENTRY.action.like(kind) for kind in _KINDS[1:]))
    for event in _events(session, user_id, zone, of_career):
        said[event.subject][event.action.partition(".")[2]] = event
    values: dict[str, Position | Degree] = {}
    for row in session.execute(
        sa.select(
            PositionRow.id, PositionRow.started_on, PositionRow.ended_on, PositionRow.is_ml
        ).where(PositionRow.user_id == user_id)
    ):
        values[str(row.id)] = _position(str(row.id), row.started_on, row.ended_on, row.is_ml)
    for degree_id, level in session.execute(
        sa.select(DegreeRow.id, DegreeRow.level).where(DegreeRow.user_id == user_id)
    ):
        values[str(degree_id)] = Degree(str(degree_id), "", level)
    for key, events in said.items():
        if (removed := events.get("removed")) and removed.action.startswith("position"):
            data = removed.data
            ended_on = PartialDate(data["ended_on"]) if data["ended_on"] else None
            values[key] = _position(key, PartialDate(data["started_on"]), ended_on, data["is_ml"])
        elif removed:
            values[key] = Degree(key, "", removed.data["level"])
    days = {
        key: {verb: event.day for verb, event in events.items()} for key, events in said.items()
    }
    return [
        PastEntry(value, *(days.get(key, {}).get(verb) for verb in ("added", "removed", "changed")))
        for key, value in values.items()
    ]


def _position(
    key: str, started_on: PartialDate, ended_on: PartialDate | None, is_ml: bool
) -> Position:
    return Position(key, "", started_on.first, ended_on.last if ended_on else None, is_ml)
