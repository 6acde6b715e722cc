"""A comment on evidence, for its author and those who took part in its review."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, EvidenceKind
from roadmap.people.models import User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

_REVIEWS: Any = Review.__table__
_COMMENTS: Any = Comment.__table__


class CommentAdded(EvidenceKind):
    key = "comment"
    follows = frozenset({"comment.added"})
    text = _l("%(who)s commented on %(piece)s")
    mail_subject = _l("%(name)s commented on “%(title)s”")
    mail_text = _l("%(name)s commented on your evidence “%(title)s”.")
    mail_text_of_reviewer = _l("%(name)s commented on “%(title)s”, a review that you take part in.")

    def choose_text(self, content: Content) -> LazyString:
        return self.mail_text if content.own else self.mail_text_of_reviewer

    def notify(self, session: Session, event: Event, evidence: Evidence, author: User) -> None:
        comment = session.get_one(Comment, event.row_id)
        people = [author, *_list_participants(session, evidence)]
        readers = [person for person in people if person.id != comment.author_id]
        create_notifications(
            session, self, readers, about=author, evidence=evidence, comment_id=comment.id,
            actor_id=comment.author_id, actor_name=comment.author_name, now=event.now,
        )  # fmt: skip


def _list_participants(session: Session, evidence: Evidence) -> list[User]:
    """Return who reviewed, took up or commented on evidence, and may still comment on it."""
    took_part = session.scalars(
        sa.union(
            sa.select(_REVIEWS.c.reviewer_id).where(_REVIEWS.c.evidence_id == evidence.id),
            sa.select(_COMMENTS.c.author_id).where(_COMMENTS.c.evidence_id == evidence.id),
        )
    )
    ids = {*took_part, evidence.reviewer_id}
    holders = holders_of(session, evidence.user_id, Capability.COMMENT)
    return [person for person in holders if person.id in ids]
