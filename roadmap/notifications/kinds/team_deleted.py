"""Somebody deleted a team that the reader was in."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.notifications.actions import actor_name, create_notifications
from roadmap.notifications.kind import Event, OwnMembershipKind
from roadmap.people.models import Membership, User


class TeamDeleted(OwnMembershipKind):
    key = "team_deleted"
    follows = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, which you were in.")
    text_without_name = _l("The team %(team)s, which you were in, was deleted.")
    mail_subject = _l("The team %(team)s was deleted")

    def handle(self, session: Session, event: Event) -> None:
        """Notify all members in a few statements, but not who deleted it."""
        team = event.data["team"]
        members = sa.select(Membership.user_id).where(
            Membership.team_id == team.id, Membership.user_id != event.by
        )
        create_notifications(
            session, self, session.scalars(sa.select(User).where(User.id.in_(members))).all(),
            actor_id=event.by, actor_name=actor_name(session, event), now=event.now,
            data={"team": team.name},
        )  # fmt: skip
