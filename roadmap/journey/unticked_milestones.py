"""Linked milestones that still wait for their person's own tick, for the page of evidence."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from roadmap.catalog import queries as catalog
from roadmap.evidence.item import Item
from roadmap.evidence.queries import (
    LinkedMilestones,
    UntickedMilestone,
    linked_milestones_lookups,
)
from roadmap.progress import queries as progress
from roadmap.readiness.no_effect import why_no_effect
from roadmap.readiness.presentation import format_gain, message_filter
from roadmap.readiness.queries import person_record
from roadmap.readiness.rules import score_of
from roadmap.readiness.tally import Tally


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
    facts = person_record(session, item.user_id).own
    for enrolled in progress.enrollments(session, item.user_id):
        tally = Tally(catalog.load_revision(session, enrolled.revision_id).content, facts, today)
        for key in waiting:
            milestone = tally.content.by_key.get(key)
            if key in found or not milestone or item.counted.kind not in milestone.evidence:
                continue
            found[key] = UntickedMilestone(enrolled.slug, *tick_offer(tally, key))
    return LinkedMilestones(done, found)


def tick_offer(tally: Tally, key: str) -> tuple[str, str]:
    """Return what a tick adds to the score, as the page prints it, and where that is "", why."""
    ticked = tally.with_facts(statuses={**tally.facts.statuses, key: "done"})
    if gain := format_gain(score_of(tally), score_of(ticked)):
        return gain, ""
    return "", " ".join(map(message_filter, why_no_effect(ticked, "milestone", key)))


def listen() -> None:
    """Let the page of evidence ask for the progress of linked milestones."""
    linked_milestones_lookups[:] = [find_linked]
