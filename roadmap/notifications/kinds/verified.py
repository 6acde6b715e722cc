"""A reviewer verified evidence, for its author."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.evidence.models import Review
from roadmap.notifications import review_requests
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.events import Event, find_shared_evidence
from roadmap.notifications.kind import Content, EvidenceKind, insert_values


class Verified(EvidenceKind):
    key = "verified"
    follows = frozenset({"evidence.verified"})

    def handle(self, session: Session, event: Event) -> None:
        if (found := find_shared_evidence(session, event)) is None:
            return
        evidence, author = found
        review = session.get_one(Review, event.row_id)
        review_requests.mark_read(session, evidence.id, now=event.now)
        create_notifications(
            session,
            self,
            [author],
            about=author,
            evidence_id=evidence.id,
            title=evidence.title,
            quote=review.comment,
            review_id=review.id,
            actor_id=review.reviewer_id,
            actor_name=review.reviewer_name,
            now=event.now,
        )

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = _("%(who)s verified %(piece)s")
        return insert_values(text, who=content.actor_name, piece=link)

    def mail_texts(self, content: Content) -> tuple[str, str]:
        words = {"name": content.actor_name, "title": content.title}
        return (
            _("%(name)s verified “%(title)s”", **words),
            _("%(name)s verified your evidence “%(title)s”.", **words),
        )
