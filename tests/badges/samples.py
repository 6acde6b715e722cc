"""Alice's verified evidence and the badge for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from roadmap.badges import actions
from roadmap.badges.models import Badge
from roadmap.evidence.models import Evidence
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.support.cast import Cast
from tests.support.signing_keys import BASE


def add_verified(session: Session, cast: Cast, now: dt.datetime, **changes: Any) -> Evidence:
    """Create evidence of Alice that Bob has verified for all linked milestones."""
    piece = add_evidence(session, cast, cast.alice, now, **changes)
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    return piece


def issue(session: Session, cast: Cast, subject: object, now: dt.datetime) -> Badge:
    """Issue a badge to Alice and commit."""
    by = cast.actor(session, cast.alice)
    badge = actions.issue_badge(session, str(subject), base=BASE, by=by, now=now)
    session.commit()
    return badge
