"""Change the work log and create evidence from it. Lines are never recorded in the history."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _l, current_locale, month_names
from roadmap.core.limits import LimitReached
from roadmap.core.text import shorten
from roadmap.core.types import form_id
from roadmap.evidence import actions as evidence_actions
from roadmap.evidence.capture import propose
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_last_visibility
from roadmap.evidence.rules import MAX_LENGTHS, EvidenceInput
from roadmap.people.actor import Actor
from roadmap.people.private_rows import add_row, lock_row
from roadmap.work_log.models import WorkLogEntry

# Per user: ten a week for ten years.
MAX_ENTRIES = 5_000


def add_entry(
    session: Session,
    user_id: uuid.UUID,
    day: dt.date,
    text: str,
    *,
    now: dt.datetime,
    key: str = "",
) -> WorkLogEntry:
    """Add a line, once per form `key`. Raises LimitReached."""
    key_of_row = form_id(key, user_id, WorkLogEntry.__tablename__, day, text)
    entry = WorkLogEntry(id=key_of_row, user_id=user_id, day=day, text=text, created_at=now)
    limit = LimitReached(
        _l("You already have %(most)d lines, the maximum.", most=MAX_ENTRIES),
        _l("Delete some that you no longer need, then add this one again."),
    )
    return add_row(session, entry, limit, MAX_ENTRIES)[0]


def delete_entry(session: Session, entry: WorkLogEntry) -> None:
    """Delete a line, but not the evidence created from it. Raises RowDeleted."""
    lock_row(session, entry)
    session.delete(entry)
    session.flush()


def make_evidence(
    session: Session, entry: WorkLogEntry, *, by: Actor, now: dt.datetime
) -> Evidence:
    """Create a draft from a line, or return the existing one.

    Raises InvalidInput, LimitReached and RowDeleted.
    """
    lock_row(session, entry)
    if entry.evidence_id and (made := session.get(Evidence, entry.evidence_id)):
        return made
    proposal = propose(entry.text, entry.day, months=month_names(current_locale()))
    visibility = load_last_visibility(session, entry.user_id)
    if proposal.secrets and visibility == "portfolio":
        visibility = "team"
    piece = EvidenceInput(
        kind=proposal.kind,
        title=proposal.title or shorten(entry.text, MAX_LENGTHS["title"]),
        occurred_on=proposal.occurred_on or PartialDate(entry.day),
        url=proposal.url,
        description=proposal.description,
        visibility=visibility,
    )
    made = evidence_actions.create(session, entry.user_id, piece, by=by, now=now)
    entry.evidence_id = made.id
    session.flush()
    return made
