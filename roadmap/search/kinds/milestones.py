"""Milestones of published roadmaps, the user's own roadmaps first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.core.i18n import _l
from roadmap.core.ranking import Rank, rank
from roadmap.search.kind import Hit, Kind, Query

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


def find(query: Query) -> list[Hit]:
    found: list[tuple[Rank, Content, str]] = []
    seen: set[str] = set()
    for roadmaps in query.roadmaps:
        ranked = []
        for content in roadmaps:
            for key, folded in content.folded_milestones.items():
                if key in seen or (match_rank := rank(query.words, *folded)) is None:
                    continue
                seen.add(key)
                ranked.append((match_rank, content, key))
        found += sorted(ranked, key=lambda each: each[0])
    # Build only the listed hits, because a common word is in hundreds.
    return [_hit(*each) for each in found[: query.limit]]


def _hit(match_rank: Rank, content: Content, key: str) -> Hit:
    milestone, stage = content.by_key[key], content.stage_of[key]
    return Hit(
        match_rank,
        milestone.title,
        f"/roadmaps/{content.slug}/milestones/{key}",
        (content.title, stage.title),
        "\n".join((milestone.done_when, milestone.why, ", ".join(milestone.tags))),
    )


KIND = Kind("milestones", _l("Milestones"), _l("More milestones"), find)
