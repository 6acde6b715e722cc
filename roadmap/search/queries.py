"""Search all kinds and group the results."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.search.kind import Hit, Kind, Query
from roadmap.search.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Group:
    """The best hits of a kind, and their number up to a limit. `is_cut` if there are more."""

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
    limit: int,
    returned: int | None = None,
    kind_key: str = "",
) -> list[Group]:
    """Search what the actor may see, in all kinds or `kind_key` in one. The best kind comes first.

    At most `limit` hits per kind are counted and `returned` of them returned. The number of
    statements is constant.
    """
    groups = []
    query = Query(session, actor, words, limit + 1)
    for kind in [KINDS[kind_key]] if kind_key else KINDS.values():
        hits = kind.find(query)
        if hits:
            groups.append(
                Group(
                    kind, tuple(hits[: returned or limit]), min(len(hits), limit), len(hits) > limit
                )
            )
    return sorted(groups, key=lambda group: group.hits[0].rank)


def suggest(session: Session, actor: Actor, *, limit: int) -> list[Group]:
    """Return the pages to offer before the user types."""
    kind = KINDS["pages"]
    hits = tuple(kind.find(Query(session, actor, [], limit)))
    return [Group(kind, hits, len(hits))]
