"""Asking the databases about very many rows at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

# A statement that names each of them binds a parameter for each, some several times over. SQLite
# takes 32,766 parameters (where it was built as usual) and PostgreSQL 65,535.
BATCH_SIZE = 2000


def batched(values: Collection[T]) -> Iterator[list[T]]:
    """The values in lists of at most `PORTION`: one statement for a usual team, few for a huge one.

    No list for no values.
    """
    iterator = iter(values)
    while batch := list(islice(iterator, BATCH_SIZE)):
        yield batch
