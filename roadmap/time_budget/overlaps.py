"""Count each minute of a day once, where entries of a calendar overlap. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import Protocol


class Span(Protocol):
    """Anything with a beginning and an end."""

    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime: ...


def minutes_once(
    spans: Sequence[Span], counted: Iterable[tuple[dt.datetime, int]] = ()
) -> list[int]:
    """Return the minutes of each span; none is counted in two of them.

    The shorter has the minute: a stand-up within a block of focus was a stand-up. `counted` are
    beginnings and minutes of what has been counted already.
    """
    taken: set[int] = set()
    for start, minutes in sorted(counted, key=lambda each: each[1]):
        # A longer one goes on after the shorter ones within it.
        left = (at for at in count(_minute(start)) if at not in taken)
        taken.update(list(islice(left, minutes)))
    found = [0] * len(spans)
    for at, span in sorted(
        enumerate(spans),
        key=lambda each: (each[1].ends_at - each[1].starts_at, each[1].starts_at, each[0]),
    ):
        free = set(range(_minute(span.starts_at), _minute(span.ends_at))) - taken
        found[at] = len(free)
        taken |= free
    return found


def _minute(moment: dt.datetime) -> int:
    return int(moment.timestamp()) // 60
