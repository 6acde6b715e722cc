"""Invitations to the reader, and the outcome of those from the reader."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import list_invitations_to
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, MembersKind, TeamKind
from roadmap.notifications.models import Notification
from roadmap.people.models import Membership, Team, User
from roadmap.people.roles import ROLES, Capability


class Invited(TeamKind):
    """The reader, who has an account, was invited to a team. Invitations are mailed elsewhere.

    Kept once per team, until the invitation ends or the person joins the team.
    """

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


class Declined(MembersKind):
    """Somebody declined an invitation from the reader."""

    key = "declined"
    handled_actions = frozenset({"invitation.ended"})
    text = _l("%(who)s declined your invitation to %(team)s")
    path_without_team = "/admin/people"

    def handle(self, event: Event) -> None:
        invitation, person_id = event.data["invitation"], event.data.get("declined_by")
        inviter_id = invitation.created_by
        if None not in (inviter_id, person_id) and inviter_id != person_id:
            inviter, person = (event.session.get_one(User, key) for key in (inviter_id, person_id))
            notify(self, event, [inviter], actor=person, team=invitation.team)


class Joined(MembersKind):
    """Somebody accepted an invitation from the reader.

    Skips people whom `leads` or `manager_below` has notified.
    """

    key = "joined"
    handled_actions = frozenset({"membership.added", "membership.role_changed", "invitation.ended"})
    text = _l("%(who)s joined %(team)s")
    path_without_team = "/admin/people"

    def handle(self, event: Event) -> None:
        team = inviter_id = role = None
        person_id = event.user_id
        if event.action == "invitation.ended":
            invitation = event.data["invitation"]
            if invitation.team is None and event.data.get("joined"):
                inviter_id, person_id = invitation.created_by, event.data["accepted_by"]
                role = invitation.role
        elif event.by == person_id:
            # The person accepted an invitation; `granted_by` is the inviter.
            team, role = event.team, event.data["role"]
            given = sa.select(Membership.granted_by).filter_by(team_id=team.id, user_id=person_id)
            inviter_id = event.session.scalar(given)
        if inviter_id is not None and inviter_id not in (person_id, *event.notified):
            inviter, person = (event.session.get_one(User, key) for key in (inviter_id, person_id))
            notify(self, event, [inviter], actor=person, team=team, data={"role": role})

    def choose_text(self, content: Content) -> LazyString:
        role = ROLES.get(content.data.get("role", ""))
        if role is None or not role.allows(Capability.SEE_SHARED):
            return self.text
        return _l("%(who)s joined %(team)s as %(role)s")

    def text_arguments(self, content: Content, link: str) -> dict[str, Any]:
        arguments = super().text_arguments(content, link)
        if role := ROLES.get(content.data.get("role", "")):
            arguments["role"] = role.noun_with_article
        return arguments
