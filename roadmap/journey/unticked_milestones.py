"""Linked milestones that still wait for their person's own tick, for the page of evidence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.catalog import queries as catalog
from roadmap.evidence.item import Item
from roadmap.evidence.queries import (
    LinkedMilestones,
    UntickedMilestone,
    linked_milestones_lookups,
)
from roadmap.progress import queries as progress
from roadmap.readiness.facts import Facts
from roadmap.readiness.presentation import signed_filter
from roadmap.readiness.queries import person_record
from roadmap.readiness.rules import score

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


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
        for key in waiting:
            milestone = content.by_key.get(key)
            if key in found or not milestone or item.counted.kind not in milestone.evidence:
                continue
            found[key] = UntickedMilestone(enrolled.slug, tick_gain(content, facts, key, today))
    return LinkedMilestones(done, found)


def tick_gain(content: Content, facts: Facts, key: str, today: dt.date) -> str:
    """Return what a tick adds to the score, as the page prints it; "" for nothing."""
    ticked = replace(facts, statuses={**facts.statuses, key: "done"})
    gain = score(content, ticked, today) - score(content, facts, today)
    return signed_filter(gain) if gain else ""


def listen() -> None:
    """Let the page of evidence ask for the progress of linked milestones."""
    linked_milestones_lookups[:] = [find_linked]
