"""Somebody deleted a team above one of the reader's teams."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import nested_names, notify_others, select_viewers
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.models import Membership
from roadmap.people.reach import team_tree
from roadmap.people.roles import VIEWERS


class TeamAboveDeleted(OwnMembershipKind):
    """Skips members of the deleted team, and people who saw it from a team above."""

    key = "team_above_deleted"
    handled_actions = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, in which one of your teams was nested.")
    text_without_name = _l("The team %(team)s, in which one of your teams was nested, was deleted.")
    mail_subject = _l("The team %(team)s above yours was deleted")

    def handle(self, event: Event) -> None:
        team = event.data["team"]
        if nested_names(event):
            below = sa.select(Membership.user_id).where(Membership.team_id.in_(team_tree(team.id)))
            members = sa.select(Membership.user_id).filter_by(team_id=team.id)
            notify_others(self, event, below, exclude=members.union(select_viewers(team.parent_id)))

    def consequence(self, content: Content) -> LazyString:
        return _l(
            "Your team is now at the top level, or nested in one that is: the "
            "%(viewers)s of the deleted team, and of those above it, no longer see what "
            "you share there. What they verified stays.",
            viewers=VIEWERS,
        )
