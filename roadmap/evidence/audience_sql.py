"""Which items and versions an audience sees, as SQL: the rule of `item.seen_by` for queries.

Each function refers to the `Evidence` of the surrounding query.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from roadmap.catalog.models import Milestone
from roadmap.evidence.constants import SHARED_STATES
from roadmap.evidence.item import Audience
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    Review,
)


def is_visible(audience: Audience) -> sa.ColumnElement[bool]:
    """Return the condition that an audience sees the item."""
    match audience:
        case Audience.OWNER:
            return sa.true()
        case Audience.MANAGER:
            shared = shared_state(audience).in_(SHARED_STATES)
            return sa.and_(Evidence.visibility != "private", shared)
        case Audience.PUBLIC:
            return Evidence.visibility == "portfolio"


def shared_state(audience: Audience) -> sa.ColumnElement[str]:
    """Return the state as an audience reads it: the rule of `item.shared_state`."""
    if audience is not Audience.MANAGER:
        return Evidence.state.expression
    is_withdrawn = sa.and_(Evidence.state == "draft", Evidence.verified_version_id.is_not(None))
    return sa.case((is_withdrawn, "verified"), else_=Evidence.state)


def newest_version_id(audience: Audience) -> sa.ColumnElement[Any]:
    """Return the id of the newest version that an audience sees; NULL where it sees none."""
    match audience:
        case Audience.OWNER:
            return Evidence.current_id.expression
        case Audience.MANAGER:
            version = aliased(EvidenceVersion)
            newest = (
                sa.select(version.id)
                .where(version.evidence_id == Evidence.id, version.submitted_at.is_not(None))
                .order_by(version.number.desc())
                .limit(1)
                .correlate(Evidence)
                .scalar_subquery()
            )
            # Of an edit that was withdrawn they see nothing, whatever was submitted before.
            return sa.case((Evidence.state == "draft", Evidence.verified_version_id), else_=newest)
        case Audience.PUBLIC:
            return counted_version_id(audience)


def counted_version_id(audience: Audience) -> sa.ColumnElement[Any]:
    """Return the id of the version that counts: the verified one, else the newest one seen."""
    newest = Audience.OWNER if audience is Audience.PUBLIC else audience
    return sa.func.coalesce(Evidence.verified_version_id, newest_version_id(newest))


def is_unjudged() -> sa.ColumnElement[bool]:
    """Return the condition that nobody here has ever reviewed it, in any version."""
    return ~sa.exists().where(Review.evidence_id == Evidence.id)


def is_verified() -> sa.ColumnElement[bool]:
    """Return the condition that one of its links is confirmed: the rule of `Item.verified`."""
    return sa.exists().where(
        EvidenceMilestone.evidence_id == Evidence.id, is_confirmation_of_link()
    )


def is_confirmation_of_link() -> sa.ColumnElement[bool]:
    """Return the condition that joins a `Confirmation` which counts to a link.

    It is of the verified version, whose kind still is among those that prove the milestone.
    """
    version, milestone = aliased(EvidenceVersion), aliased(Milestone)
    return sa.and_(
        Confirmation.version_id == Evidence.verified_version_id,
        Confirmation.milestone_key == EvidenceMilestone.milestone_key,
        sa.exists()
        .where(
            version.id == Confirmation.version_id,
            milestone.key == Confirmation.milestone_key,
            milestone.kinds.contains("," + version.kind + ","),
        )
        .correlate(Confirmation),
    )
