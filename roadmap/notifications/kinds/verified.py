"""A reviewer verified evidence. Sent to its author."""

from __future__ import annotations

from flask_babel import LazyString

from roadmap.core.i18n import _, _l
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.review_actions import confirmed_keys
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, EvidenceKind
from roadmap.notifications.retraction import close_review_requests


class Verified(EvidenceKind):
    key = "verified"
    handled_actions = frozenset({"evidence.verified"})
    text = _l("%(who)s verified %(piece)s")
    mail_subject = _l("%(who)s verified “%(title)s”")
    mail_text = _l("%(who)s verified your evidence “%(title)s”.")

    def handle_shared(self, event: Event, evidence: Evidence) -> None:
        close_review_requests(event.session, evidence.id, read_at=event.now)
        if event.data.get("bundled"):
            return  # `HistoryVerified` notifies the author once for all pieces.
        review = event.session.get_one(Review, event.row_id)
        confirmed = len(confirmed_keys(event.session, review.version_id))
        left_out = sum(link.left_out_review_id is not None for link in evidence.links)
        notify(
            self, event, [event.person], evidence=evidence,
            review_id=review.id, quote=review.comment,
            data={"confirmed": confirmed, "proposed": confirmed + left_out} if confirmed else {},
        )  # fmt: skip

    def choose_text(self, content: Content) -> LazyString:
        if _is_partial(content):
            return _l("%(who)s verified %(piece)s for %(confirmed)s of %(proposed)s milestones")
        return self.text

    def choose_mail_subject(self, content: Content) -> LazyString | None:
        if _is_partial(content):
            return _l("%(who)s verified “%(title)s” for %(confirmed)s of %(proposed)s milestones")
        return self.mail_subject

    def choose_mail_text(self, content: Content) -> str:
        text = self.mail_text
        if _is_partial(content):
            text = _l(
                "%(who)s verified your evidence “%(title)s” for %(confirmed)s of the %(proposed)s "
                "milestones that it could prove."
            )
        comment = _("They left a comment, which you can read on its page.")
        return f"{text} {comment}" if content.quote else str(text)


def _is_partial(content: Content) -> bool:
    """Return whether a review confirmed fewer milestones than were proposed."""
    return content.data.get("confirmed", 0) < content.data.get("proposed", 0)
