"""A reviewer verified evidence, for its author."""

from __future__ import annotations

from flask_babel import LazyString
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.review_actions import confirmed_keys
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, EvidenceKind
from roadmap.notifications.retraction import close_review_requests
from roadmap.people.models import User


class Verified(EvidenceKind):
    key = "verified"
    follows = frozenset({"evidence.verified"})
    text = _l("%(who)s verified %(piece)s")
    mail_subject = _l("%(name)s verified “%(title)s”")
    mail_text = _l("%(name)s verified your evidence “%(title)s”.")
    partial_text = _l("%(who)s verified %(piece)s for %(confirmed)s of %(proposed)s milestones")
    mail_subject_if_partial = _l(
        "%(name)s verified “%(title)s” for %(confirmed)s of %(proposed)s milestones"
    )
    mail_text_if_partial = _l(
        "%(name)s verified your evidence “%(title)s” for %(confirmed)s of the %(proposed)s "
        "milestones that it could prove."
    )

    def notify(self, session: Session, event: Event, evidence: Evidence, author: User) -> None:
        close_review_requests(session, evidence.id, read_at=event.now)
        if event.data.get("bundled"):
            # `HistoryVerified` tells its author of all pieces at once.
            return
        review = session.get_one(Review, event.row_id)
        confirmed = len(confirmed_keys(session, review.version_id))
        left_out = sum(link.left_out_review_id is not None for link in evidence.links)
        create_notifications(
            session, self, [author], about=author, evidence=evidence,
            review_id=review.id, quote=review.comment,
            actor_id=review.reviewer_id, actor_name=review.reviewer_name, now=event.now,
            data={"confirmed": confirmed, "proposed": confirmed + left_out} if confirmed else {},
        )  # fmt: skip

    def sentence(self, content: Content, link: Markup) -> Markup:
        return self.insert(
            str(self.partial_text if content.is_partial else self.text), content, link
        )

    def choose_subject(self, content: Content) -> LazyString:
        return self.mail_subject_if_partial if content.is_partial else self.mail_subject

    def choose_text(self, content: Content) -> LazyString | str:
        text = self.mail_text_if_partial if content.is_partial else self.mail_text
        comment = _("They left a comment, which you read on its page.")
        return f"{text} {comment}" if content.quote else text
