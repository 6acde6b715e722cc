"""The base classes of notification kinds: events handled, recipients, texts and link."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import LazyString
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from roadmap.catalog.models import Skill
from roadmap.core.i18n import _, _l
from roadmap.evidence.models import Evidence
from roadmap.people.models import Team, User

ABOUT_EVIDENCE = _l("You get this mail because it is about your evidence.")
VISIBILITY_ENDED = _l(
    "Its managers and mentors no longer see what you share. What they verified stays."
)


@dataclass(frozen=True, slots=True)
class Event:
    """A signal from a lower package.

    `action` is the action of a history entry, or for other signals `invitation.sent`,
    `invitation.ended`, `managers.changed` or `team.deleting`, with the signal's arguments as
    `data`. `notified` are the readers already notified of a membership, so that other kinds skip
    them.
    """

    session: Session
    action: str
    now: dt.datetime
    user_id: uuid.UUID | None = None
    subject: str = ""
    by: uuid.UUID | None = None
    row_id: uuid.UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    notified: set[uuid.UUID] = field(default_factory=set)

    @property
    def person(self) -> User:
        return self.session.get_one(User, self.user_id)

    @property
    def actor(self) -> User | None:
        """Return the person who acted, or None for the command line."""
        return self.session.get_one(User, self.by) if self.by else None

    @property
    def team(self) -> Team:
        """Return the team of a history entry for a membership."""
        return self.session.get_one(Team, uuid.UUID(self.data["team"]))

    @property
    def shared_evidence(self) -> Evidence | None:
        """Return the evidence of a history entry, or None if it is not shared."""
        evidence = self.session.get(Evidence, uuid.UUID(self.subject))
        return evidence if evidence is not None and evidence.is_shared else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The content of a notification that its reader may see now.

    `own` is true if it concerns the reader's own records. `quote` is the beginning of a review or
    comment, or the reason for withdrawing a review. `skills` are pairs of key and title. `data` is
    the data that the kind stored; rows of earlier releases may lack some keys.
    """

    actor_name: str
    subject_name: str = ""
    own: bool = True
    evidence_id: uuid.UUID | None = None
    title: str = ""
    quote: str = ""
    team_slug: str = ""
    skills: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail: its subject, text, the reason why the reader gets it, and the path of the page."""

    subject: str
    text: str
    reason: str
    path: str


class Kind:
    """A kind of notification. `key` is stored in the row, at most 32 characters.

    `handle` receives the events with one of the `handled_actions`, in the event's transaction.
    `text` is the sentence on the page and, without a `mail_text`, in the mail. If there is no
    actor, `text_without_name` replaces it. A kind without a `mail_subject` is not mailed. All texts
    are formatted with the values of `text_arguments`.
    """

    key: ClassVar[str]
    handled_actions: ClassVar[frozenset[str]] = frozenset()
    text: ClassVar[LazyString]
    text_without_name: ClassVar[LazyString | None] = None
    mail_subject: ClassVar[LazyString | None] = None
    mail_text: ClassVar[LazyString | None] = None
    mail_reason: ClassVar[LazyString] = ABOUT_EVIDENCE
    # Mailed even to people who turned off mails.
    is_always_mailed: ClassVar[bool] = False

    def handle(self, event: Event) -> None:
        """Notify the people concerned by an event, and delete obsolete notifications."""

    def label(self, content: Content) -> str:
        """Return the text of the link."""
        return content.title

    def path(self, content: Content) -> str:
        """Return the path of the page that the link opens."""
        raise NotImplementedError

    def sentence(self, content: Content, link: Markup) -> Markup:
        """Return the sentence with the link in it; plain text is escaped."""
        return escape(self.choose_text(content)) % self.text_arguments(content, link)

    def mail(self, content: Content) -> Mail | None:
        """Return the mail in the current language, or None for a kind that is not mailed."""
        if self.mail_subject is None:
            return None
        arguments = self.text_arguments(content, self.label(content))
        return Mail(
            str(self.choose_mail_subject(content)) % arguments,
            str(self.choose_mail_text(content)) % arguments,
            str(self.choose_mail_reason(content)) % arguments,
            self.mail_path(content),
        )

    def mail_path(self, content: Content) -> str:
        return self.path(content)

    def text_arguments(self, content: Content, link: str) -> dict[str, Any]:
        """Return the values for the texts: names, the link under several keys, and the data."""
        return {
            **content.data,
            **dict.fromkeys(("piece", "team", "skills", "link"), link),
            "who": content.actor_name,
            "person": content.subject_name,
            "title": content.title,
            "quote": content.quote,
        }

    def choose_text(self, content: Content) -> LazyString | str:
        if self.text_without_name and not content.actor_name:
            return self.text_without_name
        return self.text

    def choose_mail_subject(self, content: Content) -> LazyString | str | None:
        return self.mail_subject

    def choose_mail_text(self, content: Content) -> LazyString | str:
        return self.mail_text or self.choose_text(content)

    def choose_mail_reason(self, content: Content) -> LazyString:
        return self.mail_reason


class EvidenceKind(Kind):
    """A kind about shared evidence."""

    def handle(self, event: Event) -> None:
        if (evidence := event.shared_evidence) is not None:
            self.handle_shared(event, evidence)

    def handle_shared(self, event: Event, evidence: Evidence) -> None:
        """Notify the people concerned by an event about shared evidence."""

    def path(self, content: Content) -> str:
        return f"/{'evidence' if content.own else 'reviews'}/{content.evidence_id}"

    def choose_mail_reason(self, content: Content) -> LazyString:
        if content.own:
            return self.mail_reason
        return _l("You get this mail because you manage or mentor a team that %(person)s is in.")


class TeamKind(Kind):
    """A kind about a person in a team, or, without a team, in the installation."""

    def label(self, content: Content) -> str:
        return content.data.get("team") or _("Cairn")

    def path(self, content: Content) -> str:
        return "/teams"


class MembersKind(TeamKind):
    """A kind that links to the members of a team that the reader manages."""

    path_without_team: ClassVar[str] = "/teams"

    def path(self, content: Content) -> str:
        slug = content.team_slug
        return f"/teams/{slug}/members" if slug else self.path_without_team


class OwnMembershipKind(TeamKind):
    """A kind about the reader's own membership of a team.

    The team is stored by name only, so that the notification outlives it.
    """

    mail_reason = _l("You get this mail because it is about who sees what you share.")

    def choose_text(self, content: Content) -> str:
        return f"{super().choose_text(content)} {self.consequence(content)}"

    def consequence(self, content: Content) -> LazyString | str:
        """Return a sentence about who can see the reader's shared evidence from now on."""
        return VISIBILITY_ENDED


def load_skill_titles(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Load the titles of skills by key."""
    if not keys:
        return {}
    found = session.execute(sa.select(Skill.key, Skill.title).where(Skill.key.in_(keys)))
    return {row.key: row.title for row in found}
