"""What others see of many people as of today: from the kept rows, anew where one has run out.

A kept row counts while its dates hold. The job that makes rows anew comes by now and then, and a
person's own date differs from place to place, so a reader may come first. What they are shown must
not depend on that: neither may a figure be yesterday's, nor may it change only because the person
recorded something private and thereby made the row anew. So whatever has run out is computed from
the shared facts while reading. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import load_revision
from roadmap.core.batches import batched
from roadmap.people.models import User
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import build_course, person_records
from roadmap.readiness.summary import summarize

Followed = tuple[uuid.UUID, uuid.UUID]
"""A roadmap and the revision that it is at."""

KEPT = ("score", "verdict", "claimed_not_proven", "progress", "stages", "skills")

_KEPT: Any = ReadinessSummary.__table__
_USERS: Any = User.__table__
_ROWS = (
    sa.select(
        _KEPT.c.user_id,
        _KEPT.c.roadmap_id,
        _KEPT.c.revision_id,
        sa.cast(_KEPT.c.shared, sa.Text),
        _KEPT.c.computed_on,
        _KEPT.c.valid_until,
        _USERS.c.timezone,
    )
    .join_from(_KEPT, _USERS, _USERS.c.id == _KEPT.c.user_id)
    .where(
        _KEPT.c.user_id.in_(sa.bindparam("people", expanding=True)),
        _KEPT.c.roadmap_id.in_(sa.bindparam("roadmaps", expanding=True)),
    )
)


@lru_cache(maxsize=1024)
def _read(document: str) -> dict[str, Any]:
    return _brief(json.loads(document))


def _brief(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The digest without what only a person's own page shows: a list of many keeps it in memory."""
    return {key: whole[key] for key in KEPT}


def shared_digests(
    session: Session, followed: Mapping[uuid.UUID, Followed], now: dt.datetime
) -> dict[uuid.UUID, dict[str, Any]]:
    """Of the shared digest (see `summary.digest`) of each person what `KEPT` names.

    Where no kept row holds there is also `last_activity_on`, what
    `shared_last_activity_on` of a new one would be.

    `followed` says for each person on which roadmap. The values are not the caller's to change.
    One statement, two more where rows have run out, for each `many.PORTION` of people. A row is
    read once for as long as it stays the same.
    """
    found: dict[uuid.UUID, dict[str, Any]] = {}
    dates: dict[str, dt.date] = {}
    roadmaps = list({roadmap_id for roadmap_id, _revision in followed.values()})
    rows = (
        row
        for people in batched(followed)
        for row in session.execute(_ROWS, {"people": people, "roadmaps": roadmaps})
    )
    for user_id, roadmap_id, revision_id, shared, made_on, ends, zone in rows:
        today = dates.get(zone)
        if today is None:
            today = dates[zone] = now.astimezone(ZoneInfo(zone)).date()
        holds = made_on <= today and (ends is None or today < ends)
        if holds and followed[user_id] == (roadmap_id, revision_id):
            found[user_id] = _read(shared)
    # In portions here as well: records take far more memory than what is made of them.
    for left in batched([user_id for user_id in followed if user_id not in found]):
        for user_id, record in person_records(session, left).items():
            path = build_course(load_revision(session, followed[user_id][1]))
            found[user_id] = {
                **_brief(summarize(path, record.shared(), record.today(now))),
                "last_activity_on": record.last_activity_on(shared_only=True),
            }
    return found
