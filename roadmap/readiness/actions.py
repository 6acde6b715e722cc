"""Refresh the summary rows in the transaction that changes the facts."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import load_revision
from roadmap.core.config import VERSION
from roadmap.core.dates import find_local_date
from roadmap.people.locks import lock_user_without_version
from roadmap.people.models import User
from roadmap.progress.models import Enrollment
from roadmap.readiness.evidence_tally import count_evidence
from roadmap.readiness.facts import Facts
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import PersonRecord, counted_record, person_records
from roadmap.readiness.rules import next_change_on
from roadmap.readiness.summary import CountedFacts, counted_facts_adapter, summarize
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

CHANGED_PEOPLE = "people_whose_facts_changed"

SummaryValues = dict[str, Any]
"""The columns of a summary row, without its key."""

_SUMMARIES: Any = ReadinessSummary.__table__
_UPDATE_SUMMARY = sa.update(_SUMMARIES).where(
    _SUMMARIES.c.user_id == sa.bindparam("of_user"),
    _SUMMARIES.c.roadmap_id == sa.bindparam("of_roadmap"),
)
_INSERT_SUMMARY = sa.insert(_SUMMARIES)


def mark_changed(
    session: Session, user_id: uuid.UUID, now: dt.datetime, *, only_statuses: bool = False
) -> None:
    """Mark a person's facts as changed, so that their rows are refreshed before the commit."""
    changed = session.info.setdefault(CHANGED_PEOPLE, {})
    _before, were_statuses = changed.get(user_id, (now, True))
    changed[user_id] = now, only_statuses and were_statuses


def refresh_changed(session: Session) -> None:
    """Refresh the rows of all people whose facts changed in this transaction.

    Runs before each commit, but not when a savepoint is released, which can still be undone.
    """
    if session.in_nested_transaction():
        return
    changed = session.info.get(CHANGED_PEOPLE, {})
    while changed:
        user_id, (at, _only_statuses) = next(iter(changed.items()))
        refresh_summaries(session, user_id, at)


def refresh_summaries(
    session: Session, user_id: uuid.UUID, now: dt.datetime
) -> dict[uuid.UUID, SummaryValues]:
    """Recompute a person's summary rows and return their values by roadmap.

    The caller holds the lock on the person. Only a route that shows the result of a write needs to
    call this before it responds.
    """
    session.flush()
    _at, only_statuses = session.info.get(CHANGED_PEOPLE, {}).pop(user_id, (now, False))
    counted: Mapping[uuid.UUID, CountedFacts] = {}
    if only_statuses:
        record, counted = counted_record(session, user_id, now)
    else:
        record = person_records(session, [user_id])[user_id]
    connection, rows = session.connection(), {}
    for roadmap_id, revision_id in record.enrolled:
        known = counted.get(roadmap_id)
        values = rows[roadmap_id] = compute_summary(session, record, revision_id, now, known)
        updated: Any = connection.execute(
            _UPDATE_SUMMARY, {"of_user": user_id, "of_roadmap": roadmap_id, **values}
        )
        if not updated.rowcount:
            keys = {"user_id": user_id, "roadmap_id": roadmap_id}
            connection.execute(_INSERT_SUMMARY, {**keys, **values})
    return rows


def compute_summary(
    session: Session,
    record: PersonRecord,
    revision_id: uuid.UUID,
    now: dt.datetime,
    counted: CountedFacts | None = None,
) -> SummaryValues:
    """Return the values of a summary row, computed from a person's record.

    If `counted` is given, only the statuses and the last activity are read from the record.
    """
    today = record.today(now)
    content = load_revision(session, revision_id).content
    values: SummaryValues = {}
    if counted is None:
        counted = _count_facts(content, record, today)
        stored = counted_facts_adapter().dump_python(counted, mode="json")
        values = {"counted": {"release": VERSION, **stored}}
    facts = Facts(
        statuses=record.own.statuses,
        self_levels=counted.self_levels,
        other_levels=counted.other_levels,
        positions=counted.positions,
        degrees=counted.degrees,
        awaits_first_review=record.own.awaits_first_review,
    )
    own = Tally(content, facts, today, counted.own)
    own_data = shared_data = summarize(own)
    ends = [next_change_on(own)]
    if counted.shared is not None:
        shared = Tally(content, facts, today, counted.shared)
        shared_data = summarize(shared)
        ends.append(next_change_on(shared))
    return values | {
        "revision_id": revision_id,
        "person_version": record.version,
        "own_score": Decimal(str(own_data["score"])),
        "shared_score": Decimal(str(shared_data["score"])),
        "own": own_data,
        "shared": shared_data,
        "own_last_activity_on": record.last_activity_on(shared_only=False),
        "shared_last_activity_on": record.last_activity_on(shared_only=True),
        "computed_on": today,
        "valid_until": min((end for end in ends if end is not None), default=None),
    }


def _count_facts(content: Content, record: PersonRecord, today: dt.date) -> CountedFacts:
    """Count everything except statuses, separately for others if they see less than the person."""
    own = record.own
    return CountedFacts(
        own.self_levels,
        own.other_levels,
        tuple(own.positions),
        tuple(own.degrees),
        own=count_evidence(content, own.pieces, today),
        shared=count_evidence(content, record.shared.pieces, today)
        if record.has_hidden_facts()
        else None,
    )


def recompute_all(session: Session, *, now: dt.datetime, only_expired: bool = False) -> int:
    """Recompute all rows, or only the expired ones, and return the number of people."""
    if only_expired:
        ids = find_expired(session, now=now)
    else:
        ids = list(session.scalars(sa.select(Enrollment.user_id).distinct()))
        session.execute(sa.delete(ReadinessSummary))
    for user_id in ids:
        recompute(session, user_id, now=now)
    return len(ids)


def find_expired(session: Session, *, now: dt.datetime) -> list[uuid.UUID]:
    """Return the people whose row has expired, each by the date in their time zone."""
    # A date in another time zone is at most one day ahead of the date in UTC.
    latest = now.date() + dt.timedelta(days=1)
    rows = session.execute(
        sa.select(ReadinessSummary.user_id, ReadinessSummary.valid_until, User.timezone)
        .join(User, User.id == ReadinessSummary.user_id)
        .where(ReadinessSummary.valid_until <= latest)
    ).all()
    zones = {row.timezone for row in rows}
    # An unknown time zone is reported when the row is recomputed.
    dates = {zone: find_local_date(now, zone) or latest for zone in zones}
    expired = (row.user_id for row in rows if row.valid_until <= dates[row.timezone])
    return list(dict.fromkeys(expired))


def recompute(session: Session, user_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Lock a person against concurrent changes and recompute their rows."""
    lock_user_without_version(session, user_id)
    refresh_summaries(session, user_id, now)
