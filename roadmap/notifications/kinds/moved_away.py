"""Somebody moved a team out of one that the reader manages or mentors."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_others, select_viewers
from roadmap.notifications.kind import Event, TeamKind
from roadmap.people.models import Team


class MovedAway(TeamKind):
    """Names the team without linking to it, because the reader may no longer open it."""

    key = "moved_away"
    handled_actions = frozenset({"managers.changed"})
    text = _l("%(who)s moved %(team)s out of your team. You no longer see what its people share.")

    def handle(self, event: Event) -> None:
        team: Team | None = event.data.get("team")
        if team is not None and event.data["previous_parent_id"] is not None:
            before = select_viewers(event.data["previous_parent_id"])
            notify_others(self, event, before, exclude=select_viewers(team.id))
