"""Somebody deleted a team that the reader was in."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import _l
from roadmap.notifications.actions import nested_names, notify_others
from roadmap.notifications.kind import VISIBILITY_ENDED, Content, Event, OwnMembershipKind
from roadmap.people.models import Membership
from roadmap.people.reach import allows
from roadmap.people.roles import Capability

# The consequence for nested teams, for people who could see the deleted one.
NESTED_TEAMS = _l(
    "Nested in it: %(elsewhere)s, now at the top level. You see the people there only if "
    "you have a role there."
)


class TeamDeleted(OwnMembershipKind):
    """For people who could see evidence shared in the team, `elsewhere` lists its nested teams."""

    key = "team_deleted"
    handled_actions = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, which you were in.")
    text_without_name = _l("The team %(team)s, which you were in, was deleted.")
    mail_subject = _l("The team %(team)s was deleted")

    def handle(self, event: Event) -> None:
        members = sa.select(Membership.user_id).filter_by(team_id=event.data["team"].id)
        sees = allows(Capability.SEE_SHARED)
        if nested := nested_names(event):
            notify_others(self, event, members.where(sees), elsewhere=nested)
            members = members.where(sa.not_(sees))
        notify_others(self, event, members)

    def consequence(self, content: Content) -> str:
        nested = f" {NESTED_TEAMS}" if content.data.get("elsewhere") else ""
        return f"{VISIBILITY_ENDED}{nested}"
