"""Comments on a shared item.

The author and their managers read them, so they are open once the item is shared. A comment names
the newest version that both sides see, never one that the author has only saved.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from roadmap.core.text import clean_multiline
from roadmap.evidence import rules
from roadmap.evidence.item import Audience
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Comment, Evidence
from roadmap.evidence.repository import lock_and_reload
from roadmap.evidence.rules import Refused
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.permissions import can


def add(session: Session, evidence: Evidence, text: str, *, by: Actor, now: dt.datetime) -> Comment:
    """Add a comment, in Markdown.

    Raises InvalidInput where it is empty or too long, Refused where the item is not shared or
    this person may not comment on it.
    """
    text = rules.check_comment(clean_multiline(text))
    lock_and_reload(session, evidence, by)
    shared = load_item(session, Audience.MANAGER, evidence.id)
    if shared is None:
        raise Refused("not_shared")
    if not can(by, "evidence.comment", evidence):
        raise Refused("not_entitled")
    comment = Comment(
        user_id=evidence.user_id,
        evidence_id=evidence.id,
        version_number=shared.version.number,
        author_id=by.id,
        author_name=by.name,
        text=text,
        created_at=now,
    )
    session.add(comment)
    session.flush()
    record_history(
        session,
        user_id=evidence.user_id,
        by=by.id,
        action="comment.added",
        subject=str(evidence.id),
        now=now,
        version=shared.version.number,
        row_id=comment.id,
    )
    return comment
