"""Load the facts about people, as each of the two audiences sees them."""

from __future__ import annotations

import datetime as dt
import operator
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree as DegreeRow
from roadmap.career.models import Position as PositionRow
from roadmap.catalog.models import Roadmap
from roadmap.core.batches import batched
from roadmap.core.config import VERSION
from roadmap.core.dates import local_date
from roadmap.evidence import audience_sql
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, restrict_to
from roadmap.evidence.loader import load_counted_items, load_user_items
from roadmap.evidence.models import Evidence, EvidenceVersion, Review
from roadmap.people.models import User
from roadmap.progress.models import Enrollment, MilestoneStatus
from roadmap.progress.queries import target_dates
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.summary import CountedFacts, counted_facts_adapter
from roadmap.skills.models import Assessment
from roadmap.skills.queries import ranked_assessments


@dataclass
class PersonRecord:
    """Everything recorded about a person that readiness depends on.

    `own` has all facts, as the person sees them. `enrolled` are pairs of a roadmap and its current
    revision; `status_changed_at` has the time of the latest change by milestone key.
    """

    timezone: str = "UTC"
    version: int = 0
    enrolled: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    own: Facts = field(default_factory=Facts)
    status_changed_at: dict[str, dt.datetime] = field(default_factory=dict)
    latest_status_at: dt.datetime | None = None
    evidence_changed_at: dt.datetime | None = None
    shared_evidence_changed_at: dt.datetime | None = None

    def today(self, now: dt.datetime) -> dt.date:
        """Return the date in the person's time zone."""
        return local_date(now, self.timezone)

    @cached_property
    def shared(self) -> Facts:
        """Return the facts that others see: no drafts, private evidence or unsubmitted edits."""
        seen = [restrict_to(item, Audience.MANAGER) for item in self.own.pieces]
        return replace(
            self.own, pieces=[item for item in seen if item is not None], target_dates={}
        )

    def has_hidden_facts(self) -> bool:
        """Return whether others see less evidence than the person, or other versions of it."""
        own, shared = self.own.pieces, self.shared.pieces
        return len(shared) < len(own) or any(map(operator.is_not, shared, own))

    def last_activity_on(self, *, shared_only: bool) -> dt.date | None:
        """Return the date on which the person last changed a status or evidence, or None.

        The date is in their time zone. Actions of others, such as reviews, do not count.
        With `shared_only`, evidence that others do not see does not count either.
        """
        evidence = self.shared_evidence_changed_at if shared_only else self.evidence_changed_at
        moments = [moment for moment in (self.latest_status_at, evidence) if moment is not None]
        return self.today(max(moments)) if moments else None


Records = dict[uuid.UUID, PersonRecord]


def person_record(session: Session, user_id: uuid.UUID) -> PersonRecord:
    """Load the record of one person with the titles of their evidence, in ten statements."""
    record = records_without_evidence(session, [user_id])[user_id]
    record.own.target_dates = target_dates(session, user_id)
    record.own.pieces = load_user_items(session, Audience.OWNER, user_id, texts=False)
    return record


def person_records(session: Session, people: Collection[uuid.UUID]) -> Records:
    """Load what computed figures need for many people, in eight statements per batch."""
    records = records_without_evidence(session, people)
    _load_evidence(session, records)
    return records


def counted_record(
    session: Session, user_id: uuid.UUID, now: dt.datetime
) -> tuple[PersonRecord, dict[uuid.UUID, CountedFacts]]:
    """Load what a status change affects, and the other counted facts by roadmap.

    Call it while holding the lock on the person, after a write that changed one status and nothing
    else. Takes two statements if the summary rows are valid, of this release, and (by the person's
    version) of the previous write. Otherwise takes six more.
    """
    records = {user_id: PersonRecord()}
    record, counted = records[user_id], {}
    for row in _load_people(session, records, _COUNTED):
        today = record.today(now)
        if (
            row.summary_revision_id is not None
            and row.summary_revision_id == row.revision_id
            and row.person_version == record.version - 1
            and row.computed_on <= today
            and (row.valid_until is None or today < row.valid_until)
            and row.counted["release"] == VERSION
        ):
            counted[row.roadmap_id] = counted_facts_adapter().validate_python(row.counted)
    _load_statuses(session, records)
    if len(counted) < len(record.enrolled):
        _load_levels(session, records)
        _load_background(session, records)
        _load_evidence(session, records)
        counted = {}
    return record, counted


def records_without_evidence(session: Session, people: Collection[uuid.UUID]) -> Records:
    """Load the records of many people without evidence, in five statements per batch."""
    records = {user_id: PersonRecord() for user_id in people}
    _load_people(session, records, _USERS)
    _load_statuses(session, records)
    _load_levels(session, records)
    _load_background(session, records)
    return records


def partial_records(session: Session, people: Collection[uuid.UUID]) -> Records:
    """Load enrollments, levels and last activity of many people, in two statements per batch.

    This is enough for people without a summary row, because they are enrolled in no roadmap.
    """
    records = {user_id: PersonRecord() for user_id in people}
    _load_people(session, records, _USERS)
    _load_levels(session, records)
    return records


def _load_people(session: Session, records: Records, query: sa.Select[Any]) -> list[Any]:
    """Load time zone, version, enrollments and last activity; return the rows."""
    rows = list(_rows(session, query, records))
    for row in rows:
        record = records[row.user_id]
        record.timezone, record.version = row.timezone, row.version
        if row.revision_id is not None:
            record.enrolled.append((row.roadmap_id, row.revision_id))
        record.latest_status_at = row.latest_status_at
        record.evidence_changed_at = row.evidence_changed_at
        record.shared_evidence_changed_at = row.shared_evidence_changed_at
        record.own.awaits_first_review = bool(row.awaits_first_review)
    return rows


def _load_statuses(session: Session, records: Records) -> None:
    for user_id, key, status, changed_at in _rows(session, _STATUSES, records):
        records[user_id].own.statuses[key] = status
        records[user_id].status_changed_at[key] = changed_at


def _load_levels(session: Session, records: Records) -> None:
    for user_id, skill, side, level, moment in _rows(session, _LEVELS, records):
        facts = records[user_id].own
        own = side == "self"
        (facts.self_levels if own else facts.other_levels)[skill] = level
        days = facts.self_assessed_on if own else facts.other_assessed_on
        days[skill] = moment.date()


def _load_background(session: Session, records: Records) -> None:
    for user_id, key, title, start, end, is_ml in _rows(session, _POSITIONS, records):
        position = Position(str(key), title, start.first, end.last if end else None, is_ml)
        facts = records[user_id].own
        facts.positions = (*facts.positions, position)
    for user_id, degree_id, *values in _rows(session, _DEGREES, records):
        facts = records[user_id].own
        facts.degrees = (*facts.degrees, Degree(str(degree_id), *values))


def _load_evidence(session: Session, records: Records) -> None:
    for user_id, evidence in load_counted_items(session, records).items():
        records[user_id].own.pieces = evidence


def _rows(session: Session, query: sa.Select[Any], people: Collection[uuid.UUID]) -> Iterator[Any]:
    """Yield the rows of a query about many people, batch by batch."""
    connection = session.connection()
    for batch in batched(people):
        yield from connection.execute(query, {"people": batch}).all()


# The statements are built once and on tables, not entities: they run with every status change, and
# building them or mapping entities takes longer than the database does.
_PEOPLE: Any = sa.bindparam("people", expanding=True)
_user: Any = User.__table__.c
_enrollment: Any = Enrollment.__table__.c
_roadmap: Any = Roadmap.__table__.c
_status: Any = MilestoneStatus.__table__.c
_position: Any = PositionRow.__table__.c
_degree: Any = DegreeRow.__table__.c
_evidence: Any = Evidence.__table__.c
_version: Any = EvidenceVersion.__table__.c
_review: Any = Review.__table__.c


def _latest(moment: Any, *conditions: Any) -> sa.ScalarSelect[Any]:
    """Return the latest time among a user's rows that meet the conditions."""
    return (
        sa.select(sa.func.max(moment))
        .where(*conditions)
        .correlate(User.__table__)
        .scalar_subquery()
    )


_owned = _evidence.user_id == _user.id
_shared = sa.and_(_owned, audience_sql.is_visible(Audience.MANAGER))
# Editing a piece in review keeps its place in the queue but creates a new version to read.
_REVIEW_REQUESTED_AT = sa.case(
    (_version.submitted_at > _evidence.submitted_at, _version.submitted_at),
    else_=_evidence.submitted_at,
)
_has_pending_reviews = (
    sa.exists().where(_owned, _evidence.state.in_(AWAITING_REVIEW)).correlate(User.__table__)
)
_was_reviewed = sa.exists().where(_review.user_id == _user.id).correlate(User.__table__)
# Only the person's own actions are activity, not reviews. Others see that a piece was submitted,
# not that its author edited it.
_USERS = (
    sa.select(
        _user.id.label("user_id"),
        _user.timezone,
        _user.version,
        _roadmap.id.label("roadmap_id"),
        _roadmap.revision_id,
        _latest(_status.changed_at, _status.user_id == _user.id).label("latest_status_at"),
        _latest(_evidence.updated_at, _owned).label("evidence_changed_at"),
        _latest(_REVIEW_REQUESTED_AT, _shared, _version.id == _evidence.current_id).label(
            "shared_evidence_changed_at"
        ),
        sa.and_(_has_pending_reviews, sa.not_(_was_reviewed)).label("awaits_first_review"),
    )
    .outerjoin_from(User.__table__, Enrollment.__table__, _enrollment.user_id == _user.id)
    .outerjoin(Roadmap.__table__, _roadmap.id == _enrollment.roadmap_id)
    .where(_user.id.in_(_PEOPLE))
    .order_by(_roadmap.id)
)
_summary: Any = ReadinessSummary.__table__.c
_COUNTED = _USERS.add_columns(
    _summary.revision_id.label("summary_revision_id"),
    _summary.person_version,
    _summary.computed_on,
    _summary.valid_until,
    _summary.counted,
).outerjoin(
    ReadinessSummary.__table__,
    sa.and_(_summary.user_id == _user.id, _summary.roadmap_id == _roadmap.id),
)
_STATUSES = sa.select(
    _status.user_id, _status.milestone_key, _status.status, _status.changed_at
).where(_status.user_id.in_(_PEOPLE))
_levels = ranked_assessments(Assessment.user_id.in_(_PEOPLE), Assessment.assessed_at).c
_LEVELS = sa.select(
    _levels.user_id, _levels.skill_key, _levels.side, _levels.level, _levels.assessed_at
).where(_levels.place == 1)
_POSITIONS = (
    sa.select(
        _position.user_id,
        _position.id,
        _position.title,
        _position.started_on,
        _position.ended_on,
        _position.is_ml,
    )
    .where(_position.user_id.in_(_PEOPLE))
    .order_by(_position.started_on, _position.id)
)
_DEGREES = (
    sa.select(_degree.user_id, _degree.id, _degree.field, _degree.level)
    .where(_degree.user_id.in_(_PEOPLE))
    .order_by(_degree.id)
)
