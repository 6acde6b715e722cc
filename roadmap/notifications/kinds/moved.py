"""Somebody moved the reader from one team to another."""

from __future__ import annotations

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES


class Moved(OwnMembershipKind):
    key = "moved"
    follows = frozenset({"membership.added"})
    text = _l("%(who)s moved you from the team %(elsewhere)s to the team %(team)s.")
    text_without_name = _l("You were moved from the team %(elsewhere)s to the team %(team)s.")
    mail_subject = _l("You are now in the team %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if "moved_from" in event.data and event.by != event.user_id:
            left = event.data["moved_from"]
            notify_member(session, self, event, event.data["role"], elsewhere=left)

    def consequence(self, content: Content) -> LazyString:
        return ROLES[content.role].consequence
