"""Changes to the teams that the reader manages or mentors."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify, notify_others, select_viewers
from roadmap.notifications.kind import Content, Event, Kind, MembersKind, TeamKind
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import ROLES, Capability


class ManagerBelow(MembersKind):
    """Somebody became a manager of a team nested in one that the reader manages.

    Skips people whom `leads` has notified, such as the managers of the team itself.
    """

    key = "manager_below"
    handled_actions = frozenset({"membership.added", "membership.role_changed"})
    text = _l("%(who)s now manages %(team)s, which is nested in a team that you manage.")
    mail_subject = _l("%(who)s now manages %(team)s")
    mail_reason = _l("You get this mail because you manage a team above %(team)s.")

    def handle(self, event: Event) -> None:
        is_manager = ROLES[event.data["role"]].allows(Capability.REVIEW)
        if is_manager and event.team.parent_id is not None:
            _notify_managers(self, event, event.team.parent_id)


class Left(MembersKind):
    """Somebody left a team that the reader manages, or was removed from it by somebody else.

    Concerns the reader's team, so it stays even if the reader can no longer see the person.
    """

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
            _notify_managers(self, event, event.team.id, also_managing=team_id, elsewhere=name)
        _notify_managers(self, event, event.team.id)

    def choose_text(self, content: Content) -> LazyString:
        if content.data.get("elsewhere"):
            return _l("%(who)s is no longer in %(team)s, but in %(elsewhere)s")
        return self.text


class MovedAway(TeamKind):
    """Somebody moved a team out of one that the reader manages or mentors.

    Names the team without linking to it, because the reader may no longer open it.
    """

    key = "moved_away"
    handled_actions = frozenset({"managers.changed"})
    text = _l("%(who)s moved %(team)s out of your team. You no longer see what its people share.")

    def handle(self, event: Event) -> None:
        team: Team | None = event.data.get("team")
        if team is not None and event.data["previous_parent_id"] is not None:
            before = select_viewers(event.data["previous_parent_id"])
            notify_others(self, event, before, exclude=select_viewers(team.id))


def _notify_managers(
    kind: Kind,
    event: Event,
    lowest: uuid.UUID,
    *,
    also_managing: uuid.UUID | None = None,
    **data: str,
) -> None:
    """Notify the managers of the team `lowest` and its ancestors of a membership.

    Skips the member, the actor, and people already notified of the event. With `also_managing`,
    notifies only people who manage that team as well. `data` is stored with the notification.
    """
    manages = sa.select(Membership.user_id).where(allows(Capability.MANAGE_TEAM))
    managers = sa.select(User).where(
        User.id.in_(manages.where(Membership.team_id.in_(team_ancestors(lowest)))),
        User.id.not_in([key for key in (event.user_id, event.by) if key]),
        User.deactivated_at.is_(None),
    )
    if also_managing is not None:
        there = manages.where(Membership.team_id.in_(team_ancestors(also_managing)))
        managers = managers.where(User.id.in_(there))
    readers = [each for each in event.session.scalars(managers) if each.id not in event.notified]
    event.notified.update(reader.id for reader in readers)
    notify(kind, event, readers, actor=event.person, team=event.team, data=data)
