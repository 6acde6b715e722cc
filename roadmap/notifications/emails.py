"""The words of the mails that tell what happened."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from roadmap.people.models import User
from roadmap.people.roles import ROLES


@dataclass(frozen=True, slots=True)
class Email:
    subject: str
    body: str


def render_email(
    kind: str,
    reader: User,
    *,
    about: User,
    evidence_id: uuid.UUID | None,
    title: str,
    actor_name: str,
    data: Mapping[str, Any],
) -> Email:
    """One mail in the language of its reader. Says what happened, where it stands, and why it came.

    `data` is what the notification holds. Raises KeyError for a kind that no mail of ours tells.
    """
    with force_locale(reader.locale):
        mine = about.id == reader.id
        subject, what = _subject_and_text(
            kind, mine=mine, title=title, actor_name=actor_name, data=data
        )
        body = _(
            "Hello %(name)s,\n\n%(what)s\n\n%(link)s\n\n%(why)s\n"
            "Mails like this can be switched off: %(switch)s\n",
            name=reader.name,
            what=what,
            link=_link(kind, evidence_id, mine=mine),
            why=_reason(kind, about, mine=mine),
            switch=f"{_base_url()}/account#mail",
        )
    return Email(subject, body)


def review_path(evidence_id: uuid.UUID | None) -> str:
    """Return where a manager reads a piece."""
    return f"/reviews/{evidence_id}"


def _subject_and_text(
    kind: str, *, mine: bool, title: str, actor_name: str, data: Mapping[str, Any]
) -> tuple[str, str]:
    words = {"name": actor_name, "title": title}
    if kind == "submitted":
        return (
            _("%(name)s asks you to review “%(title)s”", **words),
            _("%(name)s submitted “%(title)s” and asks for a review.", **words),
        )
    if kind == "resubmitted":
        return (
            _("%(name)s asks you to review “%(title)s” again", **words),
            _("%(name)s submitted “%(title)s” again and asks for another review.", **words),
        )
    if kind == "verified":
        return (
            _("%(name)s verified “%(title)s”", **words),
            _("%(name)s verified your evidence “%(title)s”.", **words),
        )
    if kind == "returned":
        subject = _("%(name)s returned “%(title)s”", **words)
        if data["said"]:
            return subject, _(
                "%(name)s returned your evidence “%(title)s” and said what is missing.", **words
            )
        return subject, _("%(name)s returned your evidence “%(title)s”.", **words)
    if kind == "comment":
        subject = _("%(name)s commented on “%(title)s”", **words)
        if mine:
            return subject, _("%(name)s commented on your evidence “%(title)s”.", **words)
        return subject, _(
            "%(name)s commented on “%(title)s”, a review that you take part in.", **words
        )
    if kind == "assessed":
        return (
            _("%(name)s assessed your skills", **words),
            _("%(name)s assessed your skills. Their assessment appears beside your own.", **words),
        )
    if kind == "added":
        return _added(actor_name, data["team"], data["role"])
    raise KeyError(kind)


def _added(actor_name: str, team: str, role: str) -> tuple[str, str]:
    """Without a name it was the command line."""
    words = {"name": actor_name, "team": team}
    who = (
        _("%(name)s added you to the team %(team)s.", **words)
        if actor_name
        else _("You were added to the team %(team)s.", **words)
    )
    means = ROLES[role].consequence
    return _("You are now in the team %(team)s", **words), f"{who} {means}"


def _link(kind: str, evidence_id: uuid.UUID | None, *, mine: bool) -> str:
    base = _base_url()
    if kind == "assessed":
        return f"{base}/skills"
    if kind == "added":
        return f"{base}/teams"
    return f"{base}/evidence/{evidence_id}" if mine else base + review_path(evidence_id)


def _base_url() -> str:
    return str(current_app.config["BASE_URL"]).rstrip("/")


def _reason(kind: str, about: User, *, mine: bool) -> str:
    if not mine:
        return _("You get this mail because you manage a team of %(name)s.", name=about.name)
    if kind == "assessed":
        return _("You get this mail because it is about your skills.")
    if kind == "added":
        return _("You get this mail because it is about who sees what you share.")
    return _("You get this mail because it is about your evidence.")
