"""Loading evidence as the values of `item`, for one audience. The only loader of evidence.

A list takes three statements (items with their versions, links, impacts), one more with files and
one with skills, however many rows there are. The statements are built once, and return plain rows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone, Roadmap, Skill
from roadmap.catalog.queries import load_wordings
from roadmap.core.batches import batched
from roadmap.core.dates import PartialDate
from roadmap.core.text import fold
from roadmap.evidence import models
from roadmap.evidence.audience_sql import (
    counted_version_id,
    is_confirmation_of_link,
    is_verified_version,
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
)
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceSkill, EvidenceVersion

Scope = Literal["user_id", "id"]

# Texts that figures and lists of names do not need; they can be long.
LONG_TEXTS = frozenset({"url", "description", "role"})
NOT_LOADED: Any = None
IMPACT_COLUMNS = ("type", "metric", "baseline", "result", "unit", "source_url")


def load_item(session: Session, audience: Audience, evidence_id: uuid.UUID) -> Item | None:
    """Load one item with all versions that the audience sees; None where it sees none.

    Five statements.
    """
    items = _load(
        session, audience, "id", [evidence_id], texts=True, with_skills=True, history=True
    )
    return items[0] if items else None


def load_items(
    session: Session, audience: Audience, ids: Collection[uuid.UUID], *, texts: bool = True
) -> list[Item]:
    """Load the items with these ids that the audience sees, in the order of `ids`.

    Five statements, three without `texts`, files and skills.
    """
    by_id = {
        item.id: item
        for item in _load(session, audience, "id", ids, texts=texts, with_skills=texts)
    }
    return [by_id[key] for key in ids if key in by_id]


def load_user_items(
    session: Session,
    audience: Audience,
    user_id: uuid.UUID,
    *,
    texts: bool = True,
    skills: bool = True,
) -> list[Item]:
    """Load all items of a person that the audience sees, in the order in which they were created.

    Five statements, one less without `skills`, and one without `texts`: then url, description, role
    and files stay empty.
    """
    return _load(session, audience, "user_id", [user_id], texts=texts, with_skills=skills)


def load_counted_items(
    session: Session, user_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[Item]]:
    """Load what figures need of all items of many people, by person, in no order.

    Three statements for each batch of people. Of an item only visibility, state and links are
    loaded, of the versions that count for its owner and for managers only kind, dates and impacts;
    the rest is empty or `NOT_LOADED`. This runs within every tick.
    """
    session.flush()
    connection = session.connection()
    found: dict[uuid.UUID, list[Item]] = {user_id: [] for user_id in user_ids}
    # Many links are equal, and finding one is quicker than making another.
    make_link = cache(
        lambda key, confirmed, name, by: Link(
            key, confirmed, "", NOT_LOADED, verified_by=name, verified_by_id=by
        )
    )
    for batch in batched(user_ids):
        parameters = {"keys": batch}
        impacts = _group(connection, _COUNTED_IMPACTS, parameters, Impact)
        links = _group(connection, _COUNTED_LINKS, parameters, make_link)
        rows = connection.execute(_counted_versions(Audience.OWNER), parameters).all()
        older: dict[Any, Version] = {}
        if any(row[0] for row in rows):
            shown = connection.execute(_counted_versions(Audience.MANAGER), parameters)
            for _edited, _owner, _visibility, _state, _verified, key, *values in shown:
                older[key] = _counted_version(impacts, *values)
        owners = {owner: found[_uuid(owner)] for owner in {row[1] for row in rows}}
        for _edited, owner, visibility, state, is_verified, key, *values in rows:
            version = _counted_version(impacts, *values)
            item = Item(
                *(NOT_LOADED, NOT_LOADED, "", visibility, state),
                *(NOT_LOADED, NOT_LOADED, NOT_LOADED),
                versions=(version, older[key]) if key in older else (version,),
                verified_number=version.number if is_verified else None,
                links=tuple(links.get(key, ())),
            )
            owners[owner].append(item)
    return found


def _counted_version(
    impacts: dict[Any, list[Impact]],
    key: Any,
    number: int,
    submitted_at: dt.datetime | None,
    kind: str,
    occurred_on: PartialDate,
    expires_on: PartialDate | None,
) -> Version:
    return Version(
        *(kind, occurred_on, "", "", "", "", None, expires_on, tuple(impacts.get(key, ()))),
        id=NOT_LOADED,
        number=number,
        submitted_at=submitted_at,
        created_at=NOT_LOADED,
    )


def _load(
    session: Session,
    audience: Audience,
    scope: Scope,
    keys: Collection[uuid.UUID],
    *,
    texts: bool,
    with_skills: bool,
    history: bool = False,
) -> list[Item]:
    session.flush()
    connection, parameters = session.connection(), {"keys": list(keys)}
    rows = connection.execute(_versions(audience, scope, texts, history), parameters).all()
    if not rows:
        return []
    impacts = _group(connection, _impacts(audience, scope, history), parameters, Impact)
    files = {}
    if texts:
        files = _group(connection, _files(audience, scope, history), parameters, File)
    links = _load_links(session, audience, scope, parameters)
    skills = {}
    if with_skills:
        skills = _group(connection, _skills(audience, scope), parameters, SkillLink)
    split = len(CONTENT_COLUMNS)
    versions: dict[Any, list[Version]] = defaultdict(list)
    heads: dict[Any, list[Any]] = {}
    verified: dict[Any, int] = {}
    for key, version_key, is_verified, number, submitted_at, created_at, by, *values in rows:
        parts = (tuple(rows_of.get(version_key, ())) for rows_of in (impacts, files))
        content: Any = (*values[:split], *parts)
        version = Version(
            *content,
            id=_uuid(version_key),
            number=number,
            submitted_at=submitted_at,
            created_at=created_at,
            drafted_by=by,
        )
        versions[key].append(version)
        heads[key] = values[split:]
        if is_verified:
            verified[key] = number
    owners = {owner: _uuid(owner) for owner in {head[0] for head in heads.values()}}
    return [
        Item(
            _uuid(key),
            owners[head[0]],
            *head[1:],
            versions=tuple(versions[key]),
            verified_number=verified.get(key),
            links=tuple(links.get(key, ())),
            skills=tuple(sorted(skills.get(key, ()), key=lambda skill: fold(skill.title))),
        )
        for key, head in heads.items()
    ]


def _load_links(
    session: Session, audience: Audience, scope: Scope, parameters: dict[str, Any]
) -> dict[Any, list[Link]]:
    """Load the links by item, with the wording that was confirmed where it is another one now."""
    rows = session.connection().execute(_links(audience, scope), parameters).all()
    wordings = load_wordings(session, {row.revision_id for row in rows if row.revision_id})
    found: dict[Any, list[Link]] = defaultdict(list)
    for key, *values, revision_id, done_when in rows:
        link = Link(*values)
        confirmed = wordings[revision_id].get(link.key) if revision_id else None
        if confirmed and (confirmed.title, confirmed.done_when) != (link.title, done_when):
            link.confirmed_wording = confirmed
        found[key].append(link)
    return found


def _group(
    connection: sa.Connection,
    statement: sa.Select[Any],
    parameters: dict[str, Any],
    make: Callable[..., Any],
) -> dict[Any, list[Any]]:
    """Return what is made of the rows of a statement, by their first column."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, *values in connection.execute(statement, parameters).all():
        found[key].append(make(*values))
    return found


def _uuid(raw: Any) -> uuid.UUID:
    """Return an id that the driver of SQLite hands out as text."""
    return raw if isinstance(raw, uuid.UUID) else uuid.UUID(raw)


def _raw(column: Any) -> Any:
    """Return an id as the driver returns it, which is faster; most only bring rows together."""
    return sa.type_coerce(column, sa.types.NullType())


def _of_scope(audience: Audience, scope: Scope) -> sa.ColumnElement[bool]:
    column = Evidence.user_id if scope == "user_id" else Evidence.id
    return sa.and_(column.in_(_KEYS), is_visible(audience))


def _is_needed(audience: Audience, history: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a version is the newest, or counts, for the audience.

    For the owner that includes what managers see, so that `item.seen_by` can tell it. With
    `history` it is every version that the audience sees.
    """
    if audience is Audience.PUBLIC:
        return EvidenceVersion.id == counted_version_id(audience)
    is_owner = audience is Audience.OWNER
    if history:
        if is_owner:
            return sa.true()
        newest = aliased(EvidenceVersion)
        last = sa.select(newest.number).where(newest.id == newest_version_id(audience))
        return sa.and_(
            EvidenceVersion.was_submitted, EvidenceVersion.number <= last.scalar_subquery()
        )
    seen_by = (Audience.OWNER, Audience.MANAGER) if is_owner else (audience,)
    return sa.or_(
        *(EvidenceVersion.id == newest_version_id(each) for each in seen_by), is_verified_version()
    )


_KEYS: Any = sa.bindparam("keys", expanding=True)
_measure = models.Impact
_link = EvidenceMilestone
_verifying = aliased(models.Review)
_is_confirmed = models.Confirmation.version_id.is_not(None)
_COUNTED_LINKS = (
    sa.select(
        _raw(_link.evidence_id),
        _link.milestone_key,
        _is_confirmed,
        sa.func.coalesce(_verifying.reviewer_name, ""),
        _raw(_verifying.reviewer_id),
    )
    .join(Evidence, Evidence.id == _link.evidence_id)
    .outerjoin(models.Confirmation, is_confirmation_of_link())
    .outerjoin(_verifying, _verifying.id == models.Confirmation.review_id)
    .where(Evidence.user_id.in_(_KEYS))
)
_COUNTED_IMPACTS = sa.select(
    _raw(_measure.version_id), *(getattr(_measure, name) for name in IMPACT_COLUMNS)
).where(_measure.user_id.in_(_KEYS))


@cache
def _counted_versions(audience: Audience) -> sa.Select[Any]:
    """Return the versions that count for the owner, or those that count only for managers."""
    # Of an item that is edited again, managers see an older version.
    is_edited = sa.and_(is_visible(Audience.MANAGER), ~EvidenceVersion.was_submitted)
    versions = (
        sa.select(
            is_edited,
            _raw(Evidence.user_id),
            Evidence.visibility,
            Evidence.state,
            is_verified_version(),
            _raw(Evidence.id),
            _raw(EvidenceVersion.id).label("version_key"),
            EvidenceVersion.number,
            EvidenceVersion.submitted_at,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.expires_on,
        )
        .join(EvidenceVersion, EvidenceVersion.id == counted_version_id(audience))
        .where(Evidence.user_id.in_(_KEYS), is_visible(audience))
    )
    if audience is Audience.OWNER:
        return versions
    return versions.where(EvidenceVersion.id != counted_version_id(Audience.OWNER))


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
            _raw(Evidence.id),
            _raw(EvidenceVersion.id).label("version_key"),
            is_verified_version(),
            EvidenceVersion.number,
            EvidenceVersion.submitted_at,
            EvidenceVersion.created_at,
            EvidenceVersion.drafted_by,
            *content,
            _raw(Evidence.user_id),
            Evidence.title,
            Evidence.visibility,
            shared_state(audience),
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
    return (
        sa.select(_raw(_measure.version_id), *(getattr(_measure, name) for name in IMPACT_COLUMNS))
        .join(EvidenceVersion, EvidenceVersion.id == _measure.version_id)
        .join(Evidence, Evidence.id == EvidenceVersion.evidence_id)
        .where(_of_scope(audience, scope), _is_needed(audience, history))
        .order_by(_measure.position, _measure.id)
    )


@cache
def _files(audience: Audience, scope: Scope, history: bool) -> sa.Select[Any]:
    file = models.EvidenceFile
    return (
        sa.select(_raw(file.version_id), file.sha256, file.name, file.size, file.media_type)
        .join(EvidenceVersion, EvidenceVersion.id == file.version_id)
        .join(Evidence, Evidence.id == EvidenceVersion.evidence_id)
        .where(_of_scope(audience, scope), _is_needed(audience, history))
        .order_by(file.position, file.sha256)
    )


@cache
def _links(audience: Audience, scope: Scope) -> sa.Select[Any]:
    confirmation = models.Confirmation
    current = sa.select(Roadmap.revision_id).where(Roadmap.revision_id.is_not(None))
    # Only then can the wording be another one.
    is_older = sa.and_(_is_confirmed, confirmation.roadmap_revision_id.not_in(current))
    return (
        sa.select(
            _raw(_link.evidence_id),
            _link.milestone_key,
            _is_confirmed,
            Milestone.title,
            _link.created_at,
            sa.func.coalesce(models.Review.reviewer_name, ""),
            models.Review.reviewer_id,
            _verifying.id,
            sa.func.coalesce(_verifying.reviewer_name, ""),
            _verifying.reviewer_id,
            sa.func.coalesce(_verifying.basis, ""),
            sa.func.coalesce(_verifying.added_by_author, sa.false()),
            sa.func.coalesce(_verifying.by_token, sa.false()),
            _link.taken_back_by,
            _link.taken_back_by_id,
            sa.case((is_older, confirmation.roadmap_revision_id)).label("revision_id"),
            sa.case((is_older, Milestone.definition["done_when"].as_string())),
        )
        .join(Evidence, Evidence.id == _link.evidence_id)
        .join(Milestone, Milestone.key == _link.milestone_key)
        .outerjoin(models.Confirmation, is_confirmation_of_link())
        .outerjoin(models.Review, models.Review.id == _link.left_out_review_id)
        .outerjoin(_verifying, _verifying.id == models.Confirmation.review_id)
        .where(_of_scope(audience, scope))
        .order_by(_link.position, _link.milestone_key)
    )


@cache
def _skills(audience: Audience, scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(_raw(EvidenceSkill.evidence_id), Skill.key, Skill.title)
        .join(Skill, Skill.key == EvidenceSkill.skill_key)
        .join(Evidence, Evidence.id == EvidenceSkill.evidence_id)
        .where(_of_scope(audience, scope))
    )
