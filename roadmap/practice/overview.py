"""Load what is due for practice today and the readiness by question group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.practice import queries
from roadmap.practice.models import PracticeAttempt, PracticeCard
from roadmap.practice.rules import NEW_PER_DAY, LastRating, choose_new, group_readiness, streak

if TYPE_CHECKING:
    from roadmap.practice.content import Question


@dataclass(frozen=True, slots=True)
class Overview:
    """The practice overview of a day.

    `due` are the questions due by the end of the day, `next_due` is the first one after that.
    `readiness` has percentages by group, `streak` counts consecutive days.
    """

    due: list[tuple[Question, PracticeCard]]
    new: list[Question]
    next_due: PracticeCard | None
    open_attempts: Sequence[PracticeAttempt]
    readiness: dict[str, int]
    practised: dict[str, int]
    streak: int


def end_of_day(actor: Actor, now: dt.datetime) -> dt.datetime:
    """Return the end of the user's current day in UTC."""
    tomorrow = actor.today(now) + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), actor.zone).astimezone(dt.UTC)


def count_today(session: Session, actor: Actor, now: dt.datetime) -> tuple[int, int]:
    """Count today's due and new questions, (0, 0) for users who have never practised."""
    cards, today, until = queries.cards(session, actor.id), actor.today(now), end_of_day(actor, now)
    if not cards:
        return 0, 0
    unseen = sum(question.key not in cards for question in queries.question_bank().questions)
    started_today = sum(actor.today(card.first_review) == today for card in cards.values())
    due = sum(card.due < until for card in cards.values())
    return due, max(0, min(unseen, NEW_PER_DAY - started_today))


def load_overview(session: Session, actor: Actor, now: dt.datetime) -> Overview:
    """Load the practice overview in four statements."""
    bank, today, until = queries.question_bank(), actor.today(now), end_of_day(actor, now)
    cards = {
        key: card for key, card in queries.cards(session, actor.id).items() if key in bank.by_key
    }
    rated_last = queries.last_ratings(session, actor.id, actor.zone, cards)
    ratings: dict[str, list[LastRating]] = {group.key: [] for group in bank.groups}
    for key, rated in rated_last.items():
        if key in bank.by_key:
            ratings[bank.by_key[key].group].append(rated)
    readiness = {group: group_readiness(rated, today) for group, rated in ratings.items()}
    started_today = sum(actor.today(card.first_review) == today for card in cards.values())
    open_attempts = [
        each for each in queries.unrated_attempts(session, actor.id) if each.question in bank.by_key
    ]
    begun = {each.question for each in open_attempts}
    later = [card for card in cards.values() if card.due >= until]
    return Overview(
        due=[
            (bank.by_key[key], card)
            for key, card in cards.items()
            if card.due < until and key not in begun
        ],
        new=choose_new(bank.questions, cards.keys() | begun, readiness, started_today),
        next_due=later[0] if later else None,
        open_attempts=open_attempts,
        readiness=readiness,
        practised={group: len(rated) for group, rated in ratings.items()},
        streak=streak(queries.days_practised(session, actor.id, actor.zone), today),
    )
