"""Issue badges and revoke them."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.badges.credential import (
    Issuance,
    key_url,
    method_url,
    write_credential,
    write_endorsement,
)
from roadmap.badges.keys import ensure_keys
from roadmap.badges.models import Badge, BadgeStatus
from roadmap.badges.proofs import add_proof, make_jwt
from roadmap.badges.queries import (
    active_badges,
    confirmed_claims,
    load_achievement,
)
from roadmap.badges.rules import LIST_FILL_LIMIT, LIST_LENGTH
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.signals import PersonChange
from roadmap.evidence.models import Review
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import User

# Per user, including revoked badges.
MAX_BADGES = 500


class NotVerified(ValueError):
    """Raised if the subject of a badge is not both verified and public."""


def issue_badge(session: Session, subject: str, *, base: str, by: Actor, now: dt.datetime) -> Badge:
    """Issue a badge for the actor's piece or stage, or return the active one.

    `subject` is the id of a piece of evidence, or `roadmap/stage`. `base` is the public URL of
    this installation. Raises NotVerified and LimitReached.
    """
    lock_user(session, by.id)
    person = session.get_one(User, by.id)
    achievement = load_achievement(session, by, subject, by.today(now))
    if achievement is None:
        raise NotVerified(subject)
    if (active := active_badges(session, by.id).get(achievement.subject)) is not None:
        return active
    if count_rows(session, Badge, Badge.user_id == by.id) >= MAX_BADGES:
        raise LimitReached(
            _l("You already have %(most)d badges, the maximum.", most=MAX_BADGES),
            _l("Revoked badges count too, because others may still check them."),
        )
    keys = ensure_keys(session, now)
    issue = Issuance(
        # Fully random: anyone who knows the id can read the badge, so ids must be unguessable.
        id=uuid.uuid4(),
        subject_id=uuid.uuid4(),
        position=_reserve_position(session),
        base=base,
        name=person.name,
        email=person.email_key,
        salt=secrets.token_hex(16),
        now=now,
    )
    method = method_url(base, keys.ed25519_id)
    document = write_credential(achievement, issue)
    document["endorsement"] = [
        add_proof(write_endorsement(each, issue, number), keys.ed25519, method, now)
        for number, each in enumerate(achievement.judgements, 1)
    ]
    signed = add_proof(document, keys.ed25519, method, now)
    badge = Badge(
        id=issue.id, user_id=by.id, position=issue.position, subject=achievement.subject,
        name=achievement.name,
        claims=achievement.claims,
        document=json.dumps(signed, ensure_ascii=False, indent=2),
        jwt=make_jwt(document, keys.rsa, key_url(base, keys.rsa_id)),
        issued_at=now,
    )  # fmt: skip
    session.add(badge)
    session.flush()
    _record(session, badge, "badge.issued", by.id, now)
    return badge


def _reserve_position(session: Session) -> int:
    """Reserve a random position in the newest status list, so that it reveals no issue order."""
    first = count_rows(session, BadgeStatus) // LIST_FILL_LIMIT * LIST_LENGTH
    while True:
        position = first + secrets.randbelow(LIST_LENGTH)
        if not count_rows(session, BadgeStatus, BadgeStatus.position == position):
            session.add(BadgeStatus(position=position))
            session.flush()
            return position


def revoke_badge(session: Session, badge: Badge, *, by: Actor, now: dt.datetime) -> bool:
    """Revoke a badge permanently, and return False if it was already revoked."""
    lock_user(session, badge.user_id)
    session.refresh(badge)
    session.refresh(badge.status)
    if badge.revoked_at is not None:
        return False
    _revoke(session, badge, "owner", by.id, now)
    return True


def revoke_unsupported(session: Session, change: PersonChange) -> None:
    """Revoke a user's badges whose claims are no longer confirmed or no longer public.

    If a manager has just withdrawn a verification, badges based on it are revoked even if an
    earlier confirmation counts again, because they name that manager.
    """
    badges = active_badges(session, change.user_id).values()
    if not badges:
        return
    active = confirmed_claims(session, set().union(*(each.evidence_ids for each in badges)))
    for badge in badges:
        claimed = {(each, key) for each, keys in badge.claims.items() for key in keys}
        if not claimed <= active or _names_withdrawn_verification(badge, change):
            _revoke(session, badge, "evidence", change.by, change.now)


def _names_withdrawn_verification(badge: Badge, change: PersonChange) -> bool:
    """Return whether a change withdraws a verification that the badge is based on."""
    if change.action != "evidence.verification_withdrawn":
        return False
    is_later = badge.issued_at >= dt.datetime.fromisoformat(change.data["decided_at"])
    claimed = badge.claims.get(change.subject, ())
    return is_later and not set(change.data["milestones"]).isdisjoint(claimed)


def revoke_all(session: Session, user_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Revoke all badges of a user who is being erased, only in the status lists."""
    positions = sa.select(Badge.position).where(Badge.user_id == user_id)
    session.execute(
        sa.update(BadgeStatus)
        .where(BadgeStatus.position.in_(positions), BadgeStatus.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def revoke_badges_naming(session: Session, manager: User, *, now: dt.datetime) -> None:
    """Revoke badges that name a manager who is being erased, and delete the signed documents.

    Signed documents cannot be redacted. Their owners can issue new badges, which name "a former
    manager".
    """
    reviews = sa.select(Review.evidence_id, Review.reviewer_name).where(
        Review.reviewer_id == manager.id
    )
    reviewed = session.execute(reviews).all()
    names = {manager.name, *(row.reviewer_name for row in reviewed)}
    pieces = {row.evidence_id for row in reviewed}
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)")
    written = (json.dumps(name, ensure_ascii=False)[1:-1] for name in sorted(names))
    badges = session.scalars(
        sa.select(Badge)
        .where(
            Badge.user_id != manager.id,
            sa.or_(*(Badge.document.contains(each, autoescape=True) for each in written)),
        )
        .order_by(Badge.user_id, Badge.id)
    ).all()
    for badge in badges:
        confirmations = json.loads(badge.document)["endorsement"]
        if not any(named.search(each["name"]) for each in confirmations):
            continue
        lock_user(session, badge.user_id)
        session.refresh(badge.status)
        if badge.revoked_at is None:
            if pieces.isdisjoint(badge.evidence_ids):
                # The badge names another person with the same name.
                continue
            _revoke(session, badge, "evidence", None, now)
        badge.document = badge.jwt = ""


def _revoke(
    session: Session, badge: Badge, reason: str, by: uuid.UUID | None, now: dt.datetime
) -> None:
    badge.status.revoked_at, badge.revoked_for = now, reason
    session.flush()
    _record(session, badge, "badge.revoked", by, now, reason=reason)


def _record(
    session: Session,
    badge: Badge,
    action: str,
    by: uuid.UUID | None,
    now: dt.datetime,
    **data: Any,
) -> None:
    record_history(
        session, badge.user_id, action, badge.id, by=by, now=now, name=badge.name, **data
    )
    record_audit(session, action, badge.id, by=by, now=now, person=str(badge.user_id))
