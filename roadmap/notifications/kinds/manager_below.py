"""Somebody became a manager of a team nested in one that the reader manages."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Mail, TeamKind
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import ROLES, Capability


class ManagerBelow(TeamKind):
    """The managers of the team itself read `leads`."""

    key = "manager_below"
    follows = frozenset({"membership.added", "membership.role_changed"})
    text = _l("%(who)s now manages %(team)s, which is nested in a team that you manage.")

    def handle(self, session: Session, event: Event) -> None:
        if not ROLES[event.data["role"]].allows(Capability.REVIEW):
            return
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        if team.parent_id is None:
            return
        manager = session.get_one(User, event.user_id)
        above = sa.select(Membership.user_id).where(
            Membership.team_id.in_(team_ancestors(team.parent_id)),
            allows(Capability.MANAGE_TEAM),
            Membership.user_id.not_in([key for key in (manager.id, event.by) if key]),
        )
        readers = sa.select(User).where(User.id.in_(above), User.deactivated_at.is_(None))
        create_notifications(
            session, self, session.scalars(readers).all(), team_id=team.id, actor_id=manager.id,
            actor_name=manager.name, now=event.now, data={"team": team.name},
        )  # fmt: skip

    def path(self, content: Content) -> str:
        return f"/teams/{content.team_slug}/members" if content.team_slug else "/teams"

    def mail(self, content: Content) -> Mail:
        words = {"who": content.actor_name, "team": content.team}
        return Mail(
            _("%(who)s now manages %(team)s", **words),
            str(self.text) % words,
            _("You get this mail because you manage a team above %(team)s.", **words),
            self.path(content),
        )
