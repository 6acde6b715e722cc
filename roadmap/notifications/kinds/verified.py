"""A reviewer verified evidence, for its author."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence, Review
from roadmap.notifications import review_requests
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.events import Event
from roadmap.notifications.kind import EvidenceKind
from roadmap.people.models import User


class Verified(EvidenceKind):
    key = "verified"
    follows = frozenset({"evidence.verified"})
    text = _l("%(who)s verified %(piece)s")
    mail_subject = _l("%(name)s verified “%(title)s”")
    mail_text = _l("%(name)s verified your evidence “%(title)s”.")

    def notify(self, session: Session, event: Event, evidence: Evidence, author: User) -> None:
        review = session.get_one(Review, event.row_id)
        review_requests.mark_read(session, evidence.id, now=event.now)
        create_notifications(
            session, self, [author], about=author, evidence=evidence,
            review_id=review.id, quote=review.comment,
            actor_id=review.reviewer_id, actor_name=review.reviewer_name, now=event.now,
        )  # fmt: skip
