"""Somebody accepted an invitation from the reader."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, MembersKind
from roadmap.people.models import Membership, User
from roadmap.people.roles import ROLES, Capability


class Joined(MembersKind):
    """Skips people whom `leads` or `manager_below` has notified."""

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
