"""Load badges, the achievements that can be badged, and status lists."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.deletion import find_deletion
from roadmap.badges.credential import (
    Achievement,
    Criterion,
    Judgement,
    PublicPiece,
    describe_piece,
    describe_stage,
)
from roadmap.badges.models import Badge, BadgeStatus
from roadmap.badges.rules import LIST_LENGTH, StageProgress, compute_stage_progress
from roadmap.catalog.models import Milestone
from roadmap.catalog.queries import load_revision
from roadmap.core.i18n import show_date
from roadmap.core.link_secrets import strip_secrets
from roadmap.core.proxy import public_base_url
from roadmap.core.types import Base
from roadmap.evidence import queries as evidence_queries
from roadmap.evidence.item import Audience, Item, Link
from roadmap.evidence.labels import KINDS
from roadmap.evidence.loader import load_items, load_user_items
from roadmap.evidence.models import Confirmation, Evidence, Review
from roadmap.people.actor import Actor
from roadmap.people.labels import BASES
from roadmap.progress.models import MilestoneStatus
from roadmap.progress.queries import EnrolledRoadmap, enrollment, enrollments


def own_badges(session: Session, user_id: uuid.UUID) -> Sequence[Badge]:
    """Load a user's badges, newest first."""
    return session.scalars(
        sa.select(Badge)
        .where(Badge.user_id == user_id)
        .order_by(Badge.issued_at.desc(), Badge.id.desc())
    ).all()


def active_badges(session: Session, user_id: uuid.UUID) -> dict[str, Badge]:
    """Load a user's active badges by subject."""
    return {badge.subject: badge for badge in session.scalars(_select_active(user_id))}


def badge_addresses(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Load the public URLs of a user's active badges by subject."""
    rows = session.execute(_select_active(user_id).with_only_columns(Badge.subject, Badge.id))
    return {subject: f"{public_base_url()}/credentials/{badge_id}" for subject, badge_id in rows}


def _select_active(user_id: uuid.UUID) -> sa.Select[Badge]:
    return (
        sa.select(Badge)
        .join(BadgeStatus, BadgeStatus.position == Badge.position)
        .where(Badge.user_id == user_id, BadgeStatus.revoked_at.is_(None))
        .order_by(Badge.issued_at, Badge.id)
    )


def find_badge(session: Session, badge_id: uuid.UUID) -> Badge | None:
    """Load a badge of any user: anyone who knows its id may read it."""
    return session.scalars(sa.select(Badge).where(Badge.id == badge_id)).first()


def find_public_badge(session: Session, badge_id: uuid.UUID) -> Badge | None:
    """Load a badge, None if its owner's account is pending deletion."""
    badge = find_badge(session, badge_id)
    return None if badge is None or is_deletion_pending(session, badge) else badge


def is_deletion_pending(session: Session, badge: Badge) -> bool:
    """Return whether the owner's account is pending deletion.

    Badges of deactivated accounts stay public, because people show them to their next employer.
    """
    return find_deletion(session, badge.user_id) is not None


def find_revocation(session: Session, position: int) -> dt.datetime | None:
    """Load when the badge at a status list position was revoked, None if it was not."""
    return session.scalar(sa.select(BadgeStatus.revoked_at).where(BadgeStatus.position == position))


def load_candidates(
    session: Session, user_id: uuid.UUID, today: dt.date
) -> tuple[list[Item], list[tuple[EnrolledRoadmap, StageProgress]]]:
    """Load the verified public pieces and the stages for which badges can be issued."""
    items = load_user_items(session, Audience.PUBLIC, user_id, texts=False, skills=False)
    pieces = [item for item in items[::-1] if item.verified and not item.has_lapsed(today)]
    statuses = _load_statuses(session, user_id)
    return pieces, [
        (each, compute_stage_progress(stage, statuses, items, today))
        for each in enrollments(session, user_id)
        for stage in load_revision(session, each.revision_id).content.stages
    ]


def _load_statuses(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    rows = session.execute(
        sa.select(MilestoneStatus.milestone_key, MilestoneStatus.status).where(
            MilestoneStatus.user_id == user_id
        )
    )
    return {row.milestone_key: row.status for row in rows}


def load_achievement(
    session: Session, person: Actor, subject: str, today: dt.date
) -> Achievement | None:
    """Load the achievement for a piece or stage, None if it does not qualify for a badge.

    `subject` is the id of a piece, or `roadmap/stage`.
    """
    slug, slash, key = subject.partition("/")
    if slash:
        return _stage_achievement(session, person, slug, key, today)
    return _piece_achievement(session, person, subject, today)


def load_redactions(session: Session, achievement: Achievement) -> list[tuple[str, str]]:
    """Load titles that the badge would publish but a portfolio redacts, with the portfolio name.

    Uses table metadata, because the `portfolio` package depends on this one.
    """
    tables = Base.metadata.tables
    item, portfolio = tables["portfolio_item"], tables["portfolio"]
    titles = {piece.id: piece.title for piece in achievement.pieces}
    rows = session.execute(
        sa.select(item.c.evidence_id, portfolio.c.name)
        .join(portfolio, portfolio.c.id == item.c.portfolio_id)
        .where(
            item.c.evidence_id.in_(titles),
            item.c.redacted_title.is_not(None),
        )
        .order_by(portfolio.c.name, portfolio.c.id, item.c.evidence_id)
    )
    return [(titles[row.evidence_id], row.name) for row in rows]


def _piece_achievement(
    session: Session, person: Actor, subject: str, today: dt.date
) -> Achievement | None:
    try:
        items = load_items(session, Audience.PUBLIC, [uuid.UUID(subject)])
    except ValueError:
        return None
    if not items or items[0].user_id != person.id:
        return None
    [item] = items
    if not item.verified or item.has_lapsed(today):
        return None
    pairs = [(item, link) for link in item.links if link.confirmed]
    achievement = _build_achievement(session, person, str(item.id), pairs)
    [piece] = achievement.pieces
    description = describe_piece(piece.kind, piece.happened, len(pairs))
    return replace(achievement, name=piece.title, description=description)


def _stage_achievement(
    session: Session, person: Actor, slug: str, key: str, today: dt.date
) -> Achievement | None:
    enrolled = enrollment(session, person.id, slug)
    if enrolled is None:
        return None
    stages = load_revision(session, enrolled.revision_id).content.stages
    stage = next((each for each in stages if each.key == key), None)
    if stage is None:
        return None
    items = load_user_items(session, Audience.PUBLIC, person.id, skills=False)
    progress = compute_stage_progress(stage, _load_statuses(session, person.id), items, today)
    if not progress.is_complete:
        return None
    pairs = [
        (item, link)
        for milestone, item in progress.confirming_items.items()
        for link in item.links
        if link.key == milestone
    ]
    return replace(
        _build_achievement(session, person, f"{slug}/{key}", pairs),
        name=f"{enrolled.title}: {stage.title}",
        description=describe_stage(stage.title, enrolled.title, len(pairs)),
        not_applicable=[each.title for each in progress.excluded],
    )


def _build_achievement(
    session: Session, person: Actor, subject: str, pairs: Sequence[tuple[Item, Link]]
) -> Achievement:
    """Build an achievement from confirmed milestones, in their wording at confirmation time.

    The caller sets its name and description.
    """
    items = {item.id: item for item, _link in pairs}
    reviews: dict[uuid.UUID | None, Review] = {
        each.id: each
        for found in evidence_queries.load_reviews(session, items).values()
        for each in found
    }
    done_when = {
        key: str(definition.get("done_when", ""))
        for key, definition in session.execute(
            sa.select(Milestone.key, Milestone.definition).where(
                Milestone.key.in_({link.key for _item, link in pairs})
            )
        )
    }
    criteria = []
    titles: dict[uuid.UUID, str] = {}
    confirmed: dict[uuid.UUID | None, list[str]] = {}
    claims: dict[str, list[str]] = {}
    for item, link in pairs:
        wording = link.confirmed_wording
        title = wording.title if wording else link.title
        criteria.append(Criterion(title, wording.done_when if wording else done_when[link.key]))
        confirmed.setdefault(link.review_id, []).append(title)
        claims.setdefault(str(item.id), []).append(link.key)
        # The latest review comes first. Use its title, because later edits are not verified.
        titles.setdefault(item.id, strip_secrets(reviews[link.review_id].title) or item.title)
    pieces = [
        PublicPiece(
            item.id,
            titles[item.id],
            str(KINDS[item.counted.kind]),
            show_date(item.counted.occurred_on),
            item.counted.url,
        )
        for item in items.values()
    ]
    return Achievement(
        subject=subject,
        name="",
        description="",
        criteria=criteria,
        pieces=pieces,
        judgements=[
            Judgement(
                reviews[key].reviewer,
                str(BASES.get(reviews[key].basis, "")),
                reviews[key].decided_at,
                titles[reviews[key].evidence_id],
                tuple(milestones) if len(confirmed) > 1 else (),
            )
            for key, milestones in confirmed.items()
        ],
        claims=claims,
        valid_until=_valid_until(items.values(), person),
    )


def _valid_until(items: Iterable[Item], person: Actor) -> dt.datetime | None:
    """Return when the first piece lapses, at the end of the day in the user's time zone."""
    days = [item.counted.expires_on.last for item in items if item.counted.expires_on]
    if not days:
        return None
    return dt.datetime.combine(min(days), dt.time(23, 59, 59), person.zone)


def confirmed_claims(session: Session, evidence_ids: Collection[uuid.UUID]) -> set[tuple[str, str]]:
    """Load (evidence id, milestone key) pairs of public pieces that are currently confirmed."""
    rows = session.execute(
        sa.select(Evidence.id, Confirmation.milestone_key)
        .join(Confirmation, Confirmation.version_id == Evidence.verified_version_id)
        .where(Evidence.id.in_(sorted(evidence_ids)), Evidence.visibility == "portfolio")
    )
    return {(str(evidence_id), key) for evidence_id, key in rows}


def revoked_indexes(session: Session, number: int) -> list[int] | None:
    """Load the revoked indexes of a status list, None if the list does not exist."""
    first = number * LIST_LENGTH
    rows = session.execute(
        sa.select(BadgeStatus.position, BadgeStatus.revoked_at)
        .where(BadgeStatus.position >= first, BadgeStatus.position < first + LIST_LENGTH)
        .order_by(BadgeStatus.position)
    ).all()
    if not rows:
        return None
    return [row.position - first for row in rows if row.revoked_at is not None]
