"""What a manager sees first: what waits for them, who has not moved, where their teams stand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.core.language import gettext as _
from roadmap.core.language import ngettext
from roadmap.evidence import labels
from roadmap.people.actor import Actor
from roadmap.reviews.queries import Waiting, count_waiting, waiting
from roadmap.teams.labels import people_count, verdicts_line
from roadmap.teams.matrix import STILL_DAYS
from roadmap.teams.queries import Standings, Still, TeamStanding, standings

# More than this is read on the pages that these lines lead to.
MOST_LISTED = 5


@dataclass(frozen=True)
class Leading:
    """The part of the dashboard that is about the teams one leads."""

    waiting: tuple[Waiting, ...]
    waits: int
    standings: Standings
    now: dt.datetime

    def kind(self, piece: Waiting) -> str:
        return str(labels.KINDS[piece.kind])

    def people(self, team: TeamStanding) -> str:
        return people_count(team.people)

    def verdicts(self, team: TeamStanding) -> str:
        return verdicts_line(team.verdicts)

    @property
    def still_days(self) -> int:
        return STILL_DAYS

    @property
    def still(self) -> tuple[Still, ...]:
        return self.standings.still[:MOST_LISTED]

    @property
    def lede(self) -> str:
        """What is to be done, in a sentence or two."""
        waits = (
            ngettext(
                "%(num)d piece waits for your review.",
                "%(num)d pieces wait for your review.",
                self.waits,
            )
            if self.waits
            else _("Nothing waits for your review.")
        )
        if not self.standings.still:
            return waits
        still = ngettext(
            "%(num)d person has not moved for %(days)d days.",
            "%(num)d people have not moved for %(days)d days.",
            len(self.standings.still),
            days=STILL_DAYS,
        )
        return f"{waits} {still}"


def leading(session: Session, actor: Actor, now: dt.datetime) -> Leading | None:
    """For somebody who manages a team; None for everybody else.

    The statements are few, however many people there are.
    """
    if not actor.manages:
        return None
    first = waiting(session, actor, limit=MOST_LISTED)
    # The queue's own count is asked for only where the list does not tell it.
    waits = len(first) if len(first) < MOST_LISTED else count_waiting(session, actor)
    return Leading(tuple(first), waits, standings(session, actor, now), now)
