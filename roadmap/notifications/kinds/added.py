"""Somebody added the reader to a team without an invitation."""

from __future__ import annotations

import uuid

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.models import Team, User
from roadmap.people.roles import ROLES


class Added(OwnMembershipKind):
    key = "added"
    follows = frozenset({"membership.added"})
    text = _l("%(who)s added you to the team %(team)s.")
    text_without_name = _l("You were added to the team %(team)s.")
    mail_subject = _l("You are now in the team %(team)s")

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

    def consequence(self, content: Content) -> LazyString:
        return ROLES[content.role].consequence
