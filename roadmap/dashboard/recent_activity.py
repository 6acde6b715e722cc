"""Recent changes of a person, described from their history."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
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
    for _action, together in groupby(changes, _written_together):
        fresh = {_subject(each): each for each in together if _subject(each) not in seen}
        line = _stage_activity(list(fresh.values()), own) if len(fresh) > 1 else None
        found = (
            [line] if line else [_activity(each, own, roadmaps, titles) for each in fresh.values()]
        )
        seen.update(fresh)
        lines.extend(each for each in found if each is not None)
    return lines[:limit]


def _written_together(change: RecentChange) -> tuple[object, ...]:
    """Return what the changes of one action have in common: a whole stage is set aside at once."""
    return change.action, change.at, change.data.get("status")


def _stage_activity(changes: Sequence[RecentChange], own: Sequence[Content]) -> Activity | None:
    """Return one line for milestones of one stage that got their status together."""
    first = changes[0]
    content = next((each for each in own if first.subject in each.by_key), None)
    if first.action != "status.set" or content is None:
        return None
    stages = {content.stage_of.get(each.subject) for each in changes}
    stage = content.stage_of[first.subject]
    if stages != {stage}:
        return None
    count = _(
        "%(num)d milestones of “%(stage)s”",
        num=len(changes),
        stage=stage.short_title or stage.title,
    )
    text = _status_text(str(first.data.get("status")), count)
    return Activity(text, f"/roadmaps/{content.slug}/{stage.key}", first.at) if text else None


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
