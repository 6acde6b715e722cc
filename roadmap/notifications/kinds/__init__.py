"""The registry of notification kinds. A new kind is one file and an entry here."""

from __future__ import annotations

from collections import defaultdict

from roadmap.notifications.kind import Kind
from roadmap.notifications.kinds.added import Added
from roadmap.notifications.kinds.api_token import ApiTokenCreated
from roadmap.notifications.kinds.assessed import Assessed
from roadmap.notifications.kinds.assessment_requested import AssessmentRequested
from roadmap.notifications.kinds.badge_revoked import BadgeRevoked
from roadmap.notifications.kinds.comment import CommentAdded
from roadmap.notifications.kinds.declined import Declined
from roadmap.notifications.kinds.history_taken_back import HistoryTakenBack
from roadmap.notifications.kinds.history_verified import HistoryVerified
from roadmap.notifications.kinds.invited import Invited
from roadmap.notifications.kinds.joined import Joined
from roadmap.notifications.kinds.lapsing import Lapsing
from roadmap.notifications.kinds.leads import Leads
from roadmap.notifications.kinds.left import Left
from roadmap.notifications.kinds.manager_below import ManagerBelow
from roadmap.notifications.kinds.moved import Moved
from roadmap.notifications.kinds.moved_away import MovedAway
from roadmap.notifications.kinds.password_link import PasswordLinkCreated
from roadmap.notifications.kinds.peer_rated import PeerRated
from roadmap.notifications.kinds.removed import Removed
from roadmap.notifications.kinds.resubmitted import Resubmitted
from roadmap.notifications.kinds.return_taken_back import ReturnTakenBack
from roadmap.notifications.kinds.returned import Returned
from roadmap.notifications.kinds.role_changed import RoleChanged
from roadmap.notifications.kinds.submitted import Submitted
from roadmap.notifications.kinds.taken_back import TakenBack
from roadmap.notifications.kinds.team_above_deleted import TeamAboveDeleted
from roadmap.notifications.kinds.team_below_deleted import TeamBelowDeleted
from roadmap.notifications.kinds.team_deleted import TeamDeleted
from roadmap.notifications.kinds.verified import Verified
from roadmap.notifications.kinds.witness_answered import WitnessAnswered

# In the order in which kinds handle an event.
_ALL = (Submitted, Resubmitted, Verified, Returned, TakenBack, ReturnTakenBack,
        HistoryVerified, HistoryTakenBack, CommentAdded, Assessed, AssessmentRequested,
        Added, Moved, RoleChanged, Removed, TeamDeleted, TeamBelowDeleted, TeamAboveDeleted,
        Invited, Declined, Left, Leads, ManagerBelow, Joined,
        MovedAway, PasswordLinkCreated, ApiTokenCreated, Lapsing, PeerRated,
        WitnessAnswered, BadgeRevoked)  # fmt: skip
KINDS: dict[str, Kind] = {kind.key: kind() for kind in _ALL}

KINDS_BY_ACTION: dict[str, list[Kind]] = defaultdict(list)
for _kind in KINDS.values():
    for _action in _kind.handled_actions:
        KINDS_BY_ACTION[_action].append(_kind)
