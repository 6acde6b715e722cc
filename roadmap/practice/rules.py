"""Which questions are shown, which answers prove what they say, and what is practised when."""

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
    """Whether a question is answered, and how many pieces of evidence the answer cites."""

    is_answered: bool = False
    cited: int = 0

    def fits(self, wanted: str) -> bool:
        """Tell whether it is `answered`, `unanswered` or `unproven`; an empty word fits all.

        An answer that cites nothing is without proof, and so is a question without an answer.
        """
        return {
            "answered": self.is_answered,
            "unanswered": not self.is_answered,
            "unproven": not (self.is_answered and self.cited),
        }.get(wanted, True)


UNANSWERED = AnswerState()


def admits(
    question: Question, given: Mapping[str, str], words: Iterable[str], state: AnswerState
) -> bool:
    """Return whether a question is what filters ask for, and has all the words."""
    return (
        given.get("skill", "") in ("", *question.skills)
        and given.get("milestone", "") in ("", *question.milestones)
        and given.get("difficulty", "") in ("", str(question.difficulty))
        and state.fits(given.get("answer", ""))
        and all(word in question.search_text for word in words)
    )


def schedule(before: Card | None, rating: int, at: dt.datetime) -> Card:
    """Return the card after a rating, from 1 (again) to 4 (easy), at a moment in UTC.

    It is what the FSRS library says without fuzz and without steps of minutes: a question that
    takes half an hour comes back after days.
    """
    # It takes a tenth of a second, which the start does not wait for.
    from fsrs import Card, Rating, Scheduler

    scheduler = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card = before or Card(card_id=0, due=at)
    return scheduler.review_card(card, Rating(rating), at)[0]


@dataclass(frozen=True, slots=True)
class LastRating:
    """How a question was rated last, and on which day."""

    rating: int
    day: dt.date


# Of each group, so many questions count: those that were practised last.
COUNTED_QUESTIONS = 8
# An older rating counts half.
FRESH_DAYS = 90
POINTS = {1: 0.0, 2: 0.5, 3: 1.0, 4: 1.0}


def group_readiness(ratings: Iterable[LastRating], today: dt.date) -> int:
    """Return how ready a person is for the questions of a group, in per cent.

    The last `COUNTED_QUESTIONS` that were practised count, each with its last rating; those that
    are missing count nothing.
    """
    newest = sorted(ratings, key=lambda each: each.day, reverse=True)[:COUNTED_QUESTIONS]
    points = sum(
        POINTS[each.rating] * (1 if (today - each.day).days <= FRESH_DAYS else 0.5)
        for each in newest
    )
    return int(100 * points / COUNTED_QUESTIONS)


def draw_rounds(
    questions: Sequence[Question],
    groups: Sequence[str],
    last: Mapping[str, LastRating],
    today: dt.date,
    seed: int,
) -> list[str]:
    """Draw a question for each round of a mock interview, the weakest of its group first.

    That is the lowest last rating, then the oldest one. A question without a rating counts as rated
    2 long ago, and one that was rated today comes last. The seed decides between equal ones.
    """

    def weakness(question: Question) -> tuple[bool, int, dt.date]:
        rated = last.get(question.key, LastRating(2, dt.date.min))
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


# New questions for one day.
NEW_A_DAY = 2


def choose_new(
    questions: Sequence[Question],
    practised: Collection[str],
    readiness: Mapping[str, int],
    begun_today: int,
) -> list[Question]:
    """Choose the new questions of a day: of the weakest groups, the easiest first."""
    new = [each for each in questions if each.key not in practised]
    new.sort(key=lambda each: (readiness[each.group], each.difficulty))
    return new[: max(0, NEW_A_DAY - begun_today)]


def streak(days: Collection[dt.date], today: dt.date) -> int:
    """Count the days in a row on which somebody practised, up to today or yesterday."""
    one = dt.timedelta(days=1)
    day = today if today in days else today - one
    count = 0
    while day in days:
        count, day = count + 1, day - one
    return count
