"""The kinds of results, in the order used for equally good results."""

from __future__ import annotations

from roadmap.search.kind import Kind
from roadmap.search.kinds import evidence, milestones, pages, people, skills

KINDS: dict[str, Kind] = {
    each.KIND.key: each.KIND for each in (milestones, evidence, skills, people, pages)
}
