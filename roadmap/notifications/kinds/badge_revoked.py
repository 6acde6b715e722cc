"""A badge of the reader was revoked automatically."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, Kind


class BadgeRevoked(Kind):
    key = "badge_revoked"
    handled_actions = frozenset({"badge.revoked"})
    text = _l("Your badge %(piece)s was revoked; your badges page says why")
    mail_subject = _l("Your badge “%(title)s” was revoked")
    mail_text = _l(
        "Anyone who verifies your badge “%(title)s” now sees that it is revoked. Your "
        "badges page says why, and which new badges you can issue."
    )

    def handle(self, event: Event) -> None:
        """Notify the owner, unless they revoked it themselves."""
        if event.data["reason"] != "owner" and event.person.deactivated_at is None:
            data = {"title": event.data["name"]}
            notify(self, event, [event.person], actor="", data=data)

    def path(self, content: Content) -> str:
        return "/badges"
