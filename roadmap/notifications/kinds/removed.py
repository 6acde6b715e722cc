"""Somebody removed the reader from a team."""

from __future__ import annotations

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import NO_LONGER_SEEN, Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES, VIEWERS, Capability

_SEES_NO_LONGER = _l(
    "You no longer see its members, and its %(viewers)s no longer see what you share. What was "
    "verified stays.",
    viewers=VIEWERS,
)


class Removed(OwnMembershipKind):
    key = "removed"
    follows = frozenset({"membership.removed"})
    text = _l("%(who)s removed you from the team %(team)s.")
    text_without_name = _l("You were removed from the team %(team)s.")
    mail_subject = _l("You are no longer in the team %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.data.get("with_team") or "moved_to" in event.data:
            return  # `team_deleted` or `moved` says so.
        notify_member(session, self, event, event.data["before"])

    def consequence(self, content: Content) -> LazyString:
        # Notifications of older releases name no role.
        role = ROLES.get(content.role)
        saw = role is not None and role.allows(Capability.SEE_SHARED)
        return _SEES_NO_LONGER if saw else NO_LONGER_SEEN
