"""Somebody left a team that the reader manages, or was removed from it by somebody else."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify_managers
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.people.models import Membership, Team


class Left(TeamKind):
    """It is about the reader's team, so that it outlives what they could see of the person."""

    key = "left"
    follows = frozenset({"membership.left", "membership.removed"})
    text = _l("%(who)s is no longer in %(team)s")
    text_elsewhere = _l("%(who)s is no longer in %(team)s, but in %(elsewhere)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.data.get("with_team"):
            return  # `team_deleted` says so.
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        # A reader who also manages another team of this person is given its name; after a move that
        # is the newest.
        others = session.execute(
            sa.select(Team.id, Team.name)
            .join(Membership, Membership.team_id == Team.id)
            .where(Membership.user_id == event.user_id)
            .order_by(Membership.created_at.desc(), Team.id)
        )
        for team_id, name in others.all():
            notify_managers(session, self, event, team, team.id, also_of=team_id, elsewhere=name)
        notify_managers(session, self, event, team, team.id)

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = self.text_elsewhere if content.elsewhere else self.text
        return self.insert(str(text), content, link)

    def path(self, content: Content) -> str:
        return f"/teams/{content.team_slug}/members" if content.team_slug else "/teams"
