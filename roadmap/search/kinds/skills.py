"""Skills of one's own roadmaps."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from roadmap.core.ranking import rank
from roadmap.core.text import fold
from roadmap.people.actor import Actor
from roadmap.search.kind import Hit, Kind
from roadmap.skills.queries import skills_of


def find(session: Session, actor: Actor, words: list[str], most: int) -> list[Hit]:
    hits = (
        Hit(place, skill.title, f"/skills/{skill.key}", (), skill.summary)
        for skill in skills_of(session, actor.id).values()
        if (place := rank(words, fold(skill.title), fold(skill.summary))) is not None
    )
    return sorted(hits, key=lambda hit: hit.rank)[:most]


KIND = Kind("skills", _l("Skills"), _l("More skills"), find)
