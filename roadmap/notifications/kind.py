"""A kind of notification: the events it follows, its recipients, its words and its link."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask_babel import LazyString
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.evidence.models import Evidence
from roadmap.people.models import User

NO_LONGER_SEEN = _l(
    "Its managers and mentors no longer see what you share. What they verified stays."
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a lower room, as its signal reports it.

    `action` is the action of a history entry, or `invitation.sent`, `invitation.ended` and
    `managers.changed` for the other signals, whose arguments are the `data`. `told` are the readers
    whom a kind has notified of a membership, so that no other kind says the same to them.
    """

    action: str
    now: dt.datetime
    user_id: uuid.UUID | None = None
    subject: str = ""
    by: uuid.UUID | None = None
    row_id: uuid.UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    told: set[uuid.UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a notification says, as far as its reader may know it now.

    `elsewhere` is another team: in which the reader still sees who left `team`, or that they were
    moved from. `own` says that it concerns the reader's own records. `quote` is the beginning of a
    review or comment, or why a review was taken back, `nested` says that one of the reader's teams
    is nested in `team`, and `skills` are (key, title). `invitation` is the id of one to the reader,
    `question` the key of one to practise, `milestone` the title of one whose `page` it leads to. A
    review `confirmed` so many of the milestones that were `proposed` to it. `number` counts pieces
    of evidence, `verified_at` is when they were verified, and `taken_back` counts those that no
    longer are. Evidence counts through `expires_on`.
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
    elsewhere: str = ""
    invitation: str = ""
    nested: bool = False
    skills: tuple[tuple[str, str], ...] = ()
    question: str = ""
    milestone: str = ""
    page: str = ""
    expires_on: str = ""
    confirmed: int = 0
    proposed: int = 0
    number: int = 0
    verified_at: str = ""
    taken_back: int = 0

    @property
    def is_partial(self) -> bool:
        """Tell whether a review confirmed fewer milestones than it could."""
        return self.confirmed < self.proposed


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
    the event. `text` is the sentence on the page of notifications; it takes `who` and, for the
    link, one of `piece`, `team` and `skills`.
    """

    key: ClassVar[str]
    follows: ClassVar[frozenset[str]] = frozenset()
    text: ClassVar[LazyString]
    # Mailed also to those who want no mail.
    is_always_mailed: ClassVar[bool] = False

    def handle(self, session: Session, event: Event) -> None:
        """Notify the people an event concerns, and delete what it makes obsolete."""

    def label(self, content: Content) -> str:
        """Return the text of the link."""
        raise NotImplementedError

    def path(self, content: Content) -> str:
        """Return where the link leads."""
        raise NotImplementedError

    def sentence(self, content: Content, link: Markup) -> Markup:
        """Return the sentence with the link in it."""
        return self.insert(str(self.text), content, link)

    def mail(self, content: Content) -> Mail | None:
        """Return the mail in the current language; None for a kind that is not mailed."""
        return None

    @staticmethod
    def insert(text: str, content: Content, link: Markup) -> Markup:
        """Insert the values of `text`, and escape everything that is not markup."""
        values = dict.fromkeys(("piece", "team", "skills"), link)
        counts = {"confirmed": content.confirmed, "proposed": content.proposed}
        names = {"who": content.actor_name, "elsewhere": content.elsewhere}
        return escape(text) % {**values, **counts, **names}


class EvidenceKind(Kind):
    """A kind that is about shared evidence. Its mail takes `name`, `title` and `quote`."""

    mail_subject: ClassVar[LazyString]
    mail_text: ClassVar[LazyString]

    def handle(self, session: Session, event: Event) -> None:
        if (evidence := find_shared_evidence(session, event)) is not None:
            self.notify(session, event, evidence, session.get_one(User, evidence.user_id))

    def notify(self, session: Session, event: Event, evidence: Evidence, author: User) -> None:
        """Notify the people an event about shared evidence concerns."""

    def label(self, content: Content) -> str:
        return content.title

    def path(self, content: Content) -> str:
        return f"/{'evidence' if content.own else 'reviews'}/{content.evidence_id}"

    def mail(self, content: Content) -> Mail | None:
        words = {
            "name": content.actor_name, "title": content.title, "quote": content.quote,
            "confirmed": content.confirmed, "proposed": content.proposed,
        }  # fmt: skip
        reason = _("You get this mail because it is about your evidence.")
        if not content.own:
            name = content.subject_name
            reason = _(
                "You get this mail because you manage or mentor a team that %(name)s is in.",
                name=name,
            )
        subject = str(self.choose_subject(content)) % words
        text = str(self.choose_text(content)) % words
        return Mail(subject, text, reason, self.path(content))

    def choose_subject(self, content: Content) -> LazyString:
        """Return the subject of the mail."""
        return self.mail_subject

    def choose_text(self, content: Content) -> LazyString | str:
        """Return what happened, for the mail."""
        return self.mail_text


class TeamKind(Kind):
    """A kind that is about somebody in a team; without a team it is about the installation."""

    def label(self, content: Content) -> str:
        return content.team or _("Cairn")

    def path(self, content: Content) -> str:
        return "/teams"


class OwnMembershipKind(TeamKind):
    """A kind about the reader's own membership of a team, which is only named: it outlives that.

    Its texts take `team`, and `text` also `who`; `text_without_name` is for the command line.
    """

    text_without_name: ClassVar[LazyString]
    mail_subject: ClassVar[LazyString]

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = self.insert(self._choose_text(content), content, link)
        return Markup("{} {}").format(text, self.consequence(content))

    def mail(self, content: Content) -> Mail:
        words = {
            "who": content.actor_name, "team": content.team, "elsewhere": content.elsewhere,
        }  # fmt: skip
        return Mail(
            str(self.mail_subject) % words,
            f"{self._choose_text(content) % words} {self.consequence(content)}",
            _("You get this mail because it is about who sees what you share."),
            self.path(content),
        )

    def _choose_text(self, content: Content) -> str:
        return str(self.text if content.actor_name else self.text_without_name)

    def consequence(self, content: Content) -> LazyString:
        """Return who sees what the reader shares from now on."""
        return NO_LONGER_SEEN


def find_shared_evidence(session: Session, event: Event) -> Evidence | None:
    """Return the evidence that an event is about; None where it is not shared."""
    evidence = session.get(Evidence, uuid.UUID(event.subject))
    return evidence if evidence is not None and evidence.is_shared else None
