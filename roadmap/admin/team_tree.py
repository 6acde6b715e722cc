"""The order in which nested teams are listed. Pure."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol, TypeVar


class Nested(Protocol):
    """A team with its parent."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def parent_id(self) -> uuid.UUID | None: ...


T = TypeVar("T", bound=Nested)


def list_as_tree(teams: Iterable[T]) -> list[tuple[T, int]]:
    """List each team with its depth (0 at the top), before the teams nested in it.

    Teams of one parent keep their order. Teams nested in a circle come last.
    """
    rows = list(teams)
    known = {team.id for team in rows}
    below: dict[uuid.UUID | None, list[T]] = defaultdict(list)
    for team in rows:
        below[team.parent_id if team.parent_id in known else None].append(team)
    found: list[tuple[T, int]] = []
    seen: set[uuid.UUID] = set()

    def walk(team: T) -> None:
        stack = [(team, 0)]
        while stack:
            current, depth = stack.pop()
            if current.id in seen:
                continue
            seen.add(current.id)
            found.append((current, depth))
            stack += [(child, depth + 1) for child in reversed(below[current.id])]

    for team in [*below[None], *rows]:
        walk(team)
    return found


def find_descendants(teams: Iterable[T], team_id: uuid.UUID) -> set[uuid.UUID]:
    """Return the ids of a team and of all teams nested in it."""
    below: dict[uuid.UUID | None, list[uuid.UUID]] = defaultdict(list)
    for team in teams:
        below[team.parent_id].append(team.id)
    found: set[uuid.UUID] = set()
    stack = [team_id]
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack += below[current]
    return found
