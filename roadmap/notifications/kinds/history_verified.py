"""A reviewer verified many pieces of evidence at once. Sent to their author."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import sqlalchemy as sa

from roadmap.core.i18n import _, _l, ngettext
from roadmap.evidence.models import Review
from roadmap.mail import outbox
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event
from roadmap.notifications.kinds.history_taken_back import HistoryTakenBack
from roadmap.notifications.models import MAIL_SOURCE, Notification


class HistoryVerified(HistoryTakenBack):
    """Counts the pieces that are still verified, and is deleted when none is left."""

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
