"""Rules for filtering, scheduling and drawing questions, and for practice readiness. Pure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsrs import Card

    from roadmap.practice.content import Question


@dataclass(frozen=True, slots=True)
class AnswerState:
    """Whether a question has an answer, and how many pieces of evidence it cites."""

    is_answered: bool = False
    cited: int = 0

    def matches(self, filter_value: str) -> bool:
        """Return whether the state matches the filter: answered, unanswered or unproven.

        A question is unproven if it has no answer, or the answer cites no evidence. Other filters
        match all states.
        """
        return {
            "answered": self.is_answered,
            "unanswered": not self.is_answered,
            "unproven": not (self.is_answered and self.cited),
        }.get(filter_value, True)


UNANSWERED = AnswerState()


def matches_filters(
    question: Question, filters: Mapping[str, str], words: Iterable[str], state: AnswerState
) -> bool:
    """Return whether a question matches the filters and contains all words."""
    return (
        filters.get("skill", "") in ("", *question.skills)
        and filters.get("milestone", "") in ("", *question.milestones)
        and filters.get("difficulty", "") in ("", str(question.difficulty))
        and state.matches(filters.get("answer", ""))
        and all(word in question.search_text for word in words)
    )


def schedule(previous: Card | None, rating: int, rated_at: dt.datetime) -> Card:
    """Return the FSRS card after a rating from 1 (again) to 4 (easy), at a moment in UTC.

    Fuzzing and intraday learning steps are disabled, because a question can take half an hour and
    should be due again only after days.
    """
    # Imported here, because fsrs takes a tenth of a second to import.
    from fsrs import Card, Rating, Scheduler

    scheduler = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card = previous or Card(card_id=0, due=rated_at)
    return scheduler.review_card(card, Rating(rating), rated_at)[0]


@dataclass(frozen=True, slots=True)
class LastRating:
    """The last rating of a question and its day."""

    rating: int
    day: dt.date


# Number of most recently practised questions that count per group.
COUNTED_QUESTIONS = 8
# Older ratings count half.
FULL_WEIGHT_DAYS = 90
POINTS = {1: 0.0, 2: 0.5, 3: 1.0, 4: 1.0}


def group_readiness(ratings: Iterable[LastRating], today: dt.date) -> int:
    """Return the readiness for a group of questions, in percent.

    The last `COUNTED_QUESTIONS` practised questions count, each with its last rating. Missing ones
    count as zero.
    """
    newest = sorted(ratings, key=lambda each: each.day, reverse=True)[:COUNTED_QUESTIONS]
    points = sum(
        POINTS[each.rating] * (1 if (today - each.day).days <= FULL_WEIGHT_DAYS else 0.5)
        for each in newest
    )
    return int(100 * points / COUNTED_QUESTIONS)


def draw_rounds(
    questions: Sequence[Question],
    groups: Sequence[str],
    last_ratings: Mapping[str, LastRating],
    today: dt.date,
    seed: int,
) -> list[str]:
    """Draw a question for each round of a mock interview, weakest first.

    The weakest question has the lowest last rating, then the oldest. Unrated questions count as
    rated 2 long ago, and those rated today come last. The seed breaks ties.
    """

    def weakness(question: Question) -> tuple[bool, int, dt.date]:
        rated = last_ratings.get(question.key, LastRating(2, dt.date.min))
        return (rated.day == today, rated.rating, rated.day)

    shuffled = list(questions)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a draw of questions, no secret
    left = sorted(shuffled, key=weakness)
    drawn: list[str] = []
    for group in groups:
        chosen = next(each for each in left if each.group == group)
        left.remove(chosen)
        drawn.append(chosen.key)
    return drawn


# New questions per day.
NEW_PER_DAY = 2


def choose_new(
    questions: Sequence[Question],
    practised: Collection[str],
    readiness: Mapping[str, int],
    started_today: int,
) -> list[Question]:
    """Choose a day's new questions: weakest groups first, then the easiest questions."""
    new = [each for each in questions if each.key not in practised]
    new.sort(key=lambda each: (readiness[each.group], each.difficulty))
    return new[: max(0, NEW_PER_DAY - started_today)]


def streak(days: Collection[dt.date], today: dt.date) -> int:
    """Count the consecutive days of practice up to today or yesterday."""
    one = dt.timedelta(days=1)
    day = today if today in days else today - one
    count = 0
    while day in days:
        count, day = count + 1, day - one
    return count
