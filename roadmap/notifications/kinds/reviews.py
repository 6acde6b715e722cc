"""Reviews of evidence: requests, decisions, decisions undone, and comments."""

from __future__ import annotations

import datetime as dt
import uuid
from urllib.parse import urlencode

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.i18n import ngettext
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.evidence.review_actions import confirmed_keys
from roadmap.mail import outbox
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, EvidenceKind, Kind
from roadmap.notifications.models import MAIL_SOURCE, Notification
from roadmap.notifications.retraction import close_review_requests
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability


class Submitted(EvidenceKind):
    """Evidence was submitted for review. Sent to everyone who may review it."""

    key = "submitted"
    handled_actions = frozenset({"evidence.submitted", "evidence.edited"})
    text = _l("%(who)s asks for a review of %(piece)s")
    mail_subject = _l("%(who)s asks you to review “%(title)s”")
    mail_text = _l("%(who)s submitted “%(title)s” and asks for a review.")

    def handle_shared(self, event: Event, evidence: Evidence) -> None:
        if event.action == "evidence.edited":
            # Editing evidence that is verified or in review resubmits it.
            before, after = event.data["state"]
            if after != "submitted" or before == "submitted":
                return
        close_review_requests(event.session, evidence.id)
        reviewed = sa.exists().where(Review.evidence_id == evidence.id)
        kind = Resubmitted() if event.session.scalar(sa.select(reviewed)) else self
        readers = load_holders(event.session, evidence.user_id, Capability.REVIEW)
        notify(kind, event, readers, about=event.person, evidence=evidence)


class Resubmitted(EvidenceKind):
    """Evidence was submitted again after a review.

    Created by `Submitted`, which handles the events of both kinds.
    """

    key = "resubmitted"
    text = _l("%(who)s asks for another review of %(piece)s")
    mail_subject = _l("%(who)s asks you to review “%(title)s” again")
    mail_text = _l("%(who)s submitted “%(title)s” again and asks for another review.")


class Verified(EvidenceKind):
    """A reviewer verified evidence. Sent to its author."""

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


class Returned(Verified):
    """A reviewer returned evidence. Sent to its author."""

    key = "returned"
    handled_actions = frozenset({"evidence.returned"})
    text = _l("%(who)s returned %(piece)s")
    mail_subject = _l("%(who)s returned “%(title)s”")

    def choose_mail_text(self, content: Content) -> LazyString:
        if content.quote:
            return _l("%(who)s returned your evidence “%(title)s” and said what is missing.")
        return _l("%(who)s returned your evidence “%(title)s”.")


class TakenBack(EvidenceKind):
    """A reviewer undid a verification. Sent to the author of the evidence."""

    key = "taken_back"
    handled_actions = frozenset({"evidence.verification_withdrawn"})
    text = _l("%(who)s undid a verification of %(piece)s")
    mail_subject = _l("%(who)s undid a verification of “%(title)s”")
    mail_text = _l(
        "%(who)s undid a verification of your evidence “%(title)s”. Its page says what counts "
        "now. They wrote: “%(quote)s”"
    )

    def handle(self, event: Event) -> None:
        """Notify the author, even if they no longer share the evidence."""
        if event.data.get("bundled"):
            return  # `HistoryTakenBack` notifies them once for all pieces.
        evidence = event.session.get_one(Evidence, uuid.UUID(event.subject))
        reason = event.data["reason"]
        notify(
            self, event, [event.person], evidence=evidence, quote=reason, data={"reason": reason}
        )


class ReturnTakenBack(TakenBack):
    """A reviewer undid the return of evidence. Sent to its author."""

    key = "return_taken_back"
    handled_actions = frozenset({"evidence.return_withdrawn"})
    text = _l("%(who)s undid the return of %(piece)s. It is waiting for review again.")
    mail_subject = _l("%(who)s undid the return of “%(title)s”")
    mail_text = _l(
        "%(who)s undid the return of your evidence “%(title)s”. It is waiting for review "
        "again. They wrote: “%(quote)s”"
    )


class HistoryTakenBack(Kind):
    """A reviewer undid a bulk verification. Sent to the author of the evidence."""

    key = "history_taken_back"
    handled_actions = frozenset({"history.verification_withdrawn"})
    text = _l("%(who)s undid the verification of %(piece)s")
    mail_subject = _l("%(who)s undid the verification of %(piece)s")
    mail_text = _l(
        "%(who)s undid the verification of %(piece)s. Each is waiting for a review "
        "again, or counts as it did before. They wrote: “%(quote)s”"
    )

    def handle(self, event: Event) -> None:
        data = {"number": event.data["number"], "reason": event.data["reason"]}
        notify(self, event, [event.person], quote=event.data["reason"], data=data)

    def label(self, content: Content) -> str:
        return ngettext(
            "one piece of your evidence",
            "%(num)s pieces of your evidence",
            content.data["number"],
        )

    def path(self, content: Content) -> str:
        return "/evidence"


class HistoryVerified(HistoryTakenBack):
    """A reviewer verified many pieces of evidence at once. Sent to their author.

    Counts the pieces that are still verified, and is deleted when none is left.
    """

    key = "history_verified"
    handled_actions = frozenset({"history.verified", "evidence.verification_withdrawn"})
    text = _l("%(who)s verified %(piece)s")
    mail_subject = _l("%(who)s verified %(piece)s")
    mail_text = _l("%(who)s went through your history and verified %(piece)s.")

    def handle(self, event: Event) -> None:
        if event.action == "evidence.verification_withdrawn":
            self._count_withdrawal(event)
            return
        comment = event.session.scalar(
            sa.select(Review.comment)
            .filter_by(user_id=event.user_id, reviewer_id=event.by, decided_at=event.now)
            .limit(1)
        )
        data = {"number": event.data["number"], "verified_at": event.now.isoformat()}
        notify(self, event, [event.person], quote=comment or "", data=data)

    def _count_withdrawal(self, event: Event) -> None:
        row = event.session.scalars(
            sa.select(Notification).filter_by(
                user_id=event.user_id, kind=self.key, actor_id=event.by,
                created_at=dt.datetime.fromisoformat(event.data["decided_at"]),
            )
        ).first()  # fmt: skip
        if row is None:
            return
        left, gone = row.data["number"] - 1, row.data.get("taken_back", 0) + 1
        row.data = {**row.data, "number": left, "taken_back": gone}
        if not left:
            event.session.delete(row)
        event.session.flush()
        if not left:
            outbox.withdraw(event.session, MAIL_SOURCE, [row.id])

    def path(self, content: Content) -> str:
        # Notifications of older releases lack the time of the verification.
        if "verified_at" not in content.data:
            return "/evidence?state=verified"
        return f"/evidence?{urlencode({'verified_at': content.data['verified_at']})}"

    def choose_text(self, content: Content) -> str:
        return f"{self.text} {_withdrawn_count(content)}".rstrip()

    def choose_mail_text(self, content: Content) -> str:
        comment = _("They left a comment, which you can read on the pages of the pieces.")
        parts = (str(self.mail_text), _withdrawn_count(content), comment if content.quote else "")
        return " ".join(filter(None, parts))


def _withdrawn_count(content: Content) -> str:
    number = content.data.get("taken_back")
    if not number:
        return ""
    return ngettext("(%(num)s more was undone since)", "(%(num)s more were undone since)", number)


class CommentAdded(EvidenceKind):
    """Somebody commented on evidence. Sent to its author and to participants in its review."""

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
