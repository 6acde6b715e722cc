"""The history of one milestone: its status, its plan, and the evidence linked to it."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from roadmap.activity.messages import DescribedEntry, describe
from roadmap.activity.queries import list_entries, load_subjects, load_titles
from roadmap.people.models import HistoryEntry

MAX_SHOWN = 10


def load_milestone_history(
    session: Session, user_id: uuid.UUID, key: str
) -> tuple[list[DescribedEntry], bool]:
    """Load the newest changes of a milestone; return them and whether there are older ones."""
    about = HistoryEntry.subject.in_(load_subjects(session, user_id, [key]))
    entries, more = list_entries(session, user_id, about, limit=MAX_SHOWN)
    if not entries:
        return [], more
    return describe(entries, load_titles(session, user_id, entries), user_id), more
