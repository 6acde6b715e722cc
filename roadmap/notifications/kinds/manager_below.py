"""Somebody became a manager of a team nested in one that the reader manages."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.actions import notify_managers
from roadmap.notifications.kind import Event, MembersKind
from roadmap.people.roles import ROLES, Capability


class ManagerBelow(MembersKind):
    """Skips people whom `leads` has notified, such as the managers of the team itself."""

    key = "manager_below"
    handled_actions = frozenset({"membership.added", "membership.role_changed"})
    text = _l("%(who)s now manages %(team)s, which is nested in a team that you manage.")
    mail_subject = _l("%(who)s now manages %(team)s")
    mail_reason = _l("You get this mail because you manage a team above %(team)s.")

    def handle(self, event: Event) -> None:
        is_manager = ROLES[event.data["role"]].allows(Capability.REVIEW)
        if is_manager and event.team.parent_id is not None:
            notify_managers(self, event, event.team.parent_id)
