"""Somebody added the reader to a team without an invitation."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Mail, TeamKind
from roadmap.people.models import Team, User
from roadmap.people.roles import ROLES


class Added(TeamKind):
    """The team is only named, so that the notification outlives it."""

    key = "added"
    follows = frozenset({"membership.added"})

    def handle(self, session: Session, event: Event) -> None:
        if event.by == event.user_id:
            return  # They accepted an invitation.
        person = session.get_one(User, event.user_id)
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        # Nobody is named for the command line.
        actor_name = session.get_one(User, event.by).name if event.by else ""
        create_notifications(
            session, self, [person], about=person, actor_id=event.by, actor_name=actor_name,
            now=event.now, data={"team": team.name, "role": event.data["role"]},
        )  # fmt: skip

    def sentence(self, content: Content, link: Markup) -> Markup:
        return Markup("{} {}").format(
            self.insert(_text(content), content, link), ROLES[content.role].consequence
        )

    def mail(self, content: Content) -> Mail:
        words = {"who": content.actor_name, "team": content.team}
        return Mail(
            _("You are now in the team %(team)s", team=content.team),
            f"{_text(content) % words} {ROLES[content.role].consequence}",
            _("You get this mail because it is about who sees what you share."),
            self.path(content),
        )


def _text(content: Content) -> str:
    if content.actor_name:
        return _("%(who)s added you to the team %(team)s.")
    return _("You were added to the team %(team)s.")
