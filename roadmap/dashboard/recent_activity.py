"""Recent changes of a person, described from their history."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
    session: Session, user_id: uuid.UUID, content: Content, limit: int = 7
) -> list[Activity]:
    """List the newest changes of a person, one line for each subject."""
    lines: list[Activity] = []
    seen: set[tuple[str, str]] = set()
    movements = recent_changes(session, user_id, limit * 4)
    titles = _load_titles(session, user_id)
    for movement in movements:
        subject = (movement.action.partition(".")[0], movement.subject)
        if subject in seen:
            continue
        line = _activity(movement, content, titles)
        if line is not None:
            seen.add(subject)
            lines.append(line)
        if len(lines) == limit:
            break
    return lines


def _activity(movement: RecentChange, content: Content, titles: dict[str, str]) -> Activity | None:
    match movement.action.partition("."):
        case ("status", _dot, _verb):
            return _status_activity(movement, content)
        case ("evidence", _dot, verb):
            return _evidence_activity(movement, verb, titles)
        case ("skill", _dot, _verb):
            skill = content.skill_by_key.get(movement.subject)
            title = skill.title if skill else movement.subject
            text = _("Assessed: %(title)s", title=title)
            return Activity(text, f"/skills/{movement.subject}", movement.at)
        case ("position" | "degree", _dot, _verb):
            return Activity(_("Positions and education changed"), "/career", movement.at)
        case ("enrollment", _dot, _verb):
            return Activity(_("Target date or pace set"), f"/roadmaps/{content.slug}", movement.at)
        case ("portfolio", _dot, _verb):
            return Activity(_("Portfolio changed"), "/portfolio", movement.at)
    return None


def _status_activity(movement: RecentChange, content: Content) -> Activity | None:
    milestone = content.by_key.get(movement.subject)
    if milestone is None:
        return None
    templates = {
        "done": _("Done: %(title)s", title=milestone.title),
        "in_progress": _("Started: %(title)s", title=milestone.title),
        "not_applicable": _("Not applicable: %(title)s", title=milestone.title),
        "not_started": _("Reset: %(title)s", title=milestone.title),
    }
    text = templates.get(str(movement.data.get("status")))
    href = f"/roadmaps/{content.slug}/milestones/{milestone.key}"
    return Activity(text, href, movement.at) if text else None


def _load_titles(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Load the current titles of a person's evidence, by id."""
    rows = session.execute(
        sa.select(Evidence.id, Evidence.title).where(Evidence.user_id == user_id)
    )
    return {str(key): title for key, title in rows}


def _evidence_activity(movement: RecentChange, verb: str, titles: dict[str, str]) -> Activity:
    title = titles.get(movement.subject) or str(
        movement.data.get("title") or _("a piece of evidence")
    )
    text = {
        "created": _("Recorded: %(title)s", title=title),
        "deleted": _("Deleted: %(title)s", title=title),
        "submitted": _("Submitted for review: %(title)s", title=title),
        "withdrawn": _("Withdrawn: %(title)s", title=title),
        "verified": _("Verified: %(title)s", title=title),
        "returned": _("Returned: %(title)s", title=title),
        "edited": _("Edited: %(title)s", title=title),
        "linked": _("Linked: %(title)s", title=title),
        "taken_up": _("Review started: %(title)s", title=title),
    }.get(verb, _("Changed: %(title)s", title=title))
    gone = movement.subject not in titles
    return Activity(text, None if gone else f"/evidence/{movement.subject}", movement.at)
