"""Compare the times of two functions, called alternately."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Step = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Median seconds of Cairn and the baseline over all rounds, and the median ratio."""

    ours: float
    baseline: float
    ratio: float


def measure_seconds(step: Step) -> float:
    """Return the seconds a call takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def compare_in_turn(ours: Step, baseline: Step, *, rounds: int, times: int) -> Comparison:
    """Time both functions, alternating call by call and swapping which goes first.

    Each round gives the ratio of the two fastest calls. Other load on the machine only ever adds
    time to a call, and longer slowdowns affect both functions.
    """
    for _ in range(3):
        ours()
        baseline()
    pairs = [_round(ours, baseline, times) for _ in range(rounds)]
    return Comparison(
        ours=statistics.median(pair[0] for pair in pairs),
        baseline=statistics.median(pair[1] for pair in pairs),
        ratio=statistics.median(pair[0] / pair[1] for pair in pairs),
    )


def _round(ours: Step, baseline: Step, times: int) -> tuple[float, float]:
    mine, theirs = [], []
    for number in range(times):
        if number % 2:
            mine.append(measure_seconds(ours))
            theirs.append(measure_seconds(baseline))
        else:
            theirs.append(measure_seconds(baseline))
            mine.append(measure_seconds(ours))
    return min(mine), min(theirs)
