"""Milestones that miss one half: linked but not ticked, or ticked but not linked, for evidence."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog import queries as catalog
from roadmap.evidence.item import Item
from roadmap.evidence.models import EvidenceMilestone
from roadmap.evidence.queries import (
    LinkedMilestones,
    UntickedMilestone,
    linked_milestones_lookups,
    unproven_milestones_lookups,
)
from roadmap.progress import queries as progress
from roadmap.progress.models import MilestoneStatus
from roadmap.readiness.presentation import signed_filter
from roadmap.readiness.queries import person_record
from roadmap.readiness.rules import score


def find_linked(session: Session, item: Item, today: dt.date) -> LinkedMilestones:
    """Return how many linked milestones the person has done, and which wait for the tick.

    Those wait that evidence of this kind proves, on the roadmaps that the person is on. A milestone
    that they marked as not applicable does not.
    """
    states = progress.milestone_states(session, item.user_id) if item.links else {}
    statuses = [(key, states[key].status if key in states else None) for key in item.milestones]
    done = sum(status == "done" for _, status in statuses)
    waiting = [key for key, status in statuses if status not in ("done", "not_applicable")]
    found: dict[str, UntickedMilestone] = {}
    if not waiting or item.has_lapsed(today):
        return LinkedMilestones(done, found)
    facts = person_record(session, item.user_id).own()
    for enrolled in progress.enrollments(session, item.user_id):
        content = catalog.load_revision(session, enrolled.revision_id).content
        before = score(content, facts, today)
        for key in waiting:
            milestone = content.by_key.get(key)
            if key in found or not milestone or item.counted.kind not in milestone.evidence:
                continue
            ticked = replace(facts, statuses={**facts.statuses, key: "done"})
            gain = score(content, ticked, today) - before
            found[key] = UntickedMilestone(enrolled.slug, signed_filter(gain) if gain else "")
    return LinkedMilestones(done, found)


def find_unproven(session: Session, user_id: uuid.UUID) -> list[str]:
    """Return the milestones that a person has done and linked to no evidence, in roadmap order."""
    linked = sa.exists().where(
        EvidenceMilestone.user_id == user_id,
        EvidenceMilestone.milestone_key == MilestoneStatus.milestone_key,
    )
    done = set(
        session.scalars(
            sa.select(MilestoneStatus.milestone_key).where(
                MilestoneStatus.user_id == user_id, MilestoneStatus.status == "done", ~linked
            )
        )
    )
    return [
        milestone.key
        for enrolled in (progress.enrollments(session, user_id) if done else ())
        for milestone in catalog.load_revision(session, enrolled.revision_id).content.milestones
        if milestone.key in done
    ]


def listen() -> None:
    """Let the pages of evidence ask for the progress on milestones."""
    linked_milestones_lookups[:] = [find_linked]
    unproven_milestones_lookups[:] = [find_unproven]
