"""Linked milestones that are not yet marked as done, for the page of a piece of evidence."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from roadmap.catalog import queries as catalog
from roadmap.evidence import queries as evidence
from roadmap.evidence.item import Item
from roadmap.evidence.queries import LinkedMilestones, UntickedMilestone
from roadmap.progress import queries as progress
from roadmap.readiness.no_effect import no_effect_reasons
from roadmap.readiness.presentation import format_gain, message_filter
from roadmap.readiness.queries import person_record
from roadmap.readiness.rules import score_of
from roadmap.readiness.tally import Tally


def find_linked(session: Session, item: Item, today: dt.date) -> LinkedMilestones:
    """Return how many linked milestones are done, and which could be marked as done.

    The latter are those on the person's roadmaps that accept evidence of this kind, and that are
    not marked as not applicable.
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
            found[key] = UntickedMilestone(enrolled.slug, *completion_gain(tally, key))
    return LinkedMilestones(done, found)


def completion_gain(tally: Tally, key: str) -> tuple[str, str]:
    """Return the formatted gain of marking a milestone as done, or "" and the reason for none."""
    ticked = tally.with_facts(statuses={**tally.facts.statuses, key: "done"})
    if gain := format_gain(score_of(tally), score_of(ticked)):
        return gain, ""
    return "", " ".join(map(message_filter, no_effect_reasons(ticked, "milestone", key)))


# The evidence pages show the state of linked milestones.
evidence.find_linked_milestones = find_linked
