"""What is computed from the answers of a worksheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

Answers = Mapping[str, str]


def total(answers: Answers, keys: Sequence[str]) -> Decimal | None:
    """Return the sum of the answers that are given, None where none is."""
    given = [Decimal(answers[key]) for key in keys if answers.get(key)]
    return sum(given, Decimal(0)) if given else None


def quotient(answers: Answers, dividend: str, divisor: str) -> Decimal | None:
    """Return one answer divided by another, None where one is missing or the divisor is 0."""
    above, below = (Decimal(answers.get(key) or 0) for key in (dividend, divisor))
    return above / below if above and below else None
