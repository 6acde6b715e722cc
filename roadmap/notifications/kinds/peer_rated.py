"""A peer rated an answer of the reader by a link."""

from __future__ import annotations

from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Kind
from roadmap.people.models import User
from roadmap.practice.queries import question_bank


class PeerRated(Kind):
    """It is not mailed: nothing about practice leaves the pages."""

    key = "peer_rated"
    follows = frozenset({"practice.rated"})
    text = _l("%(who)s rated your answer to %(piece)s")

    def handle(self, session: Session, event: Event) -> None:
        person = session.get_one(User, event.user_id)
        create_notifications(
            session, self, [person], about=person, actor_name=event.data["rater"], now=event.now,
            data={"question": event.subject},
        )  # fmt: skip

    def label(self, content: Content) -> str:
        question = question_bank().by_key.get(content.question)
        return question.title if question else _("a question")

    def path(self, content: Content) -> str:
        return f"/practice/{content.question}#peers" if content.question else "/practice"
