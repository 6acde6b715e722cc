"""Pure rules for team names, the team tree, and concurrent edits of forms."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from roadmap.core.text import fold

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_SLUG_LENGTH = 60
MAX_NAME_LENGTH = 200
# Words that are routes below /teams/.
RESERVED_SLUGS = frozenset({"new"})


def is_slug(text: str) -> bool:
    """Return whether this is a valid slug: lower-case letters, digits, single hyphens."""
    return (
        len(text) <= MAX_SLUG_LENGTH
        and SLUG.fullmatch(text) is not None
        and text not in RESERVED_SLUGS
    )


def slugify(name: str) -> str:
    """Make a slug from a name; empty if the name has no usable letters or digits."""
    plain = fold(name).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_SLUG_LENGTH].strip("-")


def by_name(team: Any) -> tuple[str, str]:
    """Return the sort key of a team."""
    return fold(team.name), team.slug


def list_as_tree(teams: Sequence[Any]) -> list[tuple[Any, int]]:
    """List each team with its depth (0 at the top), followed by the teams nested in it.

    Sibling teams keep their order. Teams in a cycle come last.
    """
    known = {team.id for team in teams}
    below: dict[uuid.UUID | None, list[Any]] = defaultdict(list)
    for team in teams:
        below[team.parent_id if team.parent_id in known else None].append(team)
    found: dict[uuid.UUID, tuple[Any, int]] = {}
    for top in [*below[None], *teams]:
        stack = [(top, 0)]
        while stack:
            team, depth = stack.pop()
            if team.id not in found:
                found[team.id] = team, depth
                stack += [(child, depth + 1) for child in reversed(below[team.id])]
    return list(found.values())


def find_descendants(teams: Sequence[Any]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return the ids of each team and of all teams nested in it, by team id."""
    parents = {team.id: team.parent_id for team in teams}
    found: dict[uuid.UUID, set[uuid.UUID]] = {team: set() for team in parents}
    for team in parents:
        above: uuid.UUID | None = team
        # The second condition ends the loop in a cycle.
        while above in found and team not in found[above]:
            found[above].add(team)
            above = parents[above]
    return found


class EditConflict(ValueError):
    """Somebody else has changed the same field; `stored` has the current values."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.stored = dict(stored)
        super().__init__(", ".join(sorted(stored)))


def changed_fields(
    sent: Mapping[str, Any], read: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields that a form changes: those that differ from both `read` and `stored`.

    `read` has the values when the form was opened; fields missing from it are always written.
    Raises EditConflict if somebody else has since saved another value of a changed field.
    """
    changed = {
        name: value
        for name, value in sent.items()
        if value != stored[name] and (name not in read or value != read[name])
    }
    late = {name: stored[name] for name in changed if name in read and stored[name] != read[name]}
    if late:
        raise EditConflict(late)
    return changed
