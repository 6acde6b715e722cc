"""The milestones and skills that an item is or may be linked to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone, Skill
from roadmap.catalog.queries import published_roadmaps


@dataclass(frozen=True, slots=True)
class LinkableMilestone:
    """A milestone that an item is or may be linked to.

    `roadmap` is its slug, '' where no published roadmap has it any more.
    """

    key: str
    title: str
    kinds: tuple[str, ...]
    skills: tuple[str, ...] = ()
    stage: str = ""
    roadmap: str = ""


def load_published_milestones(session: Session) -> dict[str, LinkableMilestone]:
    """Load every milestone of the published roadmaps by key, in their order.

    One statement; the content is in memory.
    """
    found: dict[str, LinkableMilestone] = {}
    for published in published_roadmaps(session):
        content = published.content
        for milestone in content.milestones:
            found.setdefault(
                milestone.key,
                LinkableMilestone(
                    key=milestone.key,
                    title=milestone.title,
                    kinds=milestone.evidence,
                    skills=milestone.skills,
                    stage=content.stage_of[milestone.key].title,
                    roadmap=content.slug,
                ),
            )
    return found


def load_milestones(session: Session, keys: Iterable[str]) -> tuple[LinkableMilestone, ...]:
    """Load the milestones with these keys, in this order; unknown keys are left out.

    A milestone that a revision removed still has the title it last had.
    """
    keys = tuple(keys)
    known = load_published_milestones(session)
    missing = [key for key in keys if key not in known]
    for row in session.execute(
        sa.select(Milestone.key, Milestone.title, Milestone.definition).where(
            Milestone.key.in_(missing)
        )
    ):
        known[row.key] = LinkableMilestone(
            row.key, row.title, tuple(row.definition.get("evidence", ()))
        )
    return tuple(known[key] for key in keys if key in known)


def search_milestones(
    session: Session, text: str, *, leave_out: Iterable[str] = (), most: int = 12
) -> tuple[LinkableMilestone, ...]:
    """Find milestones whose title, key or stage contain every word of `text`; none for ''."""
    words = text.casefold().split()[:8]
    if not words:
        return ()
    gone = frozenset(leave_out)
    found = (
        target
        for target in load_published_milestones(session).values()
        if target.key not in gone
        and all(word in f"{target.title} {target.key} {target.stage}".casefold() for word in words)
    )
    return tuple(target for target, _ in zip(found, range(most), strict=False))


def load_skill_titles(
    session: Session, keys: Sequence[str] | None = None
) -> tuple[tuple[str, str], ...]:
    """Load (key, title) of these skills, or of all, by title."""
    query = sa.select(Skill.key, Skill.title).order_by(Skill.title)
    if keys is not None:
        query = query.where(Skill.key.in_(keys))
    return tuple((key, title) for key, title in session.execute(query))
