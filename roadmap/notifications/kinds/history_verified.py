"""A reviewer verified many pieces of somebody at once, for their author."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.evidence.models import Review
from roadmap.notifications.actions import actor_name, create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.people.models import User


class HistoryVerified(Kind):
    key = "history_verified"
    follows = frozenset({"history.verified"})

    def handle(self, session: Session, event: Event) -> None:
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
            data={"number": event.data["number"]},
        )  # fmt: skip

    def label(self, content: Content) -> str:
        return ngettext(
            "one piece of your evidence", "%(num)s pieces of your evidence", content.number
        )

    def path(self, content: Content) -> str:
        return "/evidence?state=verified"

    def sentence(self, content: Content, link: Markup) -> Markup:
        return self.insert(_("%(who)s verified %(piece)s"), content, link)

    def mail(self, content: Content) -> Mail:
        text = _(
            "%(name)s went through your history and verified %(pieces)s.",
            name=content.actor_name,
            pieces=self.label(content),
        )
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
