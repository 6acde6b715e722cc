"""A portfolio as values, read in a constant number of statements.

Everything starts from the pieces that the person chose and whose visibility is `portfolio` now:
what was withdrawn since is in nothing that follows from it, in no count and in no order.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from roadmap.career import queries as career
from roadmap.catalog.models import Milestone, Roadmap
from roadmap.catalog.models import Skill as SkillKey
from roadmap.core.i18n import show_date
from roadmap.evidence import labels
from roadmap.evidence import models as ev
from roadmap.people.models import User
from roadmap.portfolio.document import Degree, Document, Impact, Item, Position, Skill
from roadmap.portfolio.models import Portfolio, PortfolioItem
from roadmap.progress.models import Enrollment
from roadmap.skills import queries as skills

# The verified version is shown where there is one: what a reviewer has not seen, nobody vouches
# for. It is the same choice for the owner's page, the preview and every export.
SHOWN_VERSION = sa.func.coalesce(ev.Evidence.verified_version_id, ev.Evidence.current_id)

_SHOWN_ITEMS = (
    sa.select(
        ev.Evidence.id,
        ev.Evidence.title,
        ev.Evidence.verified_version_id,
        SHOWN_VERSION.label("version_id"),
        PortfolioItem.position,
    )
    .join(PortfolioItem, PortfolioItem.evidence_id == ev.Evidence.id)
    .where(
        PortfolioItem.user_id == sa.bindparam("user_id"),
        ev.Evidence.user_id == sa.bindparam("user_id"),
        ev.Evidence.visibility == "portfolio",
    )
    .subquery()
)
# As the driver hands it out: it only brings the rows together, and making a thousand UUIDs of it
# takes longer than reading the rows.
_KEY = sa.type_coerce(_SHOWN_ITEMS.c.id, sa.types.NullType()).label("key")
_PERSON = (
    sa.select(
        User.name,
        User.email,
        User.locale,
        User.timezone,
        User.headline.label("own_headline"),
        Portfolio.headline,
        Portfolio.introduction,
        Portfolio.shows_email,
        Roadmap.title.label("roadmap_title"),
    )
    .outerjoin(Portfolio, Portfolio.user_id == User.id)
    .outerjoin(Enrollment, sa.and_(Enrollment.user_id == User.id, Enrollment.is_primary.is_(True)))
    .outerjoin(Roadmap, Roadmap.id == Enrollment.roadmap_id)
    .where(User.id == sa.bindparam("user_id"))
)
_ITEMS = (
    sa.select(
        _KEY,
        _SHOWN_ITEMS.c.id,
        _SHOWN_ITEMS.c.title,
        _SHOWN_ITEMS.c.verified_version_id.is_not(None).label("verified"),
        ev.EvidenceVersion.kind,
        ev.EvidenceVersion.url,
        ev.EvidenceVersion.occurred_on,
        ev.EvidenceVersion.description,
        ev.EvidenceVersion.role,
        ev.EvidenceVersion.issuer,
        ev.EvidenceVersion.issued_on,
        ev.EvidenceVersion.expires_on,
        ev.Review.reviewer_name,
        ev.Review.decided_at,
        ev.Review.title.label("verified_title"),
    )
    .join(ev.EvidenceVersion, ev.EvidenceVersion.id == _SHOWN_ITEMS.c.version_id)
    .outerjoin(
        ev.Review,
        sa.and_(
            ev.Review.version_id == _SHOWN_ITEMS.c.verified_version_id,
            ev.Review.decision == "verified",
        ),
    )
    .order_by(_SHOWN_ITEMS.c.position, _SHOWN_ITEMS.c.id, ev.Review.decided_at)
)
_IMPACTS = (
    sa.select(
        _KEY,
        ev.Impact.type,
        ev.Impact.metric,
        ev.Impact.baseline,
        ev.Impact.result,
        ev.Impact.unit,
        ev.Impact.source_url,
    )
    .join(_SHOWN_ITEMS, _SHOWN_ITEMS.c.version_id == ev.Impact.version_id)
    .order_by(_SHOWN_ITEMS.c.id, ev.Impact.position, ev.Impact.id)
)
# Below a reviewer's name stand only the milestones that they confirmed for that version.
_MILESTONES = (
    sa.select(_KEY, Milestone.title)
    .join(ev.EvidenceMilestone, ev.EvidenceMilestone.evidence_id == _SHOWN_ITEMS.c.id)
    .join(Milestone, Milestone.key == ev.EvidenceMilestone.milestone_key)
    .outerjoin(
        ev.Confirmation,
        sa.and_(
            ev.Confirmation.version_id == _SHOWN_ITEMS.c.verified_version_id,
            ev.Confirmation.milestone_key == ev.EvidenceMilestone.milestone_key,
        ),
    )
    .where(
        sa.or_(
            _SHOWN_ITEMS.c.verified_version_id.is_(None), ev.Confirmation.milestone_key.is_not(None)
        )
    )
    .order_by(_SHOWN_ITEMS.c.id, ev.EvidenceMilestone.position, Milestone.title)
)
_SKILLS = (
    sa.select(_KEY, SkillKey.title)
    .join(ev.EvidenceSkill, ev.EvidenceSkill.evidence_id == _SHOWN_ITEMS.c.id)
    .join(SkillKey, SkillKey.key == ev.EvidenceSkill.skill_key)
    .order_by(_SHOWN_ITEMS.c.id, SkillKey.title)
)


def load_document(session: Session, user_id: uuid.UUID, today: dt.date) -> Document:
    """What the person shows on this day, in their order.

    Figures of progress are not part of it: they follow from evidence that is not shown as well,
    and would tell of it. Raises LookupError where there is no such person.
    """
    person = session.execute(_PERSON, {"user_id": user_id}).first()
    if person is None:
        raise LookupError(f"no person {user_id}")
    return Document(
        name=person.name,
        generated_on=today,
        email=person.email if person.shows_email else None,
        headline=person.headline or person.own_headline,
        introduction_md=person.introduction or "",
        roadmap_title=person.roadmap_title,
        positions=tuple(
            Position(p.title, p.employer, p.started_on, p.ended_on, p.is_ml, p.summary)
            for p in career.positions(session, user_id)
        ),
        degrees=tuple(
            Degree(d.level, d.field, d.institution, d.awarded_on)
            for d in career.degrees(session, user_id)
        ),
        skills=_load_skills(session, user_id),
        items=_load_items(session, user_id, today, ZoneInfo(person.timezone)),
        locale=person.locale,
    )


def _load_items(
    session: Session, user_id: uuid.UUID, today: dt.date, zone: ZoneInfo
) -> tuple[Item, ...]:
    parameters = {"user_id": user_id}
    connection = session.connection()
    impacts: Mapping[Any, list[Impact]] = defaultdict(list)
    for key, *measure in connection.execute(_IMPACTS, parameters):
        impacts[key].append(Impact(*measure))
    milestones = _load_titles(connection, _MILESTONES, user_id)
    trained = _load_titles(connection, _SKILLS, user_id)
    items: dict[Any, Item] = {}
    label_of = cache(labels.kind_label)
    # Where a version was verified more than once, the latest row stands: it comes last.
    for row in connection.execute(_ITEMS, parameters):
        # Taken apart at once: asking a row for one column after the other takes twice as long.
        key, id_, title, verified, kind, url, occurred_on, text, role, issuer, *rest = row
        issued_on, expires_on, reviewer, decided_at, judged_title = rest
        items[key] = Item(
            id=str(id_),
            title=title,
            kind=kind,
            kind_label=_kind_label(label_of(kind), expires_on, today),
            url=url,
            occurred_on=occurred_on,
            description_md=text,
            role=role,
            issuer=issuer,
            issued_on=issued_on,
            expires_on=expires_on,
            impacts=tuple(impacts.get(key, ())),
            milestones=tuple(milestones.get(key, ())),
            skills=tuple(trained.get(key, ())),
            tone="verified" if verified else "evidenced",
            verified_by=reviewer if verified else None,
            verified_on=decided_at.astimezone(zone).date() if decided_at else None,
            verified_title=judged_title if judged_title and judged_title != title else None,
        )
    return tuple(items.values())


def _kind_label(label: str, expires_on: dt.date | None, today: dt.date) -> str:
    """What a piece is, as every format names it; what has lapsed says so right there."""
    if expires_on is not None and expires_on < today:
        return _("%(kind)s, lapsed on %(date)s", kind=label, date=show_date(expires_on))
    return label


def _load_titles(
    connection: sa.Connection, query: sa.Select[Any, str], user_id: uuid.UUID
) -> Mapping[Any, list[str]]:
    found: Mapping[Any, list[str]] = defaultdict(list)
    for key, title in connection.execute(query, {"user_id": user_id}):
        found[key].append(title)
    return found


def _load_skills(session: Session, user_id: uuid.UUID) -> tuple[Skill, ...]:
    """Each skill at its latest level: someone else's word where there is one, else their own."""
    own, other = skills.latest_levels(session, user_id)
    found = []
    for skill in skills.published_skills(session):
        level = other.get(skill.key, own.get(skill.key))
        by = "manager" if skill.key in other else "self"
        found.append(
            Skill(
                title=skill.title,
                group=skill.group,
                level=level,
                level_text="" if level is None else skill.levels[level],
                bar=skill.bar,
                assessed_by=None if level is None else by,  # type: ignore[arg-type]
            )
        )
    return tuple(found)
