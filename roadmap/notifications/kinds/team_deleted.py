"""Somebody deleted a team that the reader was in."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import nested_names, notify_of_deletion
from roadmap.notifications.kind import NO_LONGER_SEEN, Content, Event, OwnMembershipKind
from roadmap.notifications.kinds.team_below_deleted import describe_nested
from roadmap.people.models import Membership
from roadmap.people.reach import allows
from roadmap.people.roles import Capability


class TeamDeleted(OwnMembershipKind):
    """Who saw the people of the team reads which nested teams they saw by it."""

    key = "team_deleted"
    follows = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, which you were in.")
    text_without_name = _l("The team %(team)s, which you were in, was deleted.")
    mail_subject = _l("The team %(team)s was deleted")

    def handle(self, session: Session, event: Event) -> None:
        """Notify all members in a few statements, but not who deleted it."""
        members = sa.select(Membership.user_id).filter_by(team_id=event.data["team"].id)
        sees = allows(Capability.SEE_SHARED)
        if nested := nested_names(session, event.data["team"]):
            notify_of_deletion(session, self, event, members.where(sees), elsewhere=nested)
            members = members.where(sa.not_(sees))
        notify_of_deletion(session, self, event, members)

    def consequence(self, content: Content) -> LazyString | str:
        if not content.elsewhere:
            return NO_LONGER_SEEN
        return f"{NO_LONGER_SEEN} {describe_nested(content)}"
