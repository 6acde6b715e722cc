"""The latest changes of a person, one for each subject."""

from __future__ import annotations

import uuid
from itertools import groupby

from sqlalchemy.orm import Session

from roadmap.activity.messages import ACTIONS_BY_KIND, DescribedEntry, describe, describe_stage
from roadmap.activity.queries import Entry, list_entries, load_titles
from roadmap.people.models import HistoryEntry

# Changes to the record, not to settings and arrangements.
_SHOWN_ACTIONS = tuple(
    action
    for kind in ("milestones", "evidence", "reviews", "skills", "roadmaps", "career", "portfolio")
    for action in ACTIONS_BY_KIND[kind]
    if action.partition(".")[0]
    in ("status", "evidence", "skill", "enrollment", "position", "degree", "portfolio")
)


def list_recent_activity(
    session: Session, user_id: uuid.UUID, limit: int = 7
) -> list[DescribedEntry]:
    """List a person's latest changes, one line for each subject."""
    shown = HistoryEntry.action.in_(_SHOWN_ACTIONS)
    entries, _more = list_entries(session, user_id, shown, limit=limit * 10)
    titles = load_titles(session, user_id, entries)
    lines: list[DescribedEntry] = []
    seen: set[tuple[str, str]] = set()
    for _same, together in groupby(entries, _grouping_key):
        fresh = {_subject(each): each for each in together if _subject(each) not in seen}
        seen.update(fresh)
        new = list(fresh.values())
        bundle = describe_stage(new, titles, user_id) if len(new) > 1 else None
        lines.extend([bundle] if bundle else describe(new, titles, user_id))
    return lines[:limit]


def _grouping_key(entry: Entry) -> tuple[object, ...]:
    """Return the grouping key of changes written together, such as a stage set aside at once."""
    return entry.action, entry.at, entry.data.get("status")


def _subject(entry: Entry) -> tuple[str, str]:
    """Return the subject of a line; kinds whose lines all look alike share one subject."""
    if entry.subject_type in ("position", "degree"):
        return "career", ""
    return entry.subject_type, "" if entry.subject_type == "portfolio" else entry.subject
