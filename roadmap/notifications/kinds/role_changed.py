"""Somebody gave the reader another role in a team."""

from __future__ import annotations

from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES, VIEWERS, Capability


class RoleChanged(OwnMembershipKind):
    key = "role_changed"
    handled_actions = frozenset({"membership.role_changed"})
    text = _l("%(who)s changed your role in the team %(team)s.")
    text_without_name = _l("Your role in the team %(team)s was changed.")
    mail_subject = _l("You have a new role in the team %(team)s")

    def handle(self, event: Event) -> None:
        # People who changed it themselves, also by an invitation, are not notified.
        if event.by != event.user_id:
            notify_member(self, event, event.data["role"])

    def consequence(self, content: Content) -> LazyString:
        role = ROLES[content.data["role"]]
        if role.allows(Capability.SEE_SHARED):
            return role.consequence
        return _l(
            "You are now a member: its %(viewers)s see what you share, and you no longer see "
            "what others share there.",
            viewers=VIEWERS,
        )
