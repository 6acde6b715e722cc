"""Somebody took a team out of one that the reader manages or mentors."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import actor_name, create_notifications
from roadmap.notifications.kind import Event, TeamKind
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import Capability


class MovedAway(TeamKind):
    """It only names the team, which its reader may not open any more."""

    key = "moved_away"
    follows = frozenset({"managers.changed"})
    text = _l("%(who)s moved %(team)s out of your team. You no longer see what its people share.")

    def handle(self, session: Session, event: Event) -> None:
        team: Team | None = event.data.get("team")
        if team is None or event.data["previous_parent_id"] is None:
            return
        sees = sa.select(Membership.user_id).where(allows(Capability.SEE_SHARED))
        before = team_ancestors(event.data["previous_parent_id"])
        readers = sa.select(User).where(
            User.id.in_(sees.where(Membership.team_id.in_(before))),
            User.id.not_in(sees.where(Membership.team_id.in_(team_ancestors(team.id)))),
            User.id != event.by,
            User.deactivated_at.is_(None),
        )
        create_notifications(
            session, self, session.scalars(readers).all(), actor_id=event.by,
            actor_name=actor_name(session, event), now=event.now, data={"team": team.name},
        )  # fmt: skip
