"""A reviewer took a verification back, for the author of the evidence."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.evidence.models import Evidence
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Event, EvidenceKind
from roadmap.people.models import User


class TakenBack(EvidenceKind):
    key = "taken_back"
    follows = frozenset({"evidence.verification_withdrawn"})
    text = _l("%(who)s took back a verification of %(piece)s")
    mail_subject = _l("%(name)s took back a verification of “%(title)s”")
    mail_text = _l(
        "%(name)s took back a verification of your evidence “%(title)s”. Its page says what counts "
        "now. They wrote: “%(quote)s”"
    )

    def handle(self, session: Session, event: Event) -> None:
        """Notify the author, also where they share the evidence no longer."""
        if event.data.get("bundled"):
            # `HistoryTakenBack` tells them of all pieces at once.
            return
        evidence = session.get_one(Evidence, uuid.UUID(event.subject))
        author, reviewer = (session.get_one(User, key) for key in (event.user_id, event.by))
        reason = event.data["reason"]
        create_notifications(
            session, self, [author], about=author, evidence=evidence,
            quote=reason, data={"reason": reason},
            actor_id=reviewer.id, actor_name=reviewer.name, now=event.now,
        )  # fmt: skip
