"""A manager assessed skills of the reader."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Skill
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.i18n import ngettext
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Kind, Mail
from roadmap.notifications.models import Notification
from roadmap.people.models import User

_ROWS: Any = Notification.__table__


class Assessed(Kind):
    """Until it is read, one notification collects the skills that the same person assessed."""

    key = "assessed"
    follows = frozenset({"skill.assessed"})
    text = _l("%(who)s assessed you in %(skills)s")

    def handle(self, session: Session, event: Event) -> None:
        if event.data["side"] == "self" or event.by is None:
            return
        person, assessor = session.get_one(User, event.user_id), session.get_one(User, event.by)
        unread = session.execute(
            sa.select(_ROWS.c.id, _ROWS.c.data).where(
                *(_ROWS.c.user_id == person.id, _ROWS.c.kind == self.key),
                *(_ROWS.c.actor_id == assessor.id, _ROWS.c.read_at.is_(None)),
            )
        ).first()
        if unread is None:
            create_notifications(
                session, self, [person], about=person, actor_id=assessor.id,
                actor_name=assessor.name, now=event.now, data={"skills": [event.subject]},
                skills=((event.subject, _title(session, event.subject)),),
            )  # fmt: skip
            return
        skills = list(dict.fromkeys([*unread.data["skills"], event.subject]))
        update = sa.update(_ROWS).where(_ROWS.c.id == unread.id)
        session.execute(update.values(data={**unread.data, "skills": skills}, created_at=event.now))

    def label(self, content: Content) -> str:
        if len(content.skills) == 1:
            return content.skills[0][1]
        return ngettext("%(num)s skill", "%(num)s skills", len(content.skills))

    def path(self, content: Content) -> str:
        return f"/skills/{content.skills[0][0]}" if len(content.skills) == 1 else "/skills"

    def mail(self, content: Content) -> Mail:
        subject = _("%(name)s assessed you in %(skill)s")
        text = _(
            "%(name)s assessed you in %(skill)s. Their assessment, and any more that follow, "
            "appear beside your own."
        )
        words = {"name": content.actor_name, "skill": content.skills[0][1]}
        reason = _("You get this mail because it is about your skills.")
        # More skills may join this notification after the mail.
        return Mail(subject % words, text % words, reason, "/skills")


def _title(session: Session, key: str) -> str:
    return session.scalar(sa.select(Skill.title).where(Skill.key == key)) or key
