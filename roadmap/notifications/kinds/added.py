"""Somebody added the reader to a team without an invitation."""

from __future__ import annotations

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES


class Added(OwnMembershipKind):
    key = "added"
    follows = frozenset({"membership.added"})
    text = _l("%(who)s added you to the team %(team)s.")
    text_without_name = _l("You were added to the team %(team)s.")
    mail_subject = _l("You are now in the team %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.by == event.user_id or "moved_from" in event.data:
            return  # They accepted an invitation; `moved` says so.
        notify_member(session, self, event, event.data["role"])

    def consequence(self, content: Content) -> LazyString:
        return ROLES[content.role].consequence
