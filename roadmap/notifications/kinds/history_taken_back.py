"""A reviewer took back that they verified many pieces at once, for their author."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import ngettext
from roadmap.notifications.actions import actor_name, create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.people.models import User


class HistoryTakenBack(Kind):
    key = "history_taken_back"
    follows = frozenset({"history.verification_withdrawn"})

    def handle(self, session: Session, event: Event) -> None:
        """Tell the author; what told them of the verification is `HistoryVerified`'s."""
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
