"""Save a person's answers.

Nothing of it is written to the history, and nothing that others see depends on it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from roadmap.people.locks import lock_user_to_read
from roadmap.practice import queries
from roadmap.practice.models import Answer, Citation


class StaleEdit(Exception):
    """The answer was saved by another form since this one was opened; it carries the saved one."""

    def __init__(self, saved: Answer) -> None:
        super().__init__()
        self.saved = saved


def save_answer(
    session: Session,
    user_id: uuid.UUID,
    question: str,
    form: str,
    texts: Mapping[str, str],
    cites: Collection[uuid.UUID],
    *,
    revision: int,
    now: dt.datetime,
) -> int:
    """Save texts and cited evidence, of which only the person's own; return the revision.

    `revision` is the one that the form showed, 0 where nothing was saved. Saving the same twice
    changes nothing, and an empty form makes no answer. Raises StaleEdit.
    """
    lock_user_to_read(session, user_id)
    saved = queries.answer(session, user_id, question)
    own = {item.id for item in queries.own_items(session, user_id, cites)}
    if saved is None:
        if not texts and not own:
            return 0
        saved = Answer(user_id=user_id, question=question, form=form, texts={}, revision=0)
        session.add(saved)
    else:
        session.refresh(saved)
        if saved.texts == texts and {each.evidence_id for each in saved.citations} == own:
            return saved.revision
        if saved.revision != revision:
            raise StaleEdit(saved)
    saved.form, saved.texts, saved.updated_at = form, dict(texts), now
    saved.citations = [
        *(each for each in saved.citations if each.evidence_id in own),
        *(
            Citation(evidence_id=key, user_id=user_id)
            for key in own - {each.evidence_id for each in saved.citations}
        ),
    ]
    saved.revision += 1
    session.flush()
    return saved.revision
