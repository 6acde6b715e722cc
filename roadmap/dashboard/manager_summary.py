"""The dashboard section for managers: the review queue, inactive people and the teams."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import _, ngettext
from roadmap.evidence import labels
from roadmap.people.actor import Actor
from roadmap.people.roles import ROLES, Capability
from roadmap.reviews.queries import QueueEntry, count_pending, list_pending
from roadmap.teams.labels import verdicts_line
from roadmap.teams.matrix import INACTIVE_DAYS
from roadmap.teams.queries import TeamsOverview, TeamSummary, load_teams_overview

# The lists link to pages with the rest.
MAX_LISTED = 5


@dataclass(frozen=True)
class ManagerSummary:
    """The pieces waiting for review (if the actor `reviews`), and an overview of the teams."""

    pending: list[QueueEntry]
    pending_count: int
    overview: TeamsOverview
    now: dt.datetime
    reviews: bool

    inactive_days = INACTIVE_DAYS
    max_listed = MAX_LISTED
    kinds = labels.KINDS
    verdicts_line = staticmethod(verdicts_line)

    @property
    def teams_by_role(self) -> list[tuple[LazyString, list[TeamSummary]]]:
        """Return the teams grouped by the heading of the actor's role, highest role first."""
        groups = (
            (role.teams_heading, [team for team in self.overview.teams if team.role == key])
            for key, role in reversed(ROLES.items())
        )
        return [(heading, teams) for heading, teams in groups if teams]

    @property
    def lede(self) -> str:
        """Return one or two sentences with what needs attention."""
        pending = ""
        if self.pending_count:
            pending = ngettext(
                "%(num)d piece is waiting for your review.",
                "%(num)d pieces are waiting for your review.",
                self.pending_count,
            )
        elif self.reviews:
            pending = _("Nothing is waiting for your review.")
        if not self.overview.inactive:
            return pending
        inactive = ngettext(
            "%(num)d person has had no activity for %(days)d days.",
            "%(num)d people have had no activity for %(days)d days.",
            len(self.overview.inactive),
            days=INACTIVE_DAYS,
        )
        return f"{pending} {inactive}".strip()


def load_manager_summary(session: Session, actor: Actor, now: dt.datetime) -> ManagerSummary | None:
    """Load the summary for managers and mentors; None for others.

    The number of statements does not grow with the number of people.
    """
    if Capability.SEE_SHARED not in actor.capabilities:
        return None
    reviews = Capability.REVIEW in actor.capabilities
    first = list_pending(session, actor, limit=MAX_LISTED) if reviews else []
    # A short list is complete, so its length is the count.
    count = len(first) if len(first) < MAX_LISTED else count_pending(session, actor)
    overview = load_teams_overview(session, actor, now)
    if not reviews and not overview.people:
        return None
    return ManagerSummary(first, count, overview, now, reviews)
