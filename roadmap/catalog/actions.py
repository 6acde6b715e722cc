"""Publish a content document as the next revision of its roadmap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog import files
from roadmap.catalog.content import Content
from roadmap.catalog.models import Milestone, Roadmap, RoadmapRevision, Skill
from roadmap.catalog.queries import read_content
from roadmap.core.signals import revision_published
from roadmap.people.audit import record_audit

Document = Mapping[str, Any]

# Fields that roadmaps may set differently for a shared milestone or skill.
ROADMAP_SPECIFIC_FIELDS = ("after", "bar")


class ConflictingKey(ValueError):
    """A key that another roadmap defines differently."""


@dataclass(frozen=True)
class RevisionChange:
    """The effect of publishing a document, as milestone keys.

    `is_empty` is true if the document equals the published revision.
    """

    slug: str
    number: int
    milestones: int
    is_empty: bool = False
    is_new: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def publish(
    session: Session,
    document: Document,
    *,
    now: dt.datetime,
    dry_run: bool = False,
    together: Sequence[Document] = (),
) -> RevisionChange:
    """Publish a document as the next revision of its roadmap, unless it is unchanged.

    `together` are all documents that are published at once: a shared milestone may change in all of
    them.

    Raises ConflictingKey if another roadmap defines a milestone or skill key differently,
    pydantic's ValidationError for a document that `files.read` would reject, and ConfigError if a
    newer release published the previous revision.
    """
    new = Content.model_validate(document)
    digest = files.digest(document)
    roadmap = session.scalars(sa.select(Roadmap).where(Roadmap.slug == new.slug)).first()
    current = (
        session.get(RoadmapRevision, roadmap.revision_id)
        if roadmap and roadmap.revision_id
        else None
    )
    _check_conflicts(session, document, together)
    if current is not None and current.digest == digest:
        return RevisionChange(new.slug, current.number, len(new.milestones), is_empty=True)
    numbers = sa.select(sa.func.max(RoadmapRevision.number)).join(
        Roadmap, Roadmap.id == RoadmapRevision.roadmap_id
    )
    last = session.scalar(numbers.where(Roadmap.slug == new.slug)) or 0
    change = _compare(new, current, last + 1)
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
    store_keys(session, document)
    session.flush()
    if not change.is_new:
        # Audited because it changes how everyone enrolled in this roadmap is measured.
        record_audit(
            session, "roadmap.published", new.slug, by=None, now=now, revision=change.number,
            title=new.title,
        )  # fmt: skip
    revision_published.send(session, now=now)
    return change


def publish_shipped(
    session: Session, *, now: dt.datetime, dry_run: bool = False
) -> list[RevisionChange]:
    """Publish each bundled roadmap that has changed. Does not commit."""
    documents = [files.read(path) for path in files.shipped()]
    return [
        publish(session, each, now=now, dry_run=dry_run, together=documents) for each in documents
    ]


def store_keys(session: Session, document: Document) -> None:
    """Store the keys and current definitions of a document's milestones and skills."""
    for model, key, definition in _definitions(document):
        session.merge(model(key=key, title=definition["title"], definition=definition))


def _compare(new: Content, current: RoadmapRevision | None, number: int) -> RevisionChange:
    before = _milestones_with_parents(read_content(current)) if current else {}
    after = _milestones_with_parents(new)
    return RevisionChange(
        slug=new.slug,
        number=number,
        milestones=len(after),
        is_new=current is None,
        added=tuple(key for key in after if key not in before),
        removed=tuple(key for key in before if key not in after),
        changed=tuple(key for key in after if key in before and before[key] != after[key]),
    )


def _milestones_with_parents(content: Content) -> dict[str, tuple[object, ...]]:
    # A milestone that moved to another stage or objective counts as changed.
    return {
        milestone.key: (milestone, stage.key, objective.key)
        for stage in content.stages
        for objective in stage.objectives
        for milestone in objective.milestones
    }


def _definitions(document: Document) -> Iterator[tuple[type[Milestone | Skill], str, Document]]:
    for stage in document["stages"]:
        for objective in stage["objectives"]:
            for milestone in objective["milestones"]:
                yield Milestone, milestone["key"], milestone
    for skill in document["skills"]:
        yield Skill, skill["key"], skill


def _check_conflicts(session: Session, document: Document, together: Sequence[Document]) -> None:
    """Raise ConflictingKey if another roadmap defines a milestone or skill differently."""
    slugs = {document["slug"], *(each["slug"] for each in together)}
    stored = session.scalars(
        sa.select(RoadmapRevision.content)
        .join(Roadmap, Roadmap.revision_id == RoadmapRevision.id)
        .where(Roadmap.slug.not_in(slugs))
    )
    refuse_conflicts(document, (*together, *stored))


def refuse_conflicts(document: Document, others: Iterable[Document]) -> None:
    """Raise ConflictingKey if another document defines a milestone or skill differently.

    The prerequisites of a milestone and the bar of a skill may differ: they are requirements of the
    roadmap and not part of the meaning of the key.
    """

    def without_roadmap_fields(definition: Document) -> dict[str, Any]:
        return {
            name: value for name, value in definition.items() if name not in ROADMAP_SPECIFIC_FIELDS
        }

    ours = {
        (model, key): without_roadmap_fields(each) for model, key, each in _definitions(document)
    }
    for other in others:
        for model, key, theirs in _definitions(other):
            if (model, key) in ours and ours[model, key] != without_roadmap_fields(theirs):
                raise ConflictingKey(
                    f"the {model.__tablename__} '{key}' is defined differently in the roadmap "
                    f"'{other['slug']}': define it alike, or give it another key"
                )
