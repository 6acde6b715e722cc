"""Evidence waits for a review, for everyone who may review it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.evidence.models import Review
from roadmap.notifications import review_requests
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.events import Event, find_shared_evidence
from roadmap.notifications.kind import Content, EvidenceKind, insert_values
from roadmap.notifications.kinds.resubmitted import Resubmitted
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

_REVIEWS: Any = Review.__table__


class Submitted(EvidenceKind):
    key = "submitted"
    follows = frozenset({"evidence.submitted", "evidence.edited"})

    def handle(self, session: Session, event: Event) -> None:
        if event.action == "evidence.edited" and not _is_submitted_by_edit(event):
            return
        if (found := find_shared_evidence(session, event)) is None:
            return
        evidence, author = found
        review_requests.delete_unread(session, evidence.id)
        reviewed = sa.exists().where(_REVIEWS.c.evidence_id == evidence.id)
        create_notifications(
            session,
            Resubmitted() if session.scalar(sa.select(reviewed)) else self,
            holders_of(session, author.id, Capability.REVIEW),
            about=author,
            evidence_id=evidence.id,
            title=evidence.title,
            actor_id=author.id,
            actor_name=author.name,
            now=event.now,
        )

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = _("%(who)s asks for a review of %(piece)s")
        return insert_values(text, who=content.actor_name, piece=link)

    def mail_texts(self, content: Content) -> tuple[str, str]:
        words = {"name": content.actor_name, "title": content.title}
        return (
            _("%(name)s asks you to review “%(title)s”", **words),
            _("%(name)s submitted “%(title)s” and asks for a review.", **words),
        )


def _is_submitted_by_edit(event: Event) -> bool:
    """Return whether an edit of verified evidence, or of evidence in review, submitted it again."""
    before, after = event.data["state"]
    return after == "submitted" and before != "submitted"
