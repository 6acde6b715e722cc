"""Somebody accepted an invitation from the reader."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.people.models import Membership, Team, User
from roadmap.people.roles import ROLES, Capability


class Joined(TeamKind):
    """Not for those whom `leads` or `manager_below` tell of it."""

    key = "joined"
    follows = frozenset({"membership.added", "membership.role_changed", "invitation.ended"})
    text = _l("%(who)s joined %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        team = inviter_id = None
        person_id: uuid.UUID | None
        if event.action == "invitation.ended":
            if event.data["team"] is None and event.data["joined"]:
                inviter_id, person_id = event.data["invited_by"], event.data["accepted_by"]
        elif event.by == (person_id := event.user_id):
            # Their own membership is given by another where they accept an invitation.
            team = session.get_one(Team, uuid.UUID(event.data["team"]))
            given = sa.select(Membership.granted_by)
            inviter_id = session.scalar(given.filter_by(team_id=team.id, user_id=person_id))
        if inviter_id is None or inviter_id in (person_id, *event.told):
            return
        inviter, person = session.get_one(User, inviter_id), session.get_one(User, person_id)
        create_notifications(
            session, self, [inviter], about=inviter, team_id=team.id if team else None,
            actor_id=person.id, actor_name=person.name, now=event.now,
            data={"team": team.name if team else "", "role": event.data["role"]},
        )  # fmt: skip

    def sentence(self, content: Content, link: Markup) -> Markup:
        role = ROLES.get(content.role)
        if role is None or not role.allows(Capability.SEE_SHARED):
            return super().sentence(content, link)
        text = _("%(who)s joined %(team)s as %(role)s")
        words = {"who": content.actor_name, "team": link, "role": role.noun_with_article}
        return escape(text) % words

    def path(self, content: Content) -> str:
        return f"/teams/{content.team_slug}/members" if content.team_slug else "/admin/people"
