"""A reviewer undid a verification. Sent to the author of the evidence."""

from __future__ import annotations

import uuid

from roadmap.core.i18n import _l
from roadmap.evidence.models import Evidence
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Event, EvidenceKind


class TakenBack(EvidenceKind):
    key = "taken_back"
    handled_actions = frozenset({"evidence.verification_withdrawn"})
    text = _l("%(who)s undid a verification of %(piece)s")
    mail_subject = _l("%(who)s undid a verification of “%(title)s”")
    mail_text = _l(
        "%(who)s undid a verification of your evidence “%(title)s”. Its page says what counts "
        "now. They wrote: “%(quote)s”"
    )

    def handle(self, event: Event) -> None:
        """Notify the author, even if they no longer share the evidence."""
        if event.data.get("bundled"):
            return  # `HistoryTakenBack` notifies them once for all pieces.
        evidence = event.session.get_one(Evidence, uuid.UUID(event.subject))
        reason = event.data["reason"]
        notify(
            self, event, [event.person], evidence=evidence, quote=reason, data={"reason": reason}
        )
