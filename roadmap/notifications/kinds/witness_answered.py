"""A witness answered through a link of the reader."""

from __future__ import annotations

from roadmap.catalog.models import Milestone
from roadmap.core.i18n import _, _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, Kind
from roadmap.progress.queries import milestone_links


class WitnessAnswered(Kind):
    """Not mailed. The milestone's page shows the statement."""

    key = "witness_answered"
    handled_actions = frozenset({"endorsement.answered"})
    text = _l("%(who)s answered as a witness of %(piece)s")

    def handle(self, event: Event) -> None:
        milestone = event.session.get_one(Milestone, event.subject)
        links = milestone_links(event.session, event.person.id, [event.subject])
        data = {"milestone": milestone.title, "page": links[0].href if links else ""}
        notify(self, event, [event.person], actor=event.data["witness"], data=data)

    def label(self, content: Content) -> str:
        return content.data.get("milestone") or _("a milestone")

    def path(self, content: Content) -> str:
        return content.data.get("page") or "/roadmaps"
