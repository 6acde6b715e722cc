"""Somebody moved the reader from one team to another."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_member
from roadmap.notifications.kind import Event
from roadmap.notifications.kinds.added import Added


class Moved(Added):
    key = "moved"
    text = _l("%(who)s moved you from the team %(elsewhere)s to the team %(team)s.")
    text_without_name = _l("You were moved from the team %(elsewhere)s to the team %(team)s.")

    def handle(self, event: Event) -> None:
        left = event.data.get("moved_from")
        if left is not None and event.by != event.user_id:
            notify_member(self, event, event.data["role"], elsewhere=left)
