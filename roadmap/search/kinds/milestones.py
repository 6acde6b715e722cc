"""Milestones of the published roadmaps, those of one's own first."""

from __future__ import annotations

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.ranking import rank
from roadmap.search.kind import Hit, Kind, Query


def find(query: Query) -> list[Hit]:
    found: list[Hit] = []
    seen: set[str] = set()
    for roadmaps in query.roadmaps:
        hits = []
        for content in roadmaps:
            for key, folded in content.folded_milestones.items():
                if key in seen or (place := rank(query.words, *folded)) is None:
                    continue
                seen.add(key)
                milestone, stage = content.by_key[key], content.stage_of[key]
                hits.append(
                    Hit(
                        place,
                        milestone.title,
                        f"/roadmaps/{content.slug}/milestones/{key}",
                        (content.title, stage.title),
                        milestone.done_when,
                    )
                )
        found += sorted(hits, key=lambda hit: hit.rank)
    return found[: query.most]


KIND = Kind("milestones", _l("Milestones"), _l("More milestones"), find)
