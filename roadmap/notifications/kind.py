"""A kind of notification: the events it follows, its recipients, its words and its link."""

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
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.evidence.models import Evidence
from roadmap.people.models import Team, User

ABOUT_EVIDENCE = _l("You get this mail because it is about your evidence.")
NO_LONGER_SEEN = _l(
    "Its managers and mentors no longer see what you share. What they verified stays."
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a lower room, as its signal reports it.

    `action` is the action of a history entry, or `invitation.sent`, `invitation.ended`,
    `managers.changed` and `team.deleting` for the other signals, whose arguments are the `data`.
    `told` are the readers whom a kind has notified of a membership, so that no other kind says the
    same to them.
    """

    session: Session
    action: str
    now: dt.datetime
    user_id: uuid.UUID | None = None
    subject: str = ""
    by: uuid.UUID | None = None
    row_id: uuid.UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    told: set[uuid.UUID] = field(default_factory=set)

    @property
    def person(self) -> User:
        return self.session.get_one(User, self.user_id)

    @property
    def actor(self) -> User | None:
        """Return who did it; None for the command line."""
        return self.session.get_one(User, self.by) if self.by else None

    @property
    def team(self) -> Team:
        """Return the team of a history entry about a membership."""
        return self.session.get_one(Team, uuid.UUID(self.data["team"]))

    @property
    def shared_evidence(self) -> Evidence | None:
        """Return the evidence of a history entry; None where it is not shared."""
        evidence = self.session.get(Evidence, uuid.UUID(self.subject))
        return evidence if evidence is not None and evidence.is_shared else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a notification says, as far as its reader may know it now.

    `own` says that it concerns the reader's own records. `quote` is the beginning of a review or
    comment, or why a review was taken back; `skills` are (key, title). `data` is what its kind
    stored with it; rows of earlier releases may lack some of that.
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
    """The words of a mail: its subject, what happened, why the reader gets it, and the page."""

    subject: str
    text: str
    reason: str
    path: str


class Kind:
    """A kind of notification. `key` is stored with each one, in at most 32 letters.

    `follows` are the actions of the events that `handle` is called with, in the transaction of
    the event. `text` is the sentence on the page and, without a `mail_text`, in the mail, and
    `text_without_name` the one where nobody is named. A kind without a `mail_subject` is not
    mailed. All texts take what `words` returns.
    """

    key: ClassVar[str]
    follows: ClassVar[frozenset[str]] = frozenset()
    text: ClassVar[LazyString]
    text_without_name: ClassVar[LazyString | None] = None
    mail_subject: ClassVar[LazyString | None] = None
    mail_text: ClassVar[LazyString | None] = None
    mail_reason: ClassVar[LazyString] = ABOUT_EVIDENCE
    # Mailed also to those who want no mail.
    is_always_mailed: ClassVar[bool] = False

    def handle(self, event: Event) -> None:
        """Notify the people an event concerns, and delete what it makes obsolete."""

    def label(self, content: Content) -> str:
        """Return the text of the link."""
        return content.title

    def path(self, content: Content) -> str:
        """Return where the link leads."""
        raise NotImplementedError

    def sentence(self, content: Content, link: Markup) -> Markup:
        """Return the sentence with the link in it; everything that is not markup is escaped."""
        return escape(self.choose_text(content)) % self.words(content, link)

    def mail(self, content: Content) -> Mail | None:
        """Return the mail in the current language; None for a kind that is not mailed."""
        if self.mail_subject is None:
            return None
        words = self.words(content, self.label(content))
        return Mail(
            str(self.choose_mail_subject(content)) % words,
            str(self.choose_mail_text(content)) % words,
            str(self.choose_mail_reason(content)) % words,
            self.mail_path(content),
        )

    def mail_path(self, content: Content) -> str:
        return self.path(content)

    def words(self, content: Content, link: str) -> dict[str, Any]:
        """Return what the texts take: names, the link by several names, and the stored data."""
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
    """A kind that is about shared evidence."""

    def handle(self, event: Event) -> None:
        if (evidence := event.shared_evidence) is not None:
            self.handle_shared(event, evidence)

    def handle_shared(self, event: Event, evidence: Evidence) -> None:
        """Notify the people an event about shared evidence concerns."""

    def path(self, content: Content) -> str:
        return f"/{'evidence' if content.own else 'reviews'}/{content.evidence_id}"

    def choose_mail_reason(self, content: Content) -> LazyString:
        if content.own:
            return self.mail_reason
        return _l("You get this mail because you manage or mentor a team that %(person)s is in.")


class TeamKind(Kind):
    """A kind that is about somebody in a team; without a team it is about the installation."""

    def label(self, content: Content) -> str:
        return content.data.get("team") or _("Cairn")

    def path(self, content: Content) -> str:
        return "/teams"


class MembersKind(TeamKind):
    """A kind that leads to the members of a team, which its reader manages."""

    path_without_team: ClassVar[str] = "/teams"

    def path(self, content: Content) -> str:
        slug = content.team_slug
        return f"/teams/{slug}/members" if slug else self.path_without_team


class OwnMembershipKind(TeamKind):
    """A kind about the reader's own membership of a team, which is only named: it outlives that."""

    mail_reason = _l("You get this mail because it is about who sees what you share.")

    def choose_text(self, content: Content) -> str:
        return f"{super().choose_text(content)} {self.consequence(content)}"

    def consequence(self, content: Content) -> LazyString | str:
        """Return who sees what the reader shares from now on."""
        return NO_LONGER_SEEN


def load_skill_titles(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Load the titles of skills by their keys."""
    if not keys:
        return {}
    found = session.execute(sa.select(Skill.key, Skill.title).where(Skill.key.in_(keys)))
    return {row.key: row.title for row in found}
