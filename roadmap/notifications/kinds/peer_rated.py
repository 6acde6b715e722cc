"""A peer rated an answer of the reader through a link."""

from __future__ import annotations

from roadmap.core.i18n import _, _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, Kind
from roadmap.practice.queries import question_bank


class PeerRated(Kind):
    """Not mailed, because nothing about practice is."""

    key = "peer_rated"
    handled_actions = frozenset({"practice.rated"})
    text = _l("%(who)s rated your answer to %(piece)s")

    def handle(self, event: Event) -> None:
        data = {"question": event.subject}
        notify(self, event, [event.person], actor=event.data["rater"], data=data)

    def label(self, content: Content) -> str:
        question = question_bank().by_key.get(content.data.get("question", ""))
        return question.title if question else _("a question")

    def path(self, content: Content) -> str:
        question = content.data.get("question")
        return f"/practice/{question}#peers" if question else "/practice"
