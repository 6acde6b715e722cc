"""Loading evidence as the values of `item`, for one audience. The only loader of evidence.

A list takes three statements (items with their versions, links, impacts) and one more with texts
and skills, however many rows there are. The statements are built once, and they return plain rows:
readiness runs them within every tick.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone, Skill
from roadmap.core.batches import batched
from roadmap.evidence import models
from roadmap.evidence.audience_sql import (
    counted_version_id,
    is_confirmation_of_link,
    is_verified_version,
    is_visible,
    newest_version_id,
)
from roadmap.evidence.item import CONTENT_COLUMNS, Audience, Impact, Item, Link, SkillLink, Version
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceSkill, EvidenceVersion

Scope = Literal["user_id", "id"]

# Texts that figures and lists of names do not need; they can be long.
LONG_TEXTS = frozenset({"url", "description", "role"})
# What `load_counted_items` does not load.
NO_ID = uuid.UUID(int=0)
NO_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)
IMPACT_COLUMNS = ("type", "metric", "baseline", "result", "unit", "source_url")


def load_item(session: Session, audience: Audience, evidence_id: uuid.UUID) -> Item | None:
    """Load one item with all versions that the audience sees; None where it sees none.

    Four statements.
    """
    items = _load(session, audience, "id", [evidence_id], texts=True, history=True)
    return items[0] if items else None


def load_items(
    session: Session, audience: Audience, ids: Collection[uuid.UUID], *, texts: bool = True
) -> list[Item]:
    """Load the items with these ids that the audience sees, in the order of `ids`.

    Four statements, three without `texts` and skills.
    """
    by_id = {item.id: item for item in _load(session, audience, "id", ids, texts=texts)}
    return [by_id[key] for key in ids if key in by_id]


def load_user_items(
    session: Session, audience: Audience, user_id: uuid.UUID, *, texts: bool = True
) -> list[Item]:
    """Load all items of a person that the audience sees, in the order in which they were created.

    Four statements. Without `texts` three: url, description, role and skills stay empty.
    """
    return _load(session, audience, "user_id", [user_id], texts=texts)


def load_counted_items(
    session: Session, audience: Audience, user_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[Item]]:
    """Load what figures need of the items of many people, by person, in the order of creation.

    Three statements for each batch of people. Only kind, dates and impacts of versions are loaded,
    and only keys of links: this runs within every tick. What is not loaded is empty, `NO_ID` or
    `NO_TIME`.
    """
    session.flush()
    connection = session.connection()
    found: dict[uuid.UUID, list[Item]] = {user_id: [] for user_id in user_ids}
    for batch in batched(user_ids):
        parameters = {"keys": batch}
        impacts: dict[Any, list[Impact]] = defaultdict(list)
        for key, *values in connection.execute(_counted_impacts(), parameters).all():
            impacts[key].append(Impact(*values))
        links: dict[Any, list[Link]] = defaultdict(list)
        known: dict[tuple[str, bool], Link] = {}
        rows = connection.execute(_counted_links(audience), parameters).all()
        for key, milestone, confirmed in rows:
            if (milestone, confirmed) not in known:
                known[milestone, confirmed] = Link(milestone, "", confirmed, NO_TIME)
            links[key].append(known[milestone, confirmed])
        versions: dict[Any, list[Version]] = defaultdict(list)
        verified: dict[Any, int] = {}
        heads: dict[Any, tuple[Any, ...]] = {}
        for (
            key,
            *head,
            version_key,
            number,
            is_verified,
            submitted_at,
            kind,
            occurred_on,
            ends,
        ) in connection.execute(_counted_versions(audience), parameters).all():
            heads[key] = tuple(head)
            versions[key].append(
                Version(
                    kind,
                    occurred_on,
                    expires_on=ends,
                    impacts=tuple(impacts.get(version_key, ())),
                    id=NO_ID,
                    number=number,
                    submitted_at=submitted_at,
                    created_at=NO_TIME,
                )
            )
            if is_verified:
                verified[key] = number
        owners = {user: _uuid(user) for user in {head[0] for head in heads.values()}}
        for key, (user, title, visibility, state) in heads.items():
            owner = owners[user]
            found[owner].append(
                Item(
                    *(_uuid(key), owner, title, visibility, state, None, NO_TIME, NO_TIME),
                    versions=tuple(versions[key]),
                    verified_number=verified.get(key),
                    links=tuple(links.get(key, ())),
                )
            )
    return found


def _uuid(raw: Any) -> uuid.UUID:
    """Return an id that the driver of SQLite hands out as text."""
    return raw if isinstance(raw, uuid.UUID) else uuid.UUID(raw)


@cache
def _counted_versions(audience: Audience) -> sa.Select[Any]:
    return (
        sa.select(
            _raw(Evidence.id),
            _raw(Evidence.user_id),
            Evidence.title,
            Evidence.visibility,
            Evidence.state,
            _raw(EvidenceVersion.id),
            EvidenceVersion.number,
            is_verified_version(),
            EvidenceVersion.submitted_at,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.expires_on,
        )
        .join(EvidenceVersion, EvidenceVersion.evidence_id == Evidence.id)
        .where(_of_scope(audience, "user_id"), _is_needed(audience, history=False))
        .order_by(Evidence.created_at, Evidence.id, EvidenceVersion.number.desc())
    )


@cache
def _counted_impacts() -> sa.Select[Any]:
    measure = models.Impact
    people: Any = sa.bindparam("keys", expanding=True)
    return (
        sa.select(_raw(measure.version_id), *(getattr(measure, name) for name in IMPACT_COLUMNS))
        .where(measure.user_id.in_(people))
        .order_by(measure.position, measure.id)
    )


@cache
def _counted_links(audience: Audience) -> sa.Select[Any]:
    return (
        sa.select(
            _raw(EvidenceMilestone.evidence_id),
            EvidenceMilestone.milestone_key,
            models.Confirmation.review_id.is_not(None),
        )
        .join(Evidence, Evidence.id == EvidenceMilestone.evidence_id)
        .outerjoin(models.Confirmation, is_confirmation_of_link())
        .where(_of_scope(audience, "user_id"))
        .order_by(EvidenceMilestone.position, EvidenceMilestone.milestone_key)
    )


def _load(
    session: Session,
    audience: Audience,
    scope: Scope,
    keys: Collection[uuid.UUID],
    *,
    texts: bool,
    history: bool = False,
) -> list[Item]:
    session.flush()
    parameters = {"keys": list(keys)}
    connection = session.connection()
    rows = connection.execute(_versions(audience, scope, texts, history), parameters).all()
    if not rows:
        return []
    impacts: dict[Any, list[Impact]] = defaultdict(list)
    for key, *values in connection.execute(_impacts(audience, scope, history), parameters):
        impacts[key].append(Impact(*values))
    links: dict[Any, list[Link]] = defaultdict(list)
    for key, *values in connection.execute(_links(audience, scope), parameters):
        links[key].append(Link(*values))
    skills: dict[Any, list[SkillLink]] = defaultdict(list)
    if texts:
        for key, *values in connection.execute(_skills(audience, scope), parameters):
            skills[key].append(SkillLink(*values))
    return _assemble(rows, impacts, links, skills)


def _assemble(
    rows: Iterable[Any],
    impacts: dict[Any, list[Impact]],
    links: dict[Any, list[Link]],
    skills: dict[Any, list[SkillLink]],
) -> list[Item]:
    """Put the items together from rows of one version each, the newest version first."""
    versions: dict[Any, list[Version]] = {}
    heads: dict[Any, Any] = {}
    verified: dict[Any, int] = {}
    for key, version_key, is_verified, number, id_, submitted_at, created_at, *values in rows:
        content: Any = (*values[: len(CONTENT_COLUMNS)], tuple(impacts.get(version_key, ())))
        version = Version(
            *content,
            id=id_,
            number=number,
            submitted_at=submitted_at,
            created_at=created_at,
        )
        if key in heads:
            versions[key].append(version)
        else:
            heads[key] = tuple(values[len(CONTENT_COLUMNS) :])
            versions[key] = [version]
        if is_verified:
            verified[key] = number
    return [
        Item(
            *head,
            versions=tuple(versions[key]),
            verified_number=verified.get(key),
            links=tuple(links.get(key, ())),
            skills=tuple(skills.get(key, ())),
        )
        for key, head in heads.items()
    ]


def _raw(column: Any) -> Any:
    """Return an id as the driver returns it, which is faster; such ids only bring rows together."""
    return sa.type_coerce(column, sa.types.NullType())


def _of_scope(audience: Audience, scope: Scope) -> sa.ColumnElement[bool]:
    column = Evidence.user_id if scope == "user_id" else Evidence.id
    keys: Any = sa.bindparam("keys", expanding=True)
    return sa.and_(column.in_(keys), is_visible(audience))


def _is_needed(audience: Audience, history: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a version is the newest, or counts, for the audience.

    For the owner that includes what managers see, so that `item.seen_by` can tell it. With
    `history` it is every version that the audience sees.
    """
    match audience:
        case Audience.OWNER if history:
            return sa.true()
        case Audience.MANAGER if history:
            return EvidenceVersion.was_submitted.is_(True)
        case Audience.OWNER:
            return sa.or_(
                EvidenceVersion.id == newest_version_id(Audience.OWNER),
                is_verified_version(),
                EvidenceVersion.id == newest_version_id(Audience.MANAGER),
            )
        case Audience.MANAGER:
            return sa.or_(
                EvidenceVersion.id == newest_version_id(audience),
                is_verified_version(),
            )
        case Audience.PUBLIC:
            return EvidenceVersion.id == counted_version_id(audience)


@cache
def _versions(audience: Audience, scope: Scope, texts: bool, history: bool) -> sa.Select[Any]:
    content = (
        sa.literal_column("''")
        if name in LONG_TEXTS and not texts
        else getattr(EvidenceVersion, name)
        for name in CONTENT_COLUMNS
    )
    return (
        sa.select(
            _raw(Evidence.id).label("key"),
            _raw(EvidenceVersion.id).label("version_key"),
            is_verified_version(),
            EvidenceVersion.number,
            EvidenceVersion.id,
            EvidenceVersion.submitted_at,
            EvidenceVersion.created_at,
            *content,
            Evidence.id,
            Evidence.user_id,
            Evidence.title,
            Evidence.visibility,
            Evidence.state,
            Evidence.submitted_at,
            Evidence.created_at,
            Evidence.updated_at,
        )
        .join(EvidenceVersion, EvidenceVersion.evidence_id == Evidence.id)
        .where(_of_scope(audience, scope), _is_needed(audience, history))
        .order_by(Evidence.created_at, Evidence.id, EvidenceVersion.number.desc())
    )


@cache
def _impacts(audience: Audience, scope: Scope, history: bool) -> sa.Select[Any]:
    measure = models.Impact
    return (
        sa.select(_raw(measure.version_id), *(getattr(measure, name) for name in IMPACT_COLUMNS))
        .join(EvidenceVersion, EvidenceVersion.id == measure.version_id)
        .join(Evidence, Evidence.id == EvidenceVersion.evidence_id)
        .where(_of_scope(audience, scope), _is_needed(audience, history))
        .order_by(measure.position, measure.id)
    )


@cache
def _links(audience: Audience, scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(
            _raw(EvidenceMilestone.evidence_id),
            EvidenceMilestone.milestone_key,
            Milestone.title,
            models.Confirmation.review_id.is_not(None),
            EvidenceMilestone.created_at,
        )
        .join(Evidence, Evidence.id == EvidenceMilestone.evidence_id)
        .join(Milestone, Milestone.key == EvidenceMilestone.milestone_key)
        .outerjoin(models.Confirmation, is_confirmation_of_link())
        .where(_of_scope(audience, scope))
        .order_by(EvidenceMilestone.position, EvidenceMilestone.milestone_key)
    )


@cache
def _skills(audience: Audience, scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(_raw(EvidenceSkill.evidence_id), Skill.key, Skill.title)
        .join(Skill, Skill.key == EvidenceSkill.skill_key)
        .join(Evidence, Evidence.id == EvidenceSkill.evidence_id)
        .where(_of_scope(audience, scope))
        .order_by(Skill.title)
    )
