"""A witness answered by a link of the reader's."""

from __future__ import annotations

from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import create_notifications
from roadmap.notifications.kind import Content, Event, Kind
from roadmap.people.models import User
from roadmap.progress.queries import milestone_links


class WitnessAnswered(Kind):
    """What was said stands on the page of the milestone; it is not mailed."""

    key = "witness_answered"
    follows = frozenset({"endorsement.answered"})
    text = _l("%(who)s answered as a witness of %(piece)s")

    def handle(self, session: Session, event: Event) -> None:
        person = session.get_one(User, event.user_id)
        milestone = session.get_one(Milestone, event.subject)
        links = milestone_links(session, person.id, [event.subject])
        create_notifications(
            session, self, [person], about=person, actor_name=event.data["witness"], now=event.now,
            data={"milestone": milestone.title, "page": links[0].href if links else ""},
        )  # fmt: skip

    def label(self, content: Content) -> str:
        return content.milestone or _("a milestone")

    def path(self, content: Content) -> str:
        return content.page or "/roadmaps"
