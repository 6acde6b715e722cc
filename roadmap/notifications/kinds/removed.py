"""Somebody removed the reader from a team."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Event, OwnMembershipKind
from roadmap.people.models import Team, User


class Removed(OwnMembershipKind):
    key = "removed"
    follows = frozenset({"membership.removed"})
    text = _l("%(who)s removed you from the team %(team)s.")
    text_without_name = _l("You were removed from the team %(team)s.")
    mail_subject = _l("You are no longer in the team %(team)s")

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
