"""Somebody gave the reader another role in a team."""

from __future__ import annotations

import uuid

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.models import Team, User
from roadmap.people.roles import ROLES, VIEWERS, Capability

_MEMBER_NOW = _l(
    "You are now a member: its %(viewers)s see what you share, and you no longer see by it what "
    "others share.",
    viewers=VIEWERS,
)


class RoleChanged(OwnMembershipKind):
    key = "role_changed"
    follows = frozenset({"membership.role_changed"})
    text = _l("%(who)s changed your role in the team %(team)s.")
    text_without_name = _l("Your role in the team %(team)s was changed.")
    mail_subject = _l("You have another role in the team %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.by == event.user_id:
            return  # They did it themselves, or accepted an invitation.
        person = session.get_one(User, event.user_id)
        team = session.get_one(Team, uuid.UUID(event.data["team"]))
        # Nobody is named for the command line.
        actor_name = session.get_one(User, event.by).name if event.by else ""
        create_notifications(
            session, self, [person], about=person, actor_id=event.by, actor_name=actor_name,
            now=event.now, data={"team": team.name, "role": event.data["role"]},
        )  # fmt: skip

    def consequence(self, content: Content) -> LazyString:
        role = ROLES[content.role]
        return role.consequence if role.allows(Capability.SEE_SHARED) else _MEMBER_NOW
