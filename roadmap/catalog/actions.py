"""Publishing: a content document becomes the next revision of its roadmap."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog import files
from roadmap.catalog.content import Content, parse
from roadmap.catalog.models import Milestone, Roadmap, RoadmapRevision, Skill
from roadmap.core.signals import revision_published
from roadmap.people.audit import record_audit


class ConflictingKey(ValueError):
    """A key that another roadmap defines differently."""


@dataclass(frozen=True)
class RevisionChange:
    """What publishing a document does (or, in a dry run, would do)."""

    slug: str
    number: int
    is_new: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    other: bool = False
    milestones: int = field(default=0)

    @property
    def is_empty(self) -> bool:
        return not (self.is_new or self.added or self.removed or self.changed or self.other)


def publish(
    session: Session, document: Mapping[str, Any], *, now: dt.datetime, dry_run: bool = False
) -> RevisionChange:
    """Publishes a checked document as the next revision, unless nothing in it changed.

    Raises ConflictingKey where a milestone or skill key is defined differently in another roadmap.
    """
    new = parse(document)
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    roadmap = session.scalars(sa.select(Roadmap).where(Roadmap.slug == new.slug)).first()
    current = (
        session.get(RoadmapRevision, roadmap.revision_id)
        if roadmap is not None and roadmap.revision_id
        else None
    )
    _check_conflicts(session, document, new.slug)
    if current is not None and current.digest == digest:
        return RevisionChange(new.slug, current.number, milestones=len(new.milestones))
    change = _compare(parse(current.content) if current else None, new, current)
    if dry_run:
        return change
    if roadmap is None:
        roadmap = Roadmap(slug=new.slug, title=new.title, created_at=now)
        session.add(roadmap)
        session.flush()
    revision = RoadmapRevision(
        roadmap_id=roadmap.id,
        number=change.number,
        digest=digest,
        content=dict(document),
        published_at=now,
    )
    session.add(revision)
    session.flush()
    roadmap.title = new.title
    roadmap.revision_id = revision.id
    _store_keys(session, document)
    session.flush()
    if not change.is_new:
        # Everybody on this roadmap is measured by the new revision from now on.
        record_audit(
            session,
            by=None,
            action="roadmap.published",
            target=new.slug,
            now=now,
            revision=change.number,
        )
    revision_published.send(session, roadmap_id=roadmap.id, now=now)
    return change


def _compare(old: Content | None, new: Content, current: RoadmapRevision | None) -> RevisionChange:
    before = {m.key: m for m in old.milestones} if old else {}
    after = new.by_key
    return RevisionChange(
        slug=new.slug,
        number=(current.number if current else 0) + 1,
        is_new=current is None,
        added=tuple(key for key in after if key not in before),
        removed=tuple(key for key in before if key not in after),
        changed=tuple(key for key in after if key in before and before[key] != after[key]),
        other=True,
        milestones=len(after),
    )


def _definitions(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    milestones = {
        milestone["key"]: milestone
        for stage in document["stages"]
        for objective in stage["objectives"]
        for milestone in objective["milestones"]
    }
    return milestones, {skill["key"]: skill for skill in document.get("skills", ())}


def _check_conflicts(session: Session, document: Mapping[str, Any], slug: str) -> None:
    """A key that two roadmaps share is one milestone, so both must say the same of it.

    What comes before it may differ: that is the roadmap's order, not the milestone's meaning.
    """
    milestones, skills = _definitions(document)
    others = session.scalars(
        sa.select(RoadmapRevision)
        .join(Roadmap, Roadmap.revision_id == RoadmapRevision.id)
        .where(Roadmap.slug != slug)
    )
    for revision in others:
        their_milestones, their_skills = _definitions(revision.content)
        for thing, ours, theirs in (
            ("milestone", milestones, their_milestones),
            ("skill", skills, their_skills),
        ):
            for key in ours.keys() & theirs.keys():
                if _comparable_definition(ours[key]) != _comparable_definition(theirs[key]):
                    raise ConflictingKey(
                        f"the {thing} '{key}' is defined differently in the roadmap "
                        f"'{revision.content['slug']}': define it alike, or give it another key"
                    )


def _comparable_definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in definition.items() if name != "after"}


def _store_keys(session: Session, document: Mapping[str, Any]) -> None:
    milestones, skills = _definitions(document)
    for key, definition in milestones.items():
        session.merge(Milestone(key=key, title=definition["title"], definition=definition))
    for key, definition in skills.items():
        session.merge(Skill(key=key, title=definition["title"], definition=definition))


def publish_shipped(session: Session, *, now: dt.datetime) -> list[RevisionChange]:
    """Publishes every roadmap that comes with Cairn, where it changed. Commits nothing."""
    return [publish(session, files.read(path), now=now) for path in files.shipped()]
