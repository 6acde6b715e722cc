"""The reader, who has an account, was invited to a team. Invitations are mailed elsewhere."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import _l
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import list_invitations_to
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.notifications.models import Notification
from roadmap.people.models import Team, User


class Invited(TeamKind):
    """Kept once per team, until the invitation ends or the person joins the team."""

    key = "invited"
    handled_actions = frozenset(
        {"invitation.sent", "invitation.ended", "membership.added", "account.changed"}
    )
    text = _l("%(who)s invited you to %(team)s. Open it to accept or decline.")

    def handle(self, event: Event) -> None:
        match event.action:
            case "invitation.sent":
                self._notify(event, event.data["invitation"])
            case "membership.added":
                self._delete(event, event.team, Notification.user_id == event.user_id)
            case "account.changed" if "email" in event.data.get("fields", ()):
                # Earlier invitations to an address that was confirmed only now.
                session = event.session
                person = session.get_one(User, event.user_id, populate_existing=True)
                for invitation in list_invitations_to(session, person.email_key, now=event.now):
                    self._notify(event, invitation)
            case "invitation.ended" if (team := event.data["invitation"].team) is not None:
                invited = sa.select(User.id).where(
                    User.email_key == event.data["invitation"].email_key, User.email_key != ""
                )
                accepted = Notification.user_id == event.data.get("accepted_by")
                readers = sa.or_(accepted, Notification.user_id.in_(invited))
                self._delete(event, team, readers)

    def path(self, content: Content) -> str:
        # Notifications of older releases lack the invitation's id; `/teams` lists them all.
        invitation = content.data.get("invitation")
        return f"/invitations/received/{invitation}" if invitation else super().path(content)

    def _notify(self, event: Event, invitation: Invitation) -> None:
        if (team := invitation.team) is not None:
            is_unread = Notification.read_at.is_(None)
            self._delete(event, team, Notification.user_id == event.user_id, is_unread)
        data = {"invitation": str(invitation.id)}
        notify(self, event, [event.person], actor=invitation.inviter_name, team=team, data=data)

    def _delete(self, event: Event, team: Team, *conditions: sa.ColumnElement[bool]) -> None:
        of_team = sa.delete(Notification).filter_by(kind=self.key, team_id=team.id)
        event.session.execute(of_team.where(*conditions))
