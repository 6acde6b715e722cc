"""Evidence was submitted for review. Sent to everyone who may review it."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import _l
from roadmap.evidence.models import Evidence, Review
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Event, EvidenceKind
from roadmap.notifications.kinds.resubmitted import Resubmitted
from roadmap.notifications.retraction import close_review_requests
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability


class Submitted(EvidenceKind):
    key = "submitted"
    handled_actions = frozenset({"evidence.submitted", "evidence.edited"})
    text = _l("%(who)s asks for a review of %(piece)s")
    mail_subject = _l("%(who)s asks you to review “%(title)s”")
    mail_text = _l("%(who)s submitted “%(title)s” and asks for a review.")

    def handle_shared(self, event: Event, evidence: Evidence) -> None:
        if event.action == "evidence.edited":
            # Editing evidence that is verified or in review resubmits it.
            before, after = event.data["state"]
            if after != "submitted" or before == "submitted":
                return
        close_review_requests(event.session, evidence.id)
        reviewed = sa.exists().where(Review.evidence_id == evidence.id)
        kind = Resubmitted() if event.session.scalar(sa.select(reviewed)) else self
        readers = load_holders(event.session, evidence.user_id, Capability.REVIEW)
        notify(kind, event, readers, about=event.person, evidence=evidence)
