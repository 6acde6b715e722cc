"""An invitation, for a person who has an account. The invitation itself is mailed elsewhere."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.invitations.queries import list_invitations_to
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.notifications.models import Notification
from roadmap.people.models import Team, User

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__


class Invited(TeamKind):
    """One notification a team is kept, until the invitation ended or the person is in the team."""

    key = "invited"
    follows = frozenset(
        {"invitation.sent", "invitation.ended", "membership.added", "account.changed"}
    )
    text = _l("%(who)s invited you to %(team)s. Open it to accept or decline.")

    def handle(self, session: Session, event: Event) -> None:
        match event.action:
            case "invitation.sent":
                self._notify(session, event)
            case "membership.added":
                team_id = uuid.UUID(event.data["team"])
                self._delete(session, team_id, _ROWS.c.user_id == event.user_id)
            case "account.changed" if "email" in event.data.get("fields", ()):
                self._notify_of_earlier(session, event)
            case "invitation.ended" if event.data["team"] is not None:
                invited = sa.select(_USERS.c.id).where(
                    _USERS.c.email_key == event.data["email_key"], _USERS.c.email_key != ""
                )
                accepted = _ROWS.c.user_id == event.data["accepted_by"]
                readers = sa.or_(accepted, _ROWS.c.user_id.in_(invited))
                self._delete(session, event.data["team"].id, readers)

    def _notify_of_earlier(self, session: Session, event: Event) -> None:
        """Notify a person of the invitations to an address that only now is confirmed as theirs."""
        person = session.get_one(User, event.user_id, populate_existing=True)
        for row in list_invitations_to(session, person.email_key, now=event.now):
            team = session.get_one(Team, row.team_id)
            data = {"team": team, "by_name": row.by_name, "invitation_id": row.id}
            self._notify(session, Event("invitation.sent", event.now, person.id, data=data))

    def _notify(self, session: Session, event: Event) -> None:
        person = session.get_one(User, event.user_id)
        team: Team | None = event.data["team"]
        if team is not None:
            unread = sa.and_(_ROWS.c.user_id == person.id, _ROWS.c.read_at.is_(None))
            self._delete(session, team.id, unread)
        create_notifications(
            session, self, [person], about=person, team_id=team.id if team else None,
            actor_name=event.data["by_name"], now=event.now,
            data={
                "team": team.name if team else "",
                "invitation": str(event.data["invitation_id"]),
            },
        )  # fmt: skip

    def path(self, content: Content) -> str:
        # Those of older releases do not say which invitation; `/teams` lists them all.
        if not content.invitation:
            return super().path(content)
        return f"/invitations/received/{content.invitation}"

    def _delete(
        self, session: Session, team_id: uuid.UUID, condition: sa.ColumnElement[bool]
    ) -> None:
        session.execute(
            sa.delete(_ROWS).where(condition, _ROWS.c.kind == self.key, _ROWS.c.team_id == team_id)
        )
