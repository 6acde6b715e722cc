"""Load summary rows: a person's own, and those that others see, as of today.

A row is valid until `valid_until`, by the date in the person's time zone. A job recomputes expired
rows, but a request may come first, and a GET writes nothing. Without a valid row the figures are
therefore computed on the fly: what a manager sees must neither be out of date nor depend on whether
the person recorded something private today.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import load_revision
from roadmap.core.batches import batched
from roadmap.core.dates import local_date
from roadmap.people.models import User
from roadmap.progress.queries import EnrolledRoadmap
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import person_records
from roadmap.readiness.summary import summarize
from roadmap.readiness.tally import Tally

RevisionKey = tuple[uuid.UUID, uuid.UUID]
"""The ids of a roadmap and its current revision."""

_summary: Any = ReadinessSummary.__table__.c
_user: Any = User.__table__.c
_IS_VALID = sa.and_(
    _summary.user_id == sa.bindparam("user_id"),
    _summary.roadmap_id == sa.bindparam("roadmap_id"),
    _summary.revision_id == sa.bindparam("revision_id"),
    sa.or_(_summary.valid_until.is_(None), _summary.valid_until > sa.bindparam("today")),
)
_OWN = sa.select(_summary.own).where(_IS_VALID)
_OWN_SCORE = sa.select(_summary.own_score).where(_IS_VALID)
_SHARED = (
    sa.select(
        _summary.user_id,
        _summary.revision_id,
        _summary.shared,
        _summary.computed_on,
        _summary.valid_until,
        _user.timezone,
    )
    .join_from(ReadinessSummary.__table__, User.__table__, _user.id == _summary.user_id)
    .where(
        _summary.user_id.in_(sa.bindparam("people", expanding=True)),
        _summary.roadmap_id.in_(sa.bindparam("roadmaps", expanding=True)),
    )
)


def own_score(
    session: Session, user_id: uuid.UUID, enrolled: EnrolledRoadmap, today: dt.date
) -> Decimal | None:
    """Load the score from a person's row, or None if it is not valid."""
    keys = _keys(user_id, enrolled, today)
    score: Decimal | None = session.connection().execute(_OWN_SCORE, keys).scalar()
    return score


def load_own_summary(
    session: Session, user_id: uuid.UUID, enrolled: EnrolledRoadmap, today: dt.date
) -> dict[str, Any] | None:
    """Load `own` of a person's row (see `summary.summarize`), or None if it is not valid."""
    return session.connection().execute(_OWN, _keys(user_id, enrolled, today)).scalar()


def _keys(user_id: uuid.UUID, enrolled: EnrolledRoadmap, today: dt.date) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "roadmap_id": enrolled.roadmap_id,
        "revision_id": enrolled.revision_id,
        "today": today,
    }


def load_shared_summaries(
    session: Session, revision_keys: Mapping[uuid.UUID, RevisionKey], now: dt.datetime
) -> dict[uuid.UUID, dict[str, Any]]:
    """Load `shared` of each person's row for their roadmap in `revision_keys`.

    A summary computed on the fly has `last_activity_on` as well, because it has no row. Takes one
    statement per batch of people, and seven more if rows have expired.
    """
    found: dict[uuid.UUID, dict[str, Any]] = {}
    roadmaps = list({roadmap_id for roadmap_id, _revision_id in revision_keys.values()})
    for people in batched(revision_keys):
        rows = session.execute(_SHARED, {"people": people, "roadmaps": roadmaps})
        for user_id, revision_id, shared, computed_on, valid_until, zone in rows:
            today = local_date(now, zone)
            is_valid = computed_on <= today and (valid_until is None or today < valid_until)
            if is_valid and revision_keys[user_id][1] == revision_id:
                found[user_id] = shared
    # Work in batches here too, because records take far more memory than their summaries.
    for people in batched([user_id for user_id in revision_keys if user_id not in found]):
        for user_id, record in person_records(session, people).items():
            content = load_revision(session, revision_keys[user_id][1]).content
            found[user_id] = {
                **summarize(Tally(content, record.shared, record.today(now))),
                "last_activity_on": record.last_activity_on(shared_only=True),
            }
    return found
