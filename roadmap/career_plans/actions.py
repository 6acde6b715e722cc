"""Save plans and add reflections. The history records that, but not their content."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from roadmap.career_plans import queries
from roadmap.career_plans.models import CareerPlan, Reflection
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.stale_forms import StaleForm
from roadmap.core.types import form_id
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.private_rows import add_row

# Per challenge: one a month for ten years.
MAX_REFLECTIONS = 120


def save_plan(
    session: Session,
    user_id: uuid.UUID,
    kind: str,
    subject: str,
    answers: dict[str, str],
    *,
    revision: int,
    now: dt.datetime,
) -> None:
    """Save the answers, even if they are empty. Raises StaleForm with the saved plan.

    `revision` is the plan's revision shown in the form, 0 for a new plan. Unchanged answers are not
    saved.
    """
    lock_user(session, user_id)
    saved = queries.plan(session, user_id, kind, subject)
    if saved is None:
        session.add(
            CareerPlan(user_id=user_id, kind=kind, subject=subject, answers=answers, updated_at=now)
        )
    else:
        session.refresh(saved)
        if saved.answers == answers:
            return
        if saved.revision != revision:
            raise StaleForm(saved)
        saved.answers, saved.updated_at = answers, now
        saved.revision += 1
    record_history(session, user_id, "career_plan.saved", f"{kind}:{subject}", by=user_id, now=now)


def add_reflection(
    session: Session,
    user_id: uuid.UUID,
    challenge: str,
    text: str,
    *,
    today: dt.date,
    now: dt.datetime,
    key: str = "",
) -> None:
    """Add a reflection on a challenge, once per form `key`. Raises LimitReached."""
    lock_user(session, user_id)
    reflection = Reflection(
        id=form_id(key, user_id, challenge, text),
        user_id=user_id, challenge=challenge, written_on=today, text=text,
    )  # fmt: skip
    limit = LimitReached(
        _l("You already have %(most)d reflections here, the maximum.", most=MAX_REFLECTIONS),
        _l("Your plan above can still be changed."),
    )
    of_challenge = Reflection.challenge == challenge
    _saved, is_new = add_row(session, reflection, limit, MAX_REFLECTIONS, of_challenge)
    if not is_new:
        return
    record_history(session, user_id, "career_plan.reflected", challenge, by=user_id, now=now)
