"""A badge was revoked by itself, for its owner."""

from __future__ import annotations

from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.people.models import User


class BadgeRevoked(Kind):
    key = "badge_revoked"
    follows = frozenset({"badge.revoked"})
    text = _l("Your badge %(piece)s was revoked; the page of your badges says why")

    def handle(self, session: Session, event: Event) -> None:
        """Tell its owner, unless they revoked it."""
        owner = session.get_one(User, event.user_id)
        if event.data["reason"] != "owner" and owner.deactivated_at is None:
            create_notifications(
                session, self, [owner], actor_name="", data={"title": event.data["name"]},
                now=event.now,
            )  # fmt: skip

    def label(self, content: Content) -> str:
        return content.title

    def path(self, content: Content) -> str:
        return "/badges"

    def mail(self, content: Content) -> Mail:
        return Mail(
            _("Your badge “%(title)s” was revoked", title=content.title),
            _(
                "Who verifies your badge “%(title)s” now reads that it is revoked. The page of "
                "your badges says why, and what you can have a new one for.",
                title=content.title,
            ),
            _("You get this mail because it is about your evidence."),
            self.path(content),
        )
