"""Somebody deleted a team nested in one that the reader manages or mentors."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import nested_names, notify_of_deletion
from roadmap.notifications.kind import Content, Event, OwnMembershipKind
from roadmap.people.models import Membership
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import Capability


class TeamBelowDeleted(OwnMembershipKind):
    """Not for the members of the deleted team, whom `team_deleted` tells of it."""

    key = "team_below_deleted"
    follows = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, which was nested in one of your teams.")
    text_without_name = _l("The team %(team)s, which was nested in one of your teams, was deleted.")
    mail_subject = _l("The team %(team)s was deleted")
    mail_reason = _l("You get this mail because you manage or mentor a team above it.")

    def handle(self, session: Session, event: Event) -> None:
        team = event.data["team"]
        if team.parent_id is None:
            return
        readers = sa.select(Membership.user_id).where(
            Membership.team_id.in_(team_ancestors(team.parent_id)),
            allows(Capability.SEE_SHARED),
            Membership.user_id.not_in(sa.select(Membership.user_id).filter_by(team_id=team.id)),
        )
        nested = nested_names(session, team)
        notify_of_deletion(session, self, event, readers, elsewhere=nested)

    def consequence(self, content: Content) -> str:
        lost = _("You no longer see by it what its people share.")
        return f"{lost} {describe_nested(content)}" if content.elsewhere else lost


def describe_nested(content: Content) -> str:
    """Say to who saw the deleted team what became of those nested in it (`elsewhere`)."""
    return _(
        "Nested in it: %(teams)s. Nothing is above that now, and you see its people only if you "
        "have a role there.",
        teams=content.elsewhere,
    )
