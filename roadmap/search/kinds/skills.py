"""Skills of the user's roadmaps."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.core.ranking import rank
from roadmap.core.text import fold
from roadmap.search.kind import Hit, Kind, Query
from roadmap.skills.queries import distinct_skills


def find(query: Query) -> list[Hit]:
    hits = (
        Hit(match_rank, skill.title, f"/skills/{skill.key}", (), skill.summary)
        for skill in distinct_skills(query.roadmaps[0]).values()
        if (match_rank := rank(query.words, fold(skill.title), fold(skill.summary))) is not None
    )
    return sorted(hits, key=lambda hit: hit.rank)[: query.limit]


KIND = Kind("skills", _l("Skills"), _l("More skills"), find)
