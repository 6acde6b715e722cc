"""A comment on evidence, for its author and those who took part in its review."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.events import Event, find_shared_evidence
from roadmap.notifications.kind import Content, EvidenceKind, insert_values
from roadmap.people.models import User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

_REVIEWS: Any = Review.__table__
_COMMENTS: Any = Comment.__table__


class CommentAdded(EvidenceKind):
    key = "comment"
    follows = frozenset({"comment.added"})

    def handle(self, session: Session, event: Event) -> None:
        if (found := find_shared_evidence(session, event)) is None:
            return
        evidence, author = found
        comment = session.get_one(Comment, event.row_id)
        create_notifications(
            session,
            self,
            [
                person
                for person in (author, *_list_participants(session, evidence))
                if person.id != comment.author_id
            ],
            about=author,
            evidence_id=evidence.id,
            title=evidence.title,
            comment_id=comment.id,
            actor_id=comment.author_id,
            actor_name=comment.author_name,
            now=event.now,
        )

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = _("%(who)s commented on %(piece)s")
        return insert_values(text, who=content.actor_name, piece=link)

    def mail_texts(self, content: Content) -> tuple[str, str]:
        words = {"name": content.actor_name, "title": content.title}
        subject = _("%(name)s commented on “%(title)s”", **words)
        if content.own:
            return subject, _("%(name)s commented on your evidence “%(title)s”.", **words)
        return subject, _(
            "%(name)s commented on “%(title)s”, a review that you take part in.", **words
        )


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
