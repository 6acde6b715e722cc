"""Changes to the teams of the reader, which change who sees what."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.text import fold
from roadmap.notifications.actions import notify, notify_others, select_viewers
from roadmap.notifications.kind import Content, Event, Kind, TeamKind
from roadmap.people.models import Membership, Team
from roadmap.people.reach import allows, team_tree
from roadmap.people.roles import ROLES, VIEWERS, Capability

VISIBILITY_ENDED = _l(
    "Its managers and mentors no longer see what you share. What they verified stays."
)


class OwnMembershipKind(TeamKind):
    """A kind about the reader's own membership of a team.

    The team is stored by name only, so that the notification outlives it.
    """

    mail_reason = _l("You get this mail because it is about who sees what you share.")

    def choose_text(self, content: Content) -> str:
        return f"{super().choose_text(content)} {self.consequence(content)}"

    def consequence(self, content: Content) -> LazyString | str:
        """Return a sentence about who can see the reader's shared evidence from now on."""
        return VISIBILITY_ENDED


class Added(OwnMembershipKind):
    """Somebody added the reader to a team without an invitation."""

    key = "added"
    handled_actions = frozenset({"membership.added"})
    text = _l("%(who)s added you to the team %(team)s.")
    text_without_name = _l("You were added to the team %(team)s.")
    mail_subject = _l("You are now in the team %(team)s")

    def handle(self, event: Event) -> None:
        # Skip people who accepted an invitation, and moves, which have their own kind.
        if event.by != event.user_id and "moved_from" not in event.data:
            _notify_member(self, event, event.data["role"])

    def consequence(self, content: Content) -> LazyString:
        return ROLES[content.data["role"]].consequence


class Moved(Added):
    """Somebody moved the reader from one team to another."""

    key = "moved"
    text = _l("%(who)s moved you from the team %(elsewhere)s to the team %(team)s.")
    text_without_name = _l("You were moved from the team %(elsewhere)s to the team %(team)s.")

    def handle(self, event: Event) -> None:
        left = event.data.get("moved_from")
        if left is not None and event.by != event.user_id:
            _notify_member(self, event, event.data["role"], elsewhere=left)


class RoleChanged(OwnMembershipKind):
    """Somebody gave the reader another role in a team."""

    key = "role_changed"
    handled_actions = frozenset({"membership.role_changed"})
    text = _l("%(who)s changed your role in the team %(team)s.")
    text_without_name = _l("Your role in the team %(team)s was changed.")
    mail_subject = _l("You have a new role in the team %(team)s")

    def handle(self, event: Event) -> None:
        # People who changed it themselves, also by an invitation, are not notified.
        if event.by != event.user_id:
            _notify_member(self, event, event.data["role"])

    def consequence(self, content: Content) -> LazyString:
        role = ROLES[content.data["role"]]
        if role.allows(Capability.SEE_SHARED):
            return role.consequence
        return _l(
            "You are now a member: its %(viewers)s see what you share, and you no longer see "
            "what others share there.",
            viewers=VIEWERS,
        )


class Removed(OwnMembershipKind):
    """Somebody removed the reader from a team."""

    key = "removed"
    handled_actions = frozenset({"membership.removed"})
    text = _l("%(who)s removed you from the team %(team)s.")
    text_without_name = _l("You were removed from the team %(team)s.")
    mail_subject = _l("You are no longer in the team %(team)s")

    def handle(self, event: Event) -> None:
        # `team_deleted` and `moved` handle the other cases.
        if not event.data.get("with_team") and "moved_to" not in event.data:
            _notify_member(self, event, event.data["before"])

    def consequence(self, content: Content) -> LazyString:
        # Notifications of older releases lack the role.
        role = ROLES.get(content.data.get("role", ""))
        if role is None or not role.allows(Capability.SEE_SHARED):
            return VISIBILITY_ENDED
        return _l(
            "You no longer see its members, and its %(viewers)s no longer see what you share. What "
            "was verified stays.",
            viewers=VIEWERS,
        )


# The consequence for nested teams, for people who could see the deleted one.
NESTED_TEAMS = _l(
    "Nested in it: %(elsewhere)s, now at the top level. You see the people there only if "
    "you have a role there."
)


class TeamDeleted(OwnMembershipKind):
    """Somebody deleted a team that the reader was in.

    For people who could see evidence shared in the team, `elsewhere` lists its nested teams.
    """

    key = "team_deleted"
    handled_actions = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, which you were in.")
    text_without_name = _l("The team %(team)s, which you were in, was deleted.")
    mail_subject = _l("The team %(team)s was deleted")

    def handle(self, event: Event) -> None:
        members = sa.select(Membership.user_id).filter_by(team_id=event.data["team"].id)
        sees = allows(Capability.SEE_SHARED)
        if nested := _nested_names(event):
            notify_others(self, event, members.where(sees), elsewhere=nested)
            members = members.where(sa.not_(sees))
        notify_others(self, event, members)

    def consequence(self, content: Content) -> str:
        nested = f" {NESTED_TEAMS}" if content.data.get("elsewhere") else ""
        return f"{VISIBILITY_ENDED}{nested}"


class TeamBelowDeleted(OwnMembershipKind):
    """Somebody deleted a team nested in one that the reader manages or mentors.

    Skips members of the deleted team, whom `team_deleted` notifies.
    """

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
            above, nested = select_viewers(team.parent_id), _nested_names(event)
            notify_others(self, event, above, exclude=members, elsewhere=nested)

    def consequence(self, content: Content) -> str:
        lost = _("You no longer see what its people share there.")
        return f"{lost} {NESTED_TEAMS}" if content.data.get("elsewhere") else lost


class TeamAboveDeleted(OwnMembershipKind):
    """Somebody deleted a team above one of the reader's teams.

    Skips members of the deleted team, and people who saw it from a team above.
    """

    key = "team_above_deleted"
    handled_actions = frozenset({"team.deleting"})
    text = _l("%(who)s deleted the team %(team)s, in which one of your teams was nested.")
    text_without_name = _l("The team %(team)s, in which one of your teams was nested, was deleted.")
    mail_subject = _l("The team %(team)s above yours was deleted")

    def handle(self, event: Event) -> None:
        team = event.data["team"]
        if _nested_names(event):
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


def _notify_member(kind: Kind, event: Event, role: str, **data: str) -> None:
    """Notify the event's person of a change to their `role` in a team."""
    notify(kind, event, [event.person], data={"team": event.team.name, "role": role, **data})


def _nested_names(event: Event) -> str:
    """Return the sorted names of the teams directly below the event's team, comma-separated."""
    nested = sa.select(Team.name).where(Team.parent_id == event.data["team"].id)
    return ", ".join(sorted(event.session.scalars(nested), key=fold))
