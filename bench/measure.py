"""Timing two things in turn, on equal terms."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Step = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Seconds of ours and of the limit, medians over the rounds, and the median of their ratios."""

    ours: float
    limit: float
    ratio: float


def measure_seconds(step: Step) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def compare_in_turn(ours: Step, limit: Step, *, rounds: int, times: int) -> Comparison:
    """Runs both in turn, call by call.

    A ratio is taken in each round, from the quickest calls of either, which lay side by side: what
    others do on the machine only ever adds time, and what slows it for longer slows both. Who goes
    first changes with each call.
    """
    for _ in range(3):
        ours()
        limit()
    pairs = [_round(ours, limit, times) for _ in range(rounds)]
    return Comparison(
        ours=statistics.median(pair[0] for pair in pairs),
        limit=statistics.median(pair[1] for pair in pairs),
        ratio=statistics.median(pair[0] / pair[1] for pair in pairs),
    )


def _round(ours: Step, limit: Step, times: int) -> tuple[float, float]:
    mine, theirs = [], []
    for number in range(times):
        if number % 2:
            mine.append(measure_seconds(ours))
            theirs.append(measure_seconds(limit))
        else:
            theirs.append(measure_seconds(limit))
            mine.append(measure_seconds(ours))
    return min(mine), min(theirs)
