"""For pages of other rooms: which milestones wait for their person's own tick to count."""

from __future__ import annotations

from collections.abc import Collection

from flask_login import current_user

from roadmap.catalog import queries as catalog
from roadmap.core.database import db
from roadmap.journey.blueprint import journey
from roadmap.progress import queries as progress

OPEN_STATUSES = frozenset({"not_started", "in_progress"})


@journey.app_template_global()
def unticked(keys: Collection[str]) -> dict[str, str]:
    """The milestones of these that the actor is on the way to and has not ticked as done.

    Each with the slug of a roadmap where it can be ticked. What they marked as not applicable
    stays as they said.
    """
    found: dict[str, str] = {}
    if not keys:
        return found
    states = progress.milestone_states(db.session, current_user.id)
    still = [key for key in keys if key not in states or states[key].status in OPEN_STATUSES]
    if still:
        for enrolled in progress.enrollments(db.session, current_user.id):
            content = catalog.load_revision(db.session, enrolled.revision_id).content
            for key in still:
                if key in content.by_key:
                    found.setdefault(key, enrolled.slug)
    return found
