"""Confirmed milestones that still wait for their person's own tick, for the page of evidence."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from roadmap.catalog import queries as catalog
from roadmap.evidence.queries import unticked_lookups
from roadmap.progress import queries as progress


def find_unticked(session: Session, user_id: uuid.UUID, keys: Collection[str]) -> dict[str, str]:
    """Return which of these milestones the person has yet to tick, on roadmaps they are on.

    Each with the slug of a roadmap where it can be ticked. A milestone that they marked as not
    applicable is left out.
    """
    found: dict[str, str] = {}
    if not keys:
        return found
    states = progress.milestone_states(session, user_id)
    settled = {key for key, state in states.items() if state.status in ("done", "not_applicable")}
    still = [key for key in keys if key not in settled]
    for enrolled in progress.enrollments(session, user_id) if still else ():
        content = catalog.load_revision(session, enrolled.revision_id).content
        for key in still:
            if key in content.by_key:
                found.setdefault(key, enrolled.slug)
    return found


def listen() -> None:
    """Let the page of evidence ask for unticked milestones."""
    unticked_lookups[:] = [find_unticked]
