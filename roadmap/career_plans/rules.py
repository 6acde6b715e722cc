"""What is computed from the answers of a worksheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

Answers = Mapping[str, str]

# The questions of a worksheet whose answers are its outcome.
DECISION, REVIEW_ON = "decision", "review_on"


def figure(
    answers: Answers, sum_of: Sequence[str], quotient_of: tuple[str, str] | None
) -> Decimal | None:
    """Return a sum of answers, or the quotient of two; None where too little is answered."""
    if quotient_of is not None:
        above, below = (Decimal(answers.get(key) or 0) for key in quotient_of)
        return above / below if above and below else None
    given = [Decimal(answers[key]) for key in sum_of if answers.get(key)]
    return sum(given, Decimal(0)) if given else None
