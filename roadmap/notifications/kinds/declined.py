"""Somebody declined an invitation from the reader."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Event, MembersKind
from roadmap.people.models import User


class Declined(MembersKind):
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
