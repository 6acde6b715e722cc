"""Somebody added the reader to a team without an invitation."""

from __future__ import annotations

from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.roles import ROLES


class Added(OwnMembershipKind):
    key = "added"
    handled_actions = frozenset({"membership.added"})
    text = _l("%(who)s added you to the team %(team)s.")
    text_without_name = _l("You were added to the team %(team)s.")
    mail_subject = _l("You are now in the team %(team)s")

    def handle(self, event: Event) -> None:
        # Skip people who accepted an invitation, and moves, which have their own kind.
        if event.by != event.user_id and "moved_from" not in event.data:
            notify_member(self, event, event.data["role"])

    def consequence(self, content: Content) -> LazyString:
        return ROLES[content.data["role"]].consequence
