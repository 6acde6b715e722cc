"""Warn people of evidence that lapses soon. The job process runs this twice an hour."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.dates import find_local_date
from roadmap.core.types import ends_before
from roadmap.credentials.rules import WARNING_DAYS, warning_days
from roadmap.evidence.audience_sql import counted_version_id
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Event
from roadmap.notifications.kinds import KINDS
from roadmap.notifications.models import Notification
from roadmap.people.locks import lock_user
from roadmap.people.models import User


def warn_owners(session: Session, *, now: dt.datetime) -> int:
    """Notify owners of evidence that lapses within 60 and 14 days; return the number of warnings.

    Each warning is given once per expiry date. Existing notifications show which were given,
    because a read one is kept for longer than 60 days.
    """
    today, count = now.date(), 0
    expires_on = EvidenceVersion.expires_on
    # A person's local date differs from the UTC date by at most a day.
    first, last = today - dt.timedelta(days=1), today + dt.timedelta(days=max(WARNING_DAYS) + 1)
    found = session.execute(
        sa.select(Evidence.id, User, expires_on)
        .join(EvidenceVersion, EvidenceVersion.id == counted_version_id(Audience.OWNER))
        .join(User, User.id == Evidence.user_id)
        .where(
            expires_on <= str(last),
            ~ends_before(expires_on, sa.literal(str(first))),
            User.deactivated_at.is_(None),
        )
        .order_by(User.id, Evidence.id)
    ).all()
    for evidence_id, owner, day in found:
        # An owner with an unknown time zone must not keep others from being warned.
        due = warning_days(day, find_local_date(now, owner.timezone) or today)
        if due is not None:
            count += _warn_once(session, evidence_id, owner, {"expires_on": day, "days": due}, now)
    return count


def _warn_once(
    session: Session, evidence_id: uuid.UUID, owner: User, data: dict[str, Any], now: dt.datetime
) -> bool:
    mine = sa.select(Notification.data).where(
        Notification.evidence_id == evidence_id,
        Notification.user_id == owner.id,
        Notification.kind == "lapsing",
    )
    if data in session.scalars(mine).all():
        return False
    # Another job process may do the same at the same time.
    lock_user(session, owner.id)
    evidence = session.scalars(sa.select(Evidence).filter_by(id=evidence_id)).first()
    if evidence is None or data in session.scalars(mine).all():
        return False
    event = Event(session, "evidence.lapsing", now)
    notify(KINDS["lapsing"], event, [owner], evidence=evidence, data=data)
    return True
