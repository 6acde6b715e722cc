"""Arrange teams that were loaded as the tree in which they are nested. Pure."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Nested(Protocol):
    """A team with its parent."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def parent_id(self) -> uuid.UUID | None: ...


T = TypeVar("T", bound=Nested)


def list_as_tree(teams: Sequence[T]) -> list[tuple[T, int]]:
    """List each team with its depth (0 at the top), before the teams nested in it.

    Teams of one parent keep their order. Teams nested in a circle come last.
    """
    known = {team.id for team in teams}
    below: dict[uuid.UUID | None, list[T]] = defaultdict(list)
    for team in teams:
        below[team.parent_id if team.parent_id in known else None].append(team)
    found: dict[uuid.UUID, tuple[T, int]] = {}
    for top in [*below[None], *teams]:
        stack = [(top, 0)]
        while stack:
            team, depth = stack.pop()
            if team.id not in found:
                found[team.id] = team, depth
                stack += [(child, depth + 1) for child in reversed(below[team.id])]
    return list(found.values())


def find_descendants(teams: Sequence[Nested]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return for each team the ids of itself and of all teams nested in it."""
    parents = {team.id: team.parent_id for team in teams}
    found: dict[uuid.UUID, set[uuid.UUID]] = {team: set() for team in parents}
    for team in parents:
        above: uuid.UUID | None = team
        # A circle ends where the team was added already.
        while above in found and team not in found[above]:
            found[above].add(team)
            above = parents[above]
    return found
