"""Somebody left a team that the reader manages, or was removed from it by somebody else."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import Capability


class Left(TeamKind):
    """It is about the reader's team, so that it outlives what they could see of the person."""

    key = "left"
    follows = frozenset({"membership.left", "membership.removed"})
    text = _l("%(who)s is no longer in %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.data.get("with_team"):
            return  # `team_deleted` says so.
        person = session.get_one(User, event.user_id)
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        manages = sa.select(Membership.user_id).where(
            Membership.team_id.in_(team_ancestors(team.id)),
            allows(Capability.MANAGE_TEAM),
            Membership.user_id.not_in([key for key in (person.id, event.by) if key]),
        )
        readers = sa.select(User).where(User.id.in_(manages), User.deactivated_at.is_(None))
        create_notifications(
            session, self, session.scalars(readers).all(), team_id=team.id, actor_id=person.id,
            actor_name=person.name, now=event.now, data={"team": team.name},
        )  # fmt: skip

    def path(self, content: Content) -> str:
        return f"/teams/{content.team_slug}/members" if content.team_slug else "/teams"
