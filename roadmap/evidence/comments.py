"""Writing in the thread of a shared piece.

What is said there its author and their managers read, so it begins when the piece is shared. A
remark names the version that both sides see, never one that its author has only saved.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from roadmap.core.text import clean_multiline
from roadmap.evidence import rules
from roadmap.evidence.models import Comment, Evidence
from roadmap.evidence.repository import lock_and_reload
from roadmap.evidence.rules import Refused
from roadmap.evidence.shared import submitted_version
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.permissions import can


def add(session: Session, evidence: Evidence, text: str, *, by: Actor, now: dt.datetime) -> Comment:
    """Adds a remark, in Markdown.

    Raises Incomplete where it says nothing or too much, Refused where the piece is not shared or
    is not for this person to remark on.
    """
    text = rules.check_comment(clean_multiline(text))
    lock_and_reload(session, evidence, by)
    version = submitted_version(session, evidence)
    if not evidence.is_shared or version is None:
        raise Refused("not_shared")
    if not can(by, "evidence.comment", evidence):
        raise Refused("not_entitled")
    comment = Comment(
        user_id=evidence.user_id,
        evidence_id=evidence.id,
        version_number=version.number,
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
        version=version.number,
    )
    return comment
