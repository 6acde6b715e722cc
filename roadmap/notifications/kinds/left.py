"""Somebody left a team that the reader manages, or was removed from it by somebody else."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_managers
from roadmap.notifications.kind import Content, Event, MembersKind
from roadmap.people.models import Membership, Team


class Left(MembersKind):
    """Concerns the reader's team, so it stays even if the reader can no longer see the person."""

    key = "left"
    handled_actions = frozenset({"membership.left", "membership.removed"})
    text = _l("%(who)s is no longer in %(team)s")

    def handle(self, event: Event) -> None:
        if event.data.get("with_team"):
            return  # Handled by `team_deleted`.
        # A reader who also manages another team of this person gets its name. The newest membership
        # comes first, because it is the destination of a move.
        others = event.session.execute(
            sa.select(Team.id, Team.name)
            .join(Membership, Membership.team_id == Team.id)
            .where(Membership.user_id == event.user_id)
            .order_by(Membership.created_at.desc(), Team.id)
        )
        for team_id, name in others.all():
            notify_managers(self, event, event.team.id, also_managing=team_id, elsewhere=name)
        notify_managers(self, event, event.team.id)

    def choose_text(self, content: Content) -> LazyString:
        if content.data.get("elsewhere"):
            return _l("%(who)s is no longer in %(team)s, but in %(elsewhere)s")
        return self.text
