"""A reviewer verified evidence, for its author."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence, Review
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Event, EvidenceKind
from roadmap.notifications.retraction import close_review_requests
from roadmap.people.models import User


class Verified(EvidenceKind):
    key = "verified"
    follows = frozenset({"evidence.verified"})
    text = _l("%(who)s verified %(piece)s")
    mail_subject = _l("%(name)s verified “%(title)s”")
    mail_text = _l("%(name)s verified your evidence “%(title)s”.")

    def notify(self, session: Session, event: Event, evidence: Evidence, author: User) -> None:
        review = session.get_one(Review, event.row_id)
        close_review_requests(session, evidence.id, read_at=event.now)
        create_notifications(
            session, self, [author], about=author, evidence=evidence,
            review_id=review.id, quote=review.comment,
            actor_id=review.reviewer_id, actor_name=review.reviewer_name, now=event.now,
        )  # fmt: skip
