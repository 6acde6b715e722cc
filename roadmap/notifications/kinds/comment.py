"""Somebody commented on evidence. Sent to its author and to participants in its review."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, EvidenceKind
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability


class CommentAdded(EvidenceKind):
    key = "comment"
    handled_actions = frozenset({"comment.added"})
    text = _l("%(who)s commented on %(piece)s")
    mail_subject = _l("%(who)s commented on “%(title)s”")

    def choose_mail_text(self, content: Content) -> LazyString:
        if content.own:
            return _l("%(who)s commented on your evidence “%(title)s”.")
        return _l("%(who)s commented on “%(title)s”, a review that you take part in.")

    def handle_shared(self, event: Event, evidence: Evidence) -> None:
        """Notify the author, and past reviewers and commenters who may still comment."""
        session = event.session
        took_part = session.scalars(
            sa.union(
                sa.select(Review.reviewer_id).where(Review.evidence_id == evidence.id),
                sa.select(Comment.author_id).where(Comment.evidence_id == evidence.id),
            )
        )
        ids = {*took_part, evidence.reviewer_id}
        holders = load_holders(session, evidence.user_id, Capability.COMMENT)
        people = [event.person, *(holder for holder in holders if holder.id in ids)]
        notify(
            self, event, [person for person in people if person.id != event.by],
            about=event.person, evidence=evidence, comment_id=event.row_id,
        )  # fmt: skip
