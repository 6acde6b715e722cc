"""Search all kinds, and put what was found below headings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.search.kind import Hit, Kind, Query
from roadmap.search.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind, the best first. `has_more` tells that there are others."""

    kind: Kind
    hits: tuple[Hit, ...]
    has_more: bool


def search(
    session: Session, actor: Actor, words: list[str], *, most: int, only: str = ""
) -> list[Group]:
    """Find at most so many of each kind (or `only` of one) that the actor may see.

    The kind with the best hit comes first. The number of statements does not depend on what there
    is.
    """
    groups = []
    query = Query(session, actor, words, most + 1)
    for kind in [KINDS[only]] if only else KINDS.values():
        hits = kind.find(query)
        if hits:
            groups.append(Group(kind, tuple(hits[:most]), len(hits) > most))
    return sorted(groups, key=lambda group: group.hits[0].rank)


def suggest(session: Session, actor: Actor, *, most: int) -> list[Group]:
    """Return the pages to offer before anything is typed."""
    kind = KINDS["pages"]
    return [Group(kind, tuple(kind.find(Query(session, actor, [], most))), has_more=False)]
