"""Evidence waits for a review, for everyone who may review it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.evidence.models import Evidence, Review
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Event, EvidenceKind
from roadmap.notifications.kinds.resubmitted import Resubmitted
from roadmap.notifications.retraction import close_review_requests
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
        if event.action == "evidence.edited":
            # An edit of verified evidence, or of evidence in review, submits it again.
            before, after = event.data["state"]
            if after != "submitted" or before == "submitted":
                return
        close_review_requests(session, evidence.id)
        reviewed = sa.exists().where(_REVIEWS.c.evidence_id == evidence.id)
        kind = Resubmitted() if session.scalar(sa.select(reviewed)) else self
        readers = holders_of(session, author.id, Capability.REVIEW)
        create_notifications(
            session, kind, readers, about=author, evidence=evidence,
            actor_id=author.id, actor_name=author.name, now=event.now,
        )  # fmt: skip
