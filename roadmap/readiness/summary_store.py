"""The kept row as its person sees it, and what it was made of."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import User
from roadmap.readiness.models import ReadinessSummary

_KEPT = ReadinessSummary.__table__.c
_MADE_OF = sa.select(_KEPT.own["made_of"].as_string(), User.__table__.c.timezone).where(
    _KEPT.user_id == sa.bindparam("user_id"), User.__table__.c.id == _KEPT.user_id
)
_ONE_KEPT = sa.select(_KEPT.own, _KEPT.valid_until).where(
    _KEPT.user_id == sa.bindparam("user_id"),
    _KEPT.roadmap_id == sa.bindparam("roadmap_id"),
    _KEPT.revision_id == sa.bindparam("revision_id"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The kept row as its person sees it. It counts through the day before `valid_until`."""

    own: dict[str, Any]
    valid_until: dt.date | None


def kept(
    session: Session, user_id: uuid.UUID, roadmap_id: uuid.UUID, revision_id: uuid.UUID
) -> Kept | None:
    """The kept row where it is of this revision; whether it is still valid asks its dates."""
    row = session.execute(
        _ONE_KEPT, {"user_id": user_id, "roadmap_id": roadmap_id, "revision_id": revision_id}
    ).first()
    return Kept(*row) if row else None


def made_of(session: Session, user_id: uuid.UUID) -> set[tuple[str | None, str]]:
    """The names of the records that a person's rows were made of, and the person's time zone.

    See `readiness.memory`.
    """
    return {(name, zone) for name, zone in session.execute(_MADE_OF, {"user_id": user_id})}
