"""Evidence waits for a review, for everyone who may review it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence, Review
from roadmap.notifications import review_requests
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.events import Event
from roadmap.notifications.kind import EvidenceKind
from roadmap.notifications.kinds.resubmitted import Resubmitted
from roadmap.people.models import User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

_REVIEWS: Any = Review.__table__


class Submitted(EvidenceKind):
    key = "submitted"
    follows = frozenset({"evidence.submitted", "evidence.edited"})
    text = _l("%(who)s asks for a review of %(piece)s")
    mail_subject = _l("%(name)s asks you to review “%(title)s”")
    mail_text = _l("%(name)s submitted “%(title)s” and asks for a review.")

    def notify(self, session: Session, event: Event, evidence: Evidence, author: User) -> None:
        if event.action == "evidence.edited" and not _is_submitted_by_edit(event):
            return
        review_requests.delete_unread(session, evidence.id)
        reviewed = sa.exists().where(_REVIEWS.c.evidence_id == evidence.id)
        kind = Resubmitted() if session.scalar(sa.select(reviewed)) else self
        readers = holders_of(session, author.id, Capability.REVIEW)
        create_notifications(
            session, kind, readers, about=author, evidence=evidence,
            actor_id=author.id, actor_name=author.name, now=event.now,
        )  # fmt: skip


def _is_submitted_by_edit(event: Event) -> bool:
    """Return whether an edit of verified evidence, or of evidence in review, submitted it again."""
    before, after = event.data["state"]
    return after == "submitted" and before != "submitted"
