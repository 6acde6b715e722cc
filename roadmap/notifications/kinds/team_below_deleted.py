"""Somebody deleted a team nested in one that the reader manages or mentors."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import _, _l
from roadmap.notifications.actions import nested_names, notify_others, select_viewers
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.notifications.kinds.team_deleted import NESTED_TEAMS
from roadmap.people.models import Membership


class TeamBelowDeleted(OwnMembershipKind):
    """Skips members of the deleted team, whom `team_deleted` notifies."""

    key = "team_below_deleted"
    handled_actions = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, which was nested in one of your teams.")
    text_without_name = _l("The team %(team)s, which was nested in one of your teams, was deleted.")
    mail_subject = _l("The team %(team)s was deleted")
    mail_reason = _l("You get this mail because you manage or mentor a team above it.")

    def handle(self, event: Event) -> None:
        team = event.data["team"]
        if team.parent_id is not None:
            members = sa.select(Membership.user_id).filter_by(team_id=team.id)
            above, nested = select_viewers(team.parent_id), nested_names(event)
            notify_others(self, event, above, exclude=members, elsewhere=nested)

    def consequence(self, content: Content) -> str:
        lost = _("You no longer see what its people share there.")
        return f"{lost} {NESTED_TEAMS}" if content.data.get("elsewhere") else lost
