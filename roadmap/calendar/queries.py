"""Load calendar entries and feeds."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.calendar.models import CalendarFeed
from roadmap.calendar.rules import Entry
from roadmap.catalog.queries import load_revision
from roadmap.credentials.rules import WARNING_DAYS
from roadmap.evidence.audience_sql import counted_version_id
from roadmap.evidence.item import Audience
from roadmap.evidence.labels import is_issued
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.progress.models import MilestonePlan, MilestoneStatus
from roadmap.progress.queries import enrollments


def load_entries(session: Session, user_id: uuid.UUID, today: dt.date) -> list[Entry]:
    """Load open target dates and evidence expiry dates, earliest first.

    The calendar page, the dashboard and the feed share these entries.
    """
    found = [*_target_dates(session, user_id), *_expiry_dates(session, user_id, today)]
    return sorted(found, key=lambda each: (each.day, each.title, each.kind, each.key))


def _target_dates(session: Session, user_id: uuid.UUID) -> list[Entry]:
    mine = enrollments(session, user_id)
    found = [
        Entry(
            "roadmap",
            str(each.roadmap_id),
            each.target_on,
            each.title,
            f"/roadmaps/{each.slug}",
            each.created_at,
        )
        for each in mine
        if each.target_on
    ]
    contents = [load_revision(session, each.revision_id).content for each in mine]
    plans = session.execute(
        sa.select(MilestonePlan.milestone_key, MilestonePlan.target_on, MilestonePlan.updated_at)
        .outerjoin(
            MilestoneStatus,
            sa.and_(
                MilestoneStatus.user_id == MilestonePlan.user_id,
                MilestoneStatus.milestone_key == MilestonePlan.milestone_key,
            ),
        )
        .where(
            MilestonePlan.user_id == user_id,
            MilestonePlan.target_on.is_not(None),
            sa.func.coalesce(MilestoneStatus.status, "").not_in(("done", "not_applicable")),
        )
    )
    for key, day, changed_at in plans:
        content = next((each for each in contents if key in each.by_key), None)
        if content is not None and day is not None:
            href = f"/roadmaps/{content.slug}/milestones/{key}"
            found.append(Entry("milestone", key, day, content.by_key[key].title, href, changed_at))
    return found


def _expiry_dates(session: Session, user_id: uuid.UUID, today: dt.date) -> list[Entry]:
    """Load the expiry dates of evidence, and the dates on which to start renewing credentials.

    Lapsed evidence has no entries: it may never be renewed, so it is not late.
    """
    rows = session.execute(
        sa.select(
            Evidence.id,
            Evidence.title,
            Evidence.updated_at,
            EvidenceVersion.kind,
            EvidenceVersion.expires_on,
        )
        .join(EvidenceVersion, EvidenceVersion.id == counted_version_id(Audience.OWNER))
        .where(Evidence.user_id == user_id, EvidenceVersion.expires_on.is_not(None))
    )
    found = []
    for key, title, changed_at, kind, expires_on in rows:
        if expires_on is None or expires_on.last < today:
            continue
        last, href = expires_on.last, f"/evidence/{key}"
        found.append(Entry("expiry", str(key), last, title, href, changed_at))
        if is_issued(kind):
            begin = last - dt.timedelta(days=max(WARNING_DAYS))
            renew = f"{href}/edit?renew=1"
            found.append(Entry("renewal", str(key), begin, title, renew, changed_at, last))
    return found


def find_feed(session: Session, user_id: uuid.UUID) -> CalendarFeed | None:
    """Load the user's calendar feed, if any."""
    return session.scalars(sa.select(CalendarFeed).filter_by(user_id=user_id)).first()
