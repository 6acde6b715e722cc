"""The registry of notification kinds. A new kind is one class and an entry here."""

from __future__ import annotations

from collections import defaultdict

from roadmap.notifications.kind import Kind
from roadmap.notifications.kinds import (
    account,
    invitations,
    leads,
    managed_teams,
    own_memberships,
    own_records,
    reviews,
)

# In the order in which kinds handle an event.
_ALL: tuple[type[Kind], ...] = (
    reviews.Submitted,
    reviews.Resubmitted,
    reviews.Verified,
    reviews.Returned,
    reviews.TakenBack,
    reviews.ReturnTakenBack,
    reviews.HistoryVerified,
    reviews.HistoryTakenBack,
    reviews.CommentAdded,
    own_records.Assessed,
    own_memberships.Added,
    own_memberships.Moved,
    own_memberships.RoleChanged,
    own_memberships.Removed,
    own_memberships.TeamDeleted,
    own_memberships.TeamBelowDeleted,
    own_memberships.TeamAboveDeleted,
    invitations.Invited,
    invitations.Declined,
    managed_teams.Left,
    leads.Leads,
    managed_teams.ManagerBelow,
    invitations.Joined,
    managed_teams.MovedAway,
    account.PasswordLinkCreated,
    account.ApiTokenCreated,
    own_records.Lapsing,
    own_records.PeerRated,
    own_records.WitnessAnswered,
    own_records.BadgeRevoked,
)
KINDS: dict[str, Kind] = {kind.key: kind() for kind in _ALL}

KINDS_BY_ACTION: dict[str, list[Kind]] = defaultdict(list)
for _kind in KINDS.values():
    for _action in _kind.handled_actions:
        KINDS_BY_ACTION[_action].append(_kind)
