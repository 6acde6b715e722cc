"""Skills, practice, milestones, badges and expiring evidence of the reader."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from roadmap.catalog.models import Milestone
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import date_filter, ngettext
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.actions import notify
from roadmap.notifications.kind import Content, Event, EvidenceKind, Kind
from roadmap.notifications.models import Notification
from roadmap.practice.queries import question_bank
from roadmap.progress.queries import milestone_links


class Assessed(Kind):
    """A manager assessed skills of the reader.

    An unread notification collects all skills assessed by the same person.
    """

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


class Lapsing(EvidenceKind):
    """Evidence of the reader lapses soon. Sent by `lapses`, not by an event."""

    key = "lapsing"
    text = _l("%(piece)s stops counting after %(day)s")
    mail_subject = _l("“%(title)s” expires on %(day)s")
    mail_text = _l(
        "Your evidence “%(title)s” stops counting after %(day)s. Once you have renewed it, enter "
        "the new dates."
    )

    def text_arguments(self, content: Content, link: str) -> dict[str, Any]:
        day = date_filter(PartialDate(content.data["expires_on"]))
        return {**super().text_arguments(content, link), "day": day}

    def path(self, content: Content) -> str:
        """Return the path of the edit form, prepared for a renewal."""
        return f"{super().path(content)}/edit?renew=1"


class PeerRated(Kind):
    """A peer rated an answer of the reader through a link.

    Not mailed, because nothing about practice is.
    """

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


class WitnessAnswered(Kind):
    """A witness answered through a link of the reader.

    Not mailed. The milestone's page shows the statement.
    """

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


class BadgeRevoked(Kind):
    """A badge of the reader was revoked automatically."""

    key = "badge_revoked"
    handled_actions = frozenset({"badge.revoked"})
    text = _l("Your badge %(piece)s was revoked; your badges page says why")
    mail_subject = _l("Your badge “%(title)s” was revoked")
    mail_text = _l(
        "Anyone who verifies your badge “%(title)s” now sees that it is revoked. Your "
        "badges page says why, and which new badges you can issue."
    )

    def handle(self, event: Event) -> None:
        """Notify the owner, unless they revoked it themselves."""
        if event.data["reason"] != "owner" and event.person.deactivated_at is None:
            data = {"title": event.data["name"]}
            notify(self, event, [event.person], actor="", data=data)

    def path(self, content: Content) -> str:
        return "/badges"
