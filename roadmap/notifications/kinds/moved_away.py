"""Somebody took a team out of one that the reader manages or mentors."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_others
from roadmap.notifications.kind import Event, TeamKind
from roadmap.people.models import Membership, Team
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import Capability


class MovedAway(TeamKind):
    """It only names the team, which its reader may not open any more."""

    key = "moved_away"
    follows = frozenset({"managers.changed"})
    text = _l("%(who)s moved %(team)s out of your team. You no longer see what its people share.")

    def handle(self, event: Event) -> None:
        team: Team | None = event.data.get("team")
        if team is None or event.data["previous_parent_id"] is None:
            return
        sees = sa.select(Membership.user_id).where(allows(Capability.SEE_SHARED))
        before = team_ancestors(event.data["previous_parent_id"])
        notify_others(
            self, event,
            sees.where(Membership.team_id.in_(before)),
            but=sees.where(Membership.team_id.in_(team_ancestors(team.id))),
        )  # fmt: skip
