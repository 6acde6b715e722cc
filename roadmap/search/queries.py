"""Search all kinds, and put what was found below headings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.search.kind import Hit, Kind, Query
from roadmap.search.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Group:
    """The best hits of one kind, and how many were counted; `is_cut` where there are still more."""

    kind: Kind
    hits: tuple[Hit, ...]
    counted: int
    is_cut: bool = False

    @property
    def has_more(self) -> bool:
        return self.is_cut or self.counted > len(self.hits)


def search(
    session: Session,
    actor: Actor,
    words: list[str],
    *,
    most: int,
    shown: int | None = None,
    only: str = "",
) -> list[Group]:
    """Find at most so many of each kind (or `only` of one) that the actor may see.

    Of them at most `shown` are returned; the others are counted. The kind with the best hit comes
    first. The number of statements does not depend on what there is.
    """
    groups = []
    query = Query(session, actor, words, most + 1)
    for kind in [KINDS[only]] if only else KINDS.values():
        hits = kind.find(query)
        if hits:
            groups.append(
                Group(kind, tuple(hits[: shown or most]), min(len(hits), most), len(hits) > most)
            )
    return sorted(groups, key=lambda group: group.hits[0].rank)


def suggest(session: Session, actor: Actor, *, most: int) -> list[Group]:
    """Return the pages to offer before anything is typed."""
    kind = KINDS["pages"]
    hits = tuple(kind.find(Query(session, actor, [], most)))
    return [Group(kind, hits, len(hits))]
