"""Somebody declined an invitation from the reader."""

from __future__ import annotations

from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.people.models import Team, User


class Declined(TeamKind):
    key = "declined"
    follows = frozenset({"invitation.ended"})
    text = _l("%(who)s declined your invitation to %(team)s")

    def handle(self, session: Session, event: Event) -> None:
        inviter_id, person_id = event.data["invited_by"], event.data["declined_by"]
        if None in (inviter_id, person_id) or inviter_id == person_id:
            return
        inviter, person = session.get_one(User, inviter_id), session.get_one(User, person_id)
        team: Team | None = event.data["team"]
        create_notifications(
            session, self, [inviter], about=inviter, team_id=team.id if team else None,
            actor_id=person.id, actor_name=person.name, now=event.now,
            data={"team": team.name if team else ""},
        )  # fmt: skip

    def path(self, content: Content) -> str:
        return f"/teams/{content.team_slug}/members" if content.team_slug else "/admin/people"
