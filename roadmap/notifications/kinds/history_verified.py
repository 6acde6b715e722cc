"""A reviewer verified many pieces of somebody at once, for their author."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import ngettext
from roadmap.evidence.models import Review
from roadmap.mail import outbox
from roadmap.notifications.actions import actor_name, create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.notifications.models import MAIL_SOURCE, Notification
from roadmap.people.models import User


class HistoryVerified(Kind):
    key = "history_verified"
    follows = frozenset({"history.verified", "evidence.verification_withdrawn"})

    def handle(self, session: Session, event: Event) -> None:
        """Notify of all pieces at once; count those that still are verified, and delete at none."""
        if event.action == "evidence.verification_withdrawn":
            self._count_taken_back(session, event)
            return
        comment = session.scalar(
            sa.select(Review.comment)
            .where(
                Review.user_id == event.user_id,
                Review.reviewer_id == event.by,
                Review.decided_at == event.now,
            )
            .limit(1)
        )
        create_notifications(
            session, self, [session.get_one(User, event.user_id)], quote=comment or "",
            actor_id=event.by, actor_name=actor_name(session, event), now=event.now,
            data={"number": event.data["number"], "verified_at": event.now.isoformat()},
        )  # fmt: skip

    def _count_taken_back(self, session: Session, event: Event) -> None:
        row = session.scalars(
            sa.select(Notification).where(
                Notification.user_id == event.user_id,
                Notification.kind == self.key,
                Notification.actor_id == event.by,
                Notification.created_at == dt.datetime.fromisoformat(event.data["decided_at"]),
            )
        ).first()
        if row is None:
            return
        left, gone = row.data["number"] - 1, row.data.get("taken_back", 0) + 1
        row.data = {**row.data, "number": left, "taken_back": gone}
        if not left:
            session.delete(row)
        session.flush()
        if not left:
            outbox.withdraw(session, MAIL_SOURCE, [row.id])

    def label(self, content: Content) -> str:
        return ngettext(
            "one piece of your evidence", "%(num)s pieces of your evidence", content.number
        )

    def path(self, content: Content) -> str:
        if not content.verified_at:
            return "/evidence?state=verified"
        return f"/evidence?{urlencode({'verified_at': content.verified_at})}"

    def sentence(self, content: Content, link: Markup) -> Markup:
        said = self.insert(_("%(who)s verified %(piece)s"), content, link)
        return Markup("{} {}").format(said, _taken_back(content)) if content.taken_back else said

    def mail(self, content: Content) -> Mail:
        text = _(
            "%(name)s went through your history and verified %(pieces)s.",
            name=content.actor_name,
            pieces=self.label(content),
        )
        if content.taken_back:
            text = f"{text} {_taken_back(content)}"
        if content.quote:
            text = f"{text} {_('They left a comment, which you read on their pages.')}"
        return Mail(
            _(
                "%(name)s verified %(pieces)s",
                name=content.actor_name,
                pieces=self.label(content),
            ),
            text,
            _("You get this mail because it is about your evidence."),
            self.path(content),
        )


def _taken_back(content: Content) -> str:
    return ngettext(
        "(%(num)s more was taken back since)",
        "(%(num)s more were taken back since)",
        content.taken_back,
    )
