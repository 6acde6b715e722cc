"""A reviewer undid a bulk verification. Sent to the author of the evidence."""

from __future__ import annotations

from roadmap.core.i18n import _l, ngettext
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, Kind


class HistoryTakenBack(Kind):
    key = "history_taken_back"
    handled_actions = frozenset({"history.verification_withdrawn"})
    text = _l("%(who)s undid the verification of %(piece)s")
    mail_subject = _l("%(who)s undid the verification of %(piece)s")
    mail_text = _l(
        "%(who)s undid the verification of %(piece)s. Each is waiting for a review "
        "again, or counts as it did before. They wrote: “%(quote)s”"
    )

    def handle(self, event: Event) -> None:
        data = {"number": event.data["number"], "reason": event.data["reason"]}
        notify(self, event, [event.person], quote=event.data["reason"], data=data)

    def label(self, content: Content) -> str:
        return ngettext(
            "one piece of your evidence",
            "%(num)s pieces of your evidence",
            content.data["number"],
        )

    def path(self, content: Content) -> str:
        return "/evidence"
