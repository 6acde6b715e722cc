"""Record skill assessments. Rows are only added, so that the history is complete."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Skill
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.types import form_id, new_id
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user_for_actor
from roadmap.people.permissions import can
from roadmap.people.reach import is_role_granted_by, load_holders
from roadmap.people.roles import Capability
from roadmap.skills.models import Assessment, AssessmentRequest
from roadmap.skills.queries import NEWEST_FIRST, find_open_request
from roadmap.skills.rules import MAX_LEVEL, MIN_LEVEL

# Per skill and side, within 24 hours.
MAX_ASSESSMENTS = 50

# The permission required to record an assessment, by side.
PERMISSIONS = {"self": "skill.assess_self", "manager": "skill.assess_other"}


class NotEntitled(Exception):
    """The actor may not assess this user."""


def _assess(
    side: str,
    session: Session,
    user_id: uuid.UUID,
    skill_key: str,
    level: int,
    comment: str = "",
    *,
    by: Actor,
    now: dt.datetime,
    key: str = "",
) -> Assessment:
    """Record a level (0 to 4) assessed by the user or by a manager, depending on `side`.

    Submitting a form with the same `key` twice records it once, unless a newer assessment exists.
    Raises NotEntitled without permission (nobody assesses themselves as a manager), LookupError for
    an unknown skill, ValueError for an invalid level, and LimitReached.
    """
    lock_user_for_actor(session, user_id, by)
    is_manager = side == "manager"
    of_skill = (
        Assessment.user_id == user_id,
        Assessment.skill_key == skill_key,
        Assessment.side == side,
    )
    assessment_id = form_id(key, by.id, user_id, skill_key, side, level, comment)
    if (existing := session.get(Assessment, assessment_id)) is not None:
        newest = sa.select(Assessment).where(*of_skill).order_by(*NEWEST_FIRST).limit(1)
        if existing is session.scalars(newest).first():
            return existing
        assessment_id = new_id()
    assessment = Assessment(
        id=assessment_id,
        user_id=user_id,
        skill_key=skill_key,
        side=side,
        level=level,
        comment=comment,
        assessor_id=by.id,
        assessor_name=by.name,
        added_by_author=is_manager
        and is_role_granted_by(session, by.id, user_id, Capability.ASSESS),
        by_token=is_manager and by.is_by_token,
        assessed_at=now,
    )
    if not can(by, PERMISSIONS[side], assessment):
        raise NotEntitled(f"{by.id} may not assess {user_id} as {side}")
    if (skill := session.get(Skill, skill_key)) is None:
        raise LookupError(f"no skill {skill_key}")
    if not MIN_LEVEL <= level <= MAX_LEVEL:
        raise ValueError(f"a level is from {MIN_LEVEL} to {MAX_LEVEL}: {level}")
    is_recent = Assessment.assessed_at > now - dt.timedelta(days=1)
    if count_rows(session, Assessment, *of_skill, is_recent) >= MAX_ASSESSMENTS:
        raise LimitReached(
            _l(
                "This skill was assessed %(most)d times in 24 hours, the maximum.",
                most=MAX_ASSESSMENTS,
            ),
            _l("Try again tomorrow."),
        )
    session.add(assessment)
    token: dict[str, Any] = {"by_token": by.token_name} if by.is_by_token else {}
    record_history(
        session, user_id, "skill.assessed", skill_key, by=by.id, now=now, side=side, level=level,
        **token,
    )  # fmt: skip
    if is_manager:
        answered = sa.delete(AssessmentRequest).where(AssessmentRequest.user_id == user_id)
        session.execute(answered.where(AssessmentRequest.skill_key == skill_key))
        # The audit log omits the level, which is confidential between the manager and the user.
        record_audit(
            session, "skill.assessed", assessment.id, by=by.id, now=now, person=str(user_id),
            skill=skill.title,
        )  # fmt: skip
    return assessment


def request_assessment(session: Session, skill_key: str, *, by: Actor, now: dt.datetime) -> None:
    """Ask those who may assess the actor to do so, unless a request is still open."""
    lock_user_for_actor(session, by.id, by)
    is_open = find_open_request(session, by.id, skill_key, now=now) is not None
    if not is_open and load_holders(session, by.id, Capability.ASSESS):
        session.merge(AssessmentRequest(user_id=by.id, skill_key=skill_key, requested_at=now))
        record_history(session, by.id, "skill.requested", skill_key, by=by.id, now=now)


assess_self = partial(_assess, "self")
assess_other = partial(_assess, "manager")
