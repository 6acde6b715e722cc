"""Somebody left a team that the reader manages, or was removed from it by somebody else."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import notify_managers
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.people.models import Team


class Left(TeamKind):
    """It is about the reader's team, so that it outlives what they could see of the person."""

    key = "left"
    follows = frozenset({"membership.left", "membership.removed"})
    text = _l("%(who)s is no longer in %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.data.get("with_team"):
            return  # `team_deleted` says so.
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        notify_managers(session, self, event, team, team.id)

    def path(self, content: Content) -> str:
        return f"/teams/{content.team_slug}/members" if content.team_slug else "/teams"
