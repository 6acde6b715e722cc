"""The only loader of evidence: it loads the values of `item` for one audience.

A list takes three statements (items with versions, links, impacts), one more for files and one for
skills, regardless of the number of rows. Statements are cached, because building them takes longer
than running them.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import fields
from functools import cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone, Roadmap, Skill
from roadmap.catalog.queries import load_wordings
from roadmap.core.batches import batched
from roadmap.core.text import fold
from roadmap.evidence import models
from roadmap.evidence.audience_sql import (
    counted_version_id,
    is_confirmation_of_link,
    is_visible,
    newest_version_id,
    shared_state,
)
from roadmap.evidence.item import (
    CONTENT_COLUMNS,
    Audience,
    File,
    Impact,
    Item,
    Link,
    SkillLink,
    Version,
    restrict_to,
    without_secrets,
)
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceSkill, EvidenceVersion

# Potentially long texts, which counts and lists of titles do not need.
LONG_TEXTS = frozenset({"url", "description", "role"})
VERSION_COLUMNS = ("id", "number", "submitted_at", "created_at", "drafted_by", *CONTENT_COLUMNS)

_KEYS: Any = sa.bindparam("keys", expanding=True)


def load_item(session: Session, audience: Audience, evidence_id: uuid.UUID) -> Item | None:
    """Load one item with all versions that the audience sees, or None. Takes five statements."""
    items = _load(session, Audience.OWNER, Evidence.id, [evidence_id], all_versions=True)
    return restrict_to(items[0], audience) if items else None


def load_items(
    session: Session, audience: Audience, ids: Collection[uuid.UUID], *, texts: bool = True
) -> list[Item]:
    """Load the items with these ids that the audience sees, in the order of `ids`.

    Takes five statements, or three without `texts`, which leaves out files and skills as well.
    """
    found = _load(session, audience, Evidence.id, ids, texts=texts, skills=texts)
    by_id = {item.id: item for item in found}
    return [by_id[key] for key in ids if key in by_id]


def load_user_items(
    session: Session,
    audience: Audience,
    user_id: uuid.UUID,
    *,
    texts: bool = True,
    skills: bool = True,
    all_versions: bool = False,
) -> list[Item]:
    """Load all items of a user that the audience sees, oldest first.

    Takes five statements, one fewer without `skills`, and one fewer without `texts`, which leaves
    url, description, role and files empty.
    """
    of = (Evidence.user_id, [user_id])
    return _load(session, audience, *of, texts=texts, skills=skills, all_versions=all_versions)


def load_counted_items(
    session: Session, user_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[Item]]:
    """Load all items of many users by user id, without texts, files and skills.

    Takes three statements per batch of users.
    """
    found: dict[uuid.UUID, list[Item]] = {user_id: [] for user_id in user_ids}
    for batch in batched(user_ids):
        for item in _load(
            session, Audience.OWNER, Evidence.user_id, batch, texts=False, skills=False
        ):
            found[item.user_id].append(item)
    return found


def _load(
    session: Session,
    audience: Audience,
    column: Any,
    keys: Collection[uuid.UUID],
    *,
    texts: bool = True,
    skills: bool = True,
    all_versions: bool = False,
) -> list[Item]:
    """Load the items whose `column` matches one of the keys, oldest first."""
    if not keys:
        return []
    session.flush()
    parameters = {"keys": list(keys)}
    scope = (audience, column, all_versions)
    rows = session.connection().execute(_versions(*scope, texts), parameters).all()
    if not rows:
        return []
    impacts = _load_grouped(session, _parts(Impact, *scope), parameters, Impact)
    files = _load_grouped(session, _parts(File, *scope), parameters, File) if texts else {}
    links = _load_links(session, _links(audience, column), parameters)
    shown = (
        _load_grouped(session, _skills(audience, column), parameters, SkillLink) if skills else {}
    )
    items = []
    for (*values, verified_id), of_item in groupby(rows, key=lambda row: row[:9]):
        versions = []
        for row in of_item:
            content: dict[str, Any] = dict(zip(VERSION_COLUMNS, row[9:], strict=True))
            content["impacts"] = tuple(impacts.get(content["id"], ()))
            content["files"] = tuple(files.get(content["id"], ()))
            versions.append(Version(**content))
        item_id = values[0]
        items.append(
            Item(
                *values,
                versions=tuple(versions),
                verified_number=next((v.number for v in versions if v.id == verified_id), None),
                links=tuple(links.get(item_id, ())),
                skills=tuple(sorted(shown.get(item_id, ()), key=lambda skill: fold(skill.title))),
            )
        )
    return list(map(without_secrets, items)) if audience is Audience.PUBLIC else items


def _load_links(
    session: Session, statement: sa.Executable, parameters: dict[str, Any]
) -> dict[uuid.UUID, list[Link]]:
    """Load the links by item id, with the confirmed wording if it has changed since."""
    rows = session.connection().execute(statement, parameters).all()
    wordings = load_wordings(session, {row.revision_id for row in rows if row.revision_id})
    found: dict[uuid.UUID, list[Link]] = defaultdict(list)
    for key, *values, revision_id, done_when in rows:
        link = Link(*values)
        confirmed = wordings[revision_id].get(link.key) if revision_id else None
        if confirmed and (confirmed.title, confirmed.done_when) != (link.title, done_when):
            link.confirmed_wording = confirmed
        found[key].append(link)
    return found


def _load_grouped(
    session: Session,
    statement: sa.Executable,
    parameters: dict[str, Any],
    make: Callable[..., Any],
) -> dict[uuid.UUID, list[Any]]:
    """Convert the rows of a statement with `make`, grouped by their first column."""
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for key, *values in session.connection().execute(statement, parameters):
        found[key].append(make(*values))
    return found


def _is_selected(audience: Audience, column: Any) -> sa.ColumnElement[bool]:
    return sa.and_(column.in_(_KEYS), is_visible(audience))


def _is_loaded_version(audience: Audience, all_versions: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a version is the newest, or counts, for the audience.

    For the owner this includes the versions that managers see, which `item.restrict_to` needs.
    """
    if all_versions:
        return sa.true()
    if audience is Audience.PUBLIC:
        return EvidenceVersion.id == counted_version_id(audience)
    readers = {audience, Audience.MANAGER}
    newest = [EvidenceVersion.id == newest_version_id(each) for each in Audience if each in readers]
    return sa.or_(*newest, EvidenceVersion.id == Evidence.verified_version_id)


@cache
def _versions(audience: Audience, column: Any, all_versions: bool, texts: bool) -> sa.Executable:
    content = (
        sa.literal_column("''")
        if name in LONG_TEXTS and not texts
        else getattr(EvidenceVersion, name)
        for name in VERSION_COLUMNS
    )
    return (
        sa.select(
            Evidence.id,
            Evidence.user_id,
            Evidence.title,
            Evidence.visibility,
            shared_state(audience),
            Evidence.submitted_at,
            Evidence.created_at,
            Evidence.updated_at,
            Evidence.verified_version_id,
            *content,
        )
        .join(EvidenceVersion, EvidenceVersion.evidence_id == Evidence.id)
        .where(_is_selected(audience, column), _is_loaded_version(audience, all_versions))
        .order_by(Evidence.created_at, Evidence.id, EvidenceVersion.number.desc())
    )


@cache
def _parts(
    part: type[Impact | File], audience: Audience, column: Any, all_versions: bool
) -> sa.Executable:
    """Select the impacts or files of versions, with columns in the order of `part`'s fields."""
    row: Any = models.Impact if part is Impact else models.EvidenceFile
    return (
        sa.select(row.version_id, *(getattr(row, each.name) for each in fields(part)))
        .join(EvidenceVersion, EvidenceVersion.id == row.version_id)
        .join(Evidence, Evidence.id == EvidenceVersion.evidence_id)
        .where(_is_selected(audience, column), _is_loaded_version(audience, all_versions))
        .order_by(row.position, *sa.inspect(row).primary_key)
    )


@cache
def _links(audience: Audience, column: Any) -> sa.Executable:
    link, confirmation, left_out = EvidenceMilestone, models.Confirmation, models.Review
    verifying = aliased(models.Review)
    is_confirmed = confirmation.version_id.is_not(None)
    current = sa.select(Roadmap.revision_id).where(Roadmap.revision_id.is_not(None))
    # The wording can differ only if the confirmed revision is not the current one.
    is_older = sa.and_(is_confirmed, confirmation.roadmap_revision_id.not_in(current))
    return (
        sa.select(
            link.evidence_id,
            link.milestone_key,
            is_confirmed,
            Milestone.title,
            link.created_at,
            sa.func.coalesce(left_out.reviewer_name, ""),
            left_out.reviewer_id,
            verifying.id,
            sa.func.coalesce(verifying.reviewer_name, ""),
            verifying.reviewer_id,
            sa.func.coalesce(verifying.basis, ""),
            sa.func.coalesce(verifying.added_by_author, sa.false()),
            sa.func.coalesce(verifying.by_token, sa.false()),
            link.taken_back_by,
            link.taken_back_by_id,
            sa.case((is_older, confirmation.roadmap_revision_id)).label("revision_id"),
            sa.case((is_older, Milestone.definition["done_when"].as_string())),
        )
        .join(Evidence, Evidence.id == link.evidence_id)
        .join(Milestone, Milestone.key == link.milestone_key)
        .outerjoin(confirmation, is_confirmation_of_link())
        .outerjoin(left_out, left_out.id == link.left_out_review_id)
        .outerjoin(verifying, verifying.id == confirmation.review_id)
        .where(_is_selected(audience, column))
        .order_by(link.position, link.milestone_key)
    )


@cache
def _skills(audience: Audience, column: Any) -> sa.Executable:
    return (
        sa.select(EvidenceSkill.evidence_id, Skill.key, Skill.title)
        .join(Skill, Skill.key == EvidenceSkill.skill_key)
        .join(Evidence, Evidence.id == EvidenceSkill.evidence_id)
        .where(_is_selected(audience, column))
    )
