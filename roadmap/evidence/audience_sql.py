"""SQL conditions for what an audience sees, equivalent to `item.restrict_to`.

Each function refers to the `Evidence` entity of the surrounding query.
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
    """Return the condition that the audience sees the item."""
    match audience:
        case Audience.OWNER:
            return sa.true()
        case Audience.MANAGER:
            shared = shared_state(audience).in_(SHARED_STATES)
            return sa.and_(Evidence.visibility != "private", shared)
        case Audience.PUBLIC:
            return Evidence.visibility == "portfolio"


def shared_state(audience: Audience) -> sa.ColumnElement[str]:
    """Return the state shown to the audience, as `item.shared_state` does."""
    if audience is not Audience.MANAGER:
        return Evidence.state.expression
    is_withdrawn = sa.and_(Evidence.state == "draft", Evidence.verified_version_id.is_not(None))
    return sa.case((is_withdrawn, "verified"), else_=Evidence.state)


def newest_version_id(audience: Audience) -> sa.ColumnElement[Any]:
    """Return the id of the newest version that the audience sees, or NULL."""
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
            # After a withdrawal, managers see only the verified version.
            return sa.case((Evidence.state == "draft", Evidence.verified_version_id), else_=newest)
        case Audience.PUBLIC:
            return counted_version_id(audience)


def counted_version_id(audience: Audience) -> sa.ColumnElement[Any]:
    """Return the id of the version that counts: the verified one, else the newest visible one."""
    newest = Audience.OWNER if audience is Audience.PUBLIC else audience
    return sa.func.coalesce(Evidence.verified_version_id, newest_version_id(newest))


def has_no_review() -> sa.ColumnElement[bool]:
    """Return the condition that no version has been reviewed on this installation."""
    return ~sa.exists().where(Review.evidence_id == Evidence.id)


def is_verified() -> sa.ColumnElement[bool]:
    """Return the condition that a link of the item is confirmed, as in `Item.verified`."""
    return sa.exists().where(
        EvidenceMilestone.evidence_id == Evidence.id, is_confirmation_of_link()
    )


def is_confirmation_of_link() -> sa.ColumnElement[bool]:
    """Return the condition that joins a valid `Confirmation` to a link.

    A confirmation is valid if it belongs to the verified version and the version's kind still
    proves the milestone.
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
