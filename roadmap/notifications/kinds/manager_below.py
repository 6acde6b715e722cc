"""Somebody became a manager of a team nested in one that the reader manages."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_managers
from roadmap.notifications.kind import Content, Event, Mail, TeamKind
from roadmap.people.models import Team
from roadmap.people.roles import ROLES, Capability


class ManagerBelow(TeamKind):
    """Not for those whom `leads` tells of it, such as the managers of the team itself."""

    key = "manager_below"
    follows = frozenset({"membership.added", "membership.role_changed"})
    text = _l("%(who)s now manages %(team)s, which is nested in a team that you manage.")

    def handle(self, session: Session, event: Event) -> None:
        if not ROLES[event.data["role"]].allows(Capability.REVIEW):
            return
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        if team.parent_id is not None:
            notify_managers(session, self, event, team, team.parent_id)

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
