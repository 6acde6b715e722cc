"""Somebody gave the reader another role in a team."""

from __future__ import annotations

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES, VIEWERS, Capability

_MEMBER_NOW = _l(
    "You are now a member: its %(viewers)s see what you share, and you no longer see by it what "
    "others share.",
    viewers=VIEWERS,
)


class RoleChanged(OwnMembershipKind):
    key = "role_changed"
    follows = frozenset({"membership.role_changed"})
    text = _l("%(who)s changed your role in the team %(team)s.")
    text_without_name = _l("Your role in the team %(team)s was changed.")
    mail_subject = _l("You have another role in the team %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.by == event.user_id:
            return  # They did it themselves, or accepted an invitation.
        notify_member(session, self, event, event.data["role"])

    def consequence(self, content: Content) -> LazyString:
        role = ROLES[content.role]
        return role.consequence if role.allows(Capability.SEE_SHARED) else _MEMBER_NOW
