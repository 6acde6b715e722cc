"""Rules that evaluate the answers of a worksheet. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

Answers = Mapping[str, str]

# Keys of the worksheet questions that form its outcome.
DECISION, REVIEW_ON = "decision", "review_on"
# The decision that requires a review date.
UNDECIDED = "not yet"


def is_review_missing(answers: Answers) -> bool:
    return answers.get(DECISION) == UNDECIDED and not answers.get(REVIEW_ON)


def is_review_past(answers: Answers, saved: Answers, today: dt.date) -> bool:
    """Return whether a new review date is in the past. A saved one may have passed since."""
    day = answers.get(REVIEW_ON, "")
    return bool(day) and day != saved.get(REVIEW_ON) and day < today.isoformat()


def is_review_due(answers: Answers, today: dt.date) -> bool:
    day = answers.get(REVIEW_ON, "")
    return bool(day) and day <= today.isoformat()


def compute_figure(
    answers: Answers, sum_of: Sequence[str], quotient_of: tuple[str, str] | None
) -> Decimal | None:
    """Return a sum of answers or the quotient of two, None if answers are missing."""
    if quotient_of is not None:
        above, below = (Decimal(answers.get(key) or 0) for key in quotient_of)
        return above / below if above and below else None
    given = [Decimal(answers[key]) for key in sum_of if answers.get(key)]
    return sum(given, Decimal(0)) if given else None
