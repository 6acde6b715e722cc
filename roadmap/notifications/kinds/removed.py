"""Somebody removed the reader from a team."""

from __future__ import annotations

from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import VISIBILITY_ENDED, Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES, VIEWERS, Capability


class Removed(OwnMembershipKind):
    key = "removed"
    handled_actions = frozenset({"membership.removed"})
    text = _l("%(who)s removed you from the team %(team)s.")
    text_without_name = _l("You were removed from the team %(team)s.")
    mail_subject = _l("You are no longer in the team %(team)s")

    def handle(self, event: Event) -> None:
        # `team_deleted` and `moved` handle the other cases.
        if not event.data.get("with_team") and "moved_to" not in event.data:
            notify_member(self, event, event.data["before"])

    def consequence(self, content: Content) -> LazyString:
        # Notifications of older releases lack the role.
        role = ROLES.get(content.data.get("role", ""))
        if role is None or not role.allows(Capability.SEE_SHARED):
            return VISIBILITY_ENDED
        return _l(
            "You no longer see its members, and its %(viewers)s no longer see what you share. What "
            "was verified stays.",
            viewers=VIEWERS,
        )
