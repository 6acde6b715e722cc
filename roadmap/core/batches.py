"""Split many values into batches for database statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

# Statements bind one or more parameters per value. SQLite allows 32,766 parameters by default,
# PostgreSQL 65,535.
BATCH_SIZE = 2000


def batched(values: Iterable[T], size: int = BATCH_SIZE) -> Iterator[list[T]]:
    """Yield the values in lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
