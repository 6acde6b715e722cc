"""Somebody accepted an invitation from the reader."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications, just_notified
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.people.models import Team, User
from roadmap.people.roles import ROLES, Capability


class Joined(TeamKind):
    key = "joined"
    follows = frozenset({"invitation.ended"})
    text = _l("%(who)s joined %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        inviter_id, person_id = event.data["invited_by"], event.data["accepted_by"]
        if not event.data["joined"] or None in (inviter_id, person_id) or inviter_id == person_id:
            return
        inviter, person = session.get_one(User, inviter_id), session.get_one(User, person_id)
        team: Team | None = event.data["team"]
        if team and inviter_id in session.scalars(just_notified(event, person_id, team.id)).all():
            return  # `leads` or `manager_below` says so.
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
