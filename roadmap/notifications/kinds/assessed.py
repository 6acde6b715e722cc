"""A manager assessed skills of the reader."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.core.i18n import _l, ngettext
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, Kind
from roadmap.notifications.models import Notification


class Assessed(Kind):
    """An unread notification collects all skills assessed by the same person."""

    key = "assessed"
    handled_actions = frozenset({"skill.assessed"})
    text = _l("%(who)s assessed you in %(skills)s")
    mail_subject = _l("%(who)s assessed you in %(skills)s")
    mail_text = _l(
        "%(who)s assessed you in %(skills)s. Their assessment, and any later ones, "
        "appear next to your own."
    )
    mail_reason = _l("You get this mail because it is about your skills.")

    def handle(self, event: Event) -> None:
        if event.data["side"] == "self" or event.by is None:
            return
        unread = event.session.scalars(
            sa.select(Notification).where(
                Notification.user_id == event.user_id,
                Notification.kind == self.key,
                Notification.actor_id == event.by,
                Notification.read_at.is_(None),
            )
        ).first()
        if unread is None:
            notify(self, event, [event.person], data={"skills": [event.subject]})
            return
        skills = list(dict.fromkeys([*unread.data["skills"], event.subject]))
        unread.data, unread.created_at = {**unread.data, "skills": skills}, event.now
        event.session.flush()

    def label(self, content: Content) -> str:
        if len(content.skills) == 1:
            return content.skills[0][1]
        return ngettext("%(num)s skill", "%(num)s skills", len(content.skills))

    def path(self, content: Content) -> str:
        return f"/skills/{content.skills[0][0]}" if len(content.skills) == 1 else "/skills"

    def mail_path(self, content: Content) -> str:
        # More skills may be added to this notification after the mail.
        return "/skills"
