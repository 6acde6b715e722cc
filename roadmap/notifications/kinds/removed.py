"""Somebody removed the reader from a team."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Mail, TeamKind
from roadmap.people.models import Team, User

CONSEQUENCE = _l("Its managers and mentors no longer see what you share. What they verified stays.")


class Removed(TeamKind):
    """The team is only named, so that the notification outlives it."""

    key = "removed"
    follows = frozenset({"membership.removed"})

    def handle(self, session: Session, event: Event) -> None:
        if event.data.get("with_team"):
            return  # `team_deleted` says so.
        person = session.get_one(User, event.user_id)
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        # Nobody is named for the command line.
        actor_name = session.get_one(User, event.by).name if event.by else ""
        create_notifications(
            session, self, [person], about=person, actor_id=event.by, actor_name=actor_name,
            now=event.now, data={"team": team.name},
        )  # fmt: skip

    def sentence(self, content: Content, link: Markup) -> Markup:
        return Markup("{} {}").format(self.insert(_text(content), content, link), CONSEQUENCE)

    def mail(self, content: Content) -> Mail:
        words = {"who": content.actor_name, "team": content.team}
        return Mail(
            _("You are no longer in the team %(team)s", team=content.team),
            f"{_text(content) % words} {CONSEQUENCE}",
            _("You get this mail because it is about who sees what you share."),
            self.path(content),
        )


def _text(content: Content) -> str:
    if content.actor_name:
        return _("%(who)s removed you from the team %(team)s.")
    return _("You were removed from the team %(team)s.")
