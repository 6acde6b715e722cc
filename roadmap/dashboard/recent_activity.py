"""Recent changes of a person, described from their history."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import published_roadmaps
from roadmap.core.i18n import gettext as _
from roadmap.evidence.models import Evidence
from roadmap.progress.queries import RecentChange, recent_changes

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


@dataclass(frozen=True, slots=True)
class Activity:
    """A line: what happened, the address of its page, and when."""

    text: str
    href: str | None
    at: dt.datetime


def list_recent_activity(
    session: Session, user_id: uuid.UUID, own: Sequence[Content], limit: int = 7
) -> list[Activity]:
    """List the newest changes of a person, one line for each subject.

    `own` are the roadmaps that they are on, the primary one first.
    """
    roadmaps = {str(each.roadmap_id): each.content for each in published_roadmaps(session)}
    lines: list[Activity] = []
    seen: set[tuple[str, str]] = set()
    evidence = sa.select(Evidence.id, Evidence.title).where(Evidence.user_id == user_id)
    changes = recent_changes(session, user_id, limit * 10)
    titles = {str(key): title for key, title in session.execute(evidence)}
    for change in changes:
        subject = _subject(change)
        line = None if subject in seen else _activity(change, own, roadmaps, titles)
        if line is not None:
            seen.add(subject)
            lines.append(line)
    return lines[:limit]


def _subject(change: RecentChange) -> tuple[str, str]:
    """Return what a line is about; what all lines of a kind say alike is one subject."""
    thing = change.action.partition(".")[0]
    if thing in ("position", "degree"):
        return "career", ""
    return thing, "" if thing == "portfolio" else change.subject


def _activity(
    change: RecentChange,
    own: Sequence[Content],
    roadmaps: Mapping[str, Content],
    titles: Mapping[str, str],
) -> Activity | None:
    subject, text, href = change.subject, None, None
    thing, _dot, verb = change.action.partition(".")
    match thing:
        case "status" if content := next((c for c in own if subject in c.by_key), None):
            milestone = content.by_key[subject]
            text = _status_text(str(change.data.get("status")), milestone.title)
            href = f"/roadmaps/{content.slug}/milestones/{subject}"
        case "evidence":
            title = titles.get(subject) or change.data.get("title") or _("a piece of evidence")
            text = _evidence_text(verb, str(title))
            href = f"/evidence/{subject}" if subject in titles else None
        case "skill":
            every = (*own, *roadmaps.values())
            named = (c.skill_by_key[subject].title for c in every if subject in c.skill_by_key)
            text = _("Assessed: %(title)s", title=next(named, subject))
            href = f"/skills/{subject}"
        case "position" | "degree":
            text, href = _("Positions and education changed"), "/career"
        case "enrollment" if roadmap := roadmaps.get(subject):
            text, href = _enrollment_text(verb, roadmap.title), f"/roadmaps/{roadmap.slug}"
        case "portfolio":
            text, href = _("Portfolio changed"), "/portfolio"
    return Activity(text, href, change.at) if text else None


def _enrollment_text(verb: str, title: str) -> str:
    return {
        "begun": _("Roadmap started: %(title)s", title=title),
        "left": _("Roadmap left: %(title)s", title=title),
        "made_primary": _("Primary roadmap: %(title)s", title=title),
    }.get(verb, _("Target date or pace changed: %(title)s", title=title))


def _status_text(status: str, title: str) -> str | None:
    return {
        "done": _("Done: %(title)s", title=title),
        "in_progress": _("Started: %(title)s", title=title),
        "not_applicable": _("Not applicable: %(title)s", title=title),
        "not_started": _("Reset: %(title)s", title=title),
    }.get(status)


def _evidence_text(verb: str, title: str) -> str:
    return {
        "created": _("Recorded: %(title)s", title=title),
        "deleted": _("Deleted: %(title)s", title=title),
        "submitted": _("Submitted for review: %(title)s", title=title),
        "withdrawn": _("Withdrawn: %(title)s", title=title),
        "verified": _("Verified: %(title)s", title=title),
        "returned": _("Returned: %(title)s", title=title),
        "return_withdrawn": _("Return taken back: %(title)s", title=title),
        "verification_withdrawn": _("Verification taken back: %(title)s", title=title),
        "edited": _("Edited: %(title)s", title=title),
        "linked": _("Linked: %(title)s", title=title),
        "accepted": _("Draft accepted: %(title)s", title=title),
        "taken_up": _("Review started: %(title)s", title=title),
        "let_go": _("Review stopped: %(title)s", title=title),
    }.get(verb, _("Changed: %(title)s", title=title))
