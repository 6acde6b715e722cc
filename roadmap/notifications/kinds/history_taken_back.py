"""A reviewer took back that they verified many pieces at once, for their author."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.mail import outbox
from roadmap.notifications.actions import actor_name, create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.notifications.kinds.history_verified import HistoryVerified
from roadmap.notifications.models import MAIL_SOURCE, Notification
from roadmap.people.models import User

_ROWS: Any = Notification.__table__


class HistoryTakenBack(Kind):
    key = "history_taken_back"
    follows = frozenset({"history.verification_withdrawn"})

    def handle(self, session: Session, event: Event) -> None:
        """Delete what told the author of the verification, and tell them that it is taken back."""
        told = sa.delete(_ROWS).where(
            _ROWS.c.user_id == event.user_id,
            _ROWS.c.kind == HistoryVerified.key,
            _ROWS.c.actor_id == event.by,
            _ROWS.c.created_at == dt.datetime.fromisoformat(event.data["decided_at"]),
        )
        outbox.withdraw(session, MAIL_SOURCE, session.scalars(told.returning(_ROWS.c.id)).all())
        reason = event.data["reason"]
        create_notifications(
            session, self, [session.get_one(User, event.user_id)],
            actor_id=event.by, actor_name=actor_name(session, event), now=event.now,
            quote=reason, data={"number": event.data["number"], "reason": reason},
        )  # fmt: skip

    def label(self, content: Content) -> str:
        return ngettext(
            "one piece of your evidence", "%(num)s pieces of your evidence", content.number
        )

    def path(self, content: Content) -> str:
        return "/evidence"

    def sentence(self, content: Content, link: Markup) -> Markup:
        return self.insert(_("%(who)s took back the verification of %(piece)s"), content, link)

    def mail(self, content: Content) -> Mail:
        said = _(
            "%(name)s took back the verification of %(pieces)s",
            name=content.actor_name,
            pieces=self.label(content),
        )
        now = _("They wait for a review again, or count as they did before.")
        return Mail(
            said,
            f"{said}. {now} {_('They wrote: “%(quote)s”', quote=content.quote)}",
            _("You get this mail because it is about your evidence."),
            self.path(content),
        )
