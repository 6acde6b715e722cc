"""Somebody deleted a team that the reader was in."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Mail, TeamKind
from roadmap.notifications.kinds.removed import CONSEQUENCE
from roadmap.people.models import Membership, User


class TeamDeleted(TeamKind):
    """The team is only named, so that the notification outlives it."""

    key = "team_deleted"
    follows = frozenset({"team.deleting"})

    def handle(self, session: Session, event: Event) -> None:
        """Notify all members in a few statements, but not who deleted it."""
        team = event.data["team"]
        members = sa.select(Membership.user_id).where(
            Membership.team_id == team.id, Membership.user_id != event.by
        )
        # Nobody is named for the command line.
        actor_name = session.get_one(User, event.by).name if event.by else ""
        create_notifications(
            session, self, session.scalars(sa.select(User).where(User.id.in_(members))).all(),
            actor_id=event.by, actor_name=actor_name, now=event.now, data={"team": team.name},
        )  # fmt: skip

    def sentence(self, content: Content, link: Markup) -> Markup:
        return Markup("{} {}").format(self.insert(_text(content), content, link), CONSEQUENCE)

    def mail(self, content: Content) -> Mail:
        words = {"who": content.actor_name, "team": content.team}
        return Mail(
            _("The team %(team)s was deleted", team=content.team),
            f"{_text(content) % words} {CONSEQUENCE}",
            _("You get this mail because it is about who sees what you share."),
            self.path(content),
        )


def _text(content: Content) -> str:
    if content.actor_name:
        return _("%(who)s deleted the team %(team)s, which you were in.")
    return _("The team %(team)s, which you were in, was deleted.")
