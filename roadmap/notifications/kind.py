"""A kind of notification: which events it follows, whom it notifies, its words and its link."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from roadmap.notifications.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a notification says, as far as its reader may know it now.

    `own` tells that it concerns the reader's own records. `quote` is the beginning of a review or
    comment, `nested` tells that a team of the reader's is nested in `team`, and `skills` are
    (key, title).
    """

    actor_name: str
    subject_name: str = ""
    own: bool = True
    evidence_id: uuid.UUID | None = None
    title: str = ""
    quote: str = ""
    team: str = ""
    team_slug: str = ""
    role: str = ""
    nested: bool = False
    skills: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """The words of a mail: its subject, what happened, why the reader gets it, and the page."""

    subject: str
    text: str
    reason: str
    path: str


class Kind:
    """A kind of notification. `key` is stored with each one, in at most 32 letters.

    `follows` are the actions of the events that `handle` is called with, in the transaction of
    the event.
    """

    key: ClassVar[str]
    follows: ClassVar[frozenset[str]] = frozenset()

    def handle(self, session: Session, event: Event) -> None:
        """Notify those whom an event concerns, and delete what it makes obsolete."""

    def label(self, content: Content) -> str:
        """Return the text of the link in the sentence."""
        raise NotImplementedError

    def sentence(self, content: Content, link: Markup) -> Markup:
        """Return the sentence on the page of notifications."""
        raise NotImplementedError

    def path(self, content: Content) -> str:
        """Return where the link leads."""
        raise NotImplementedError

    def mail(self, content: Content) -> Mail | None:
        """Return the mail in the current language; None for a kind that is not mailed."""
        return None


class EvidenceKind(Kind):
    """A kind that is about a piece of evidence."""

    def label(self, content: Content) -> str:
        return content.title

    def path(self, content: Content) -> str:
        room = "evidence" if content.own else "reviews"
        return f"/{room}/{content.evidence_id}"

    def mail(self, content: Content) -> Mail | None:
        subject, text = self.mail_texts(content)
        reason = (
            _("You get this mail because it is about your evidence.")
            if content.own
            else _(
                "You get this mail because you manage a team of %(name)s.",
                name=content.subject_name,
            )
        )
        return Mail(subject, text, reason, self.path(content))

    def mail_texts(self, content: Content) -> tuple[str, str]:
        """Return the subject of the mail, and what happened."""
        raise NotImplementedError


class TeamKind(Kind):
    """A kind that is about somebody in a team; without a team it is about the installation."""

    def label(self, content: Content) -> str:
        return content.team or _("Cairn")

    def path(self, content: Content) -> str:
        return "/teams"


def insert_values(text: str, **values: object) -> Markup:
    """Insert values into a text, and escape everything that is not markup."""
    return escape(text) % values
