"""Read the rows of an item under the lock, and write what a person says into them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.catalog.models import Milestone, Skill
from roadmap.core.text import clean_line, clean_multiline, clean_url
from roadmap.evidence import models
from roadmap.evidence.constants import MAX_MILESTONES
from roadmap.evidence.item import CONTENT_COLUMNS, Impact
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceSkill,
    EvidenceVersion,
)
from roadmap.evidence.rules import EvidenceInput, FieldError, InvalidInput, Refused
from roadmap.people.actor import Actor
from roadmap.people.locks import lock_user_for_actor
from roadmap.people.models import User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

# How each text is cleaned that is not a single line.
TEXT_CLEANERS = {"description": clean_multiline, "url": clean_url, "source_url": clean_url}


def lock_and_reload(session: Session, evidence: Evidence, by: Actor) -> None:
    """Lock the owner for a write by `by`, and read the item again.

    The permissions of `by` are read again as well. Raises Refused where the item is gone.
    """
    session.flush()
    lock_user_for_actor(session, evidence.user_id, by)
    found = session.scalars(
        sa.select(Evidence)
        .where(Evidence.id == evidence.id)
        .options(
            selectinload(Evidence.current).selectinload(EvidenceVersion.impacts),
            selectinload(Evidence.links),
            selectinload(Evidence.skills),
        )
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise Refused("gone")


def assigned_reviewer(
    session: Session, evidence: Evidence, managers: Sequence[User] | None = None
) -> User | None:
    """Return who took up an item that is in review, if they still manage its author.

    A reviewer who left the team, whose team moved in the tree or whose account was closed holds
    nobody up. `managers` are the author's, where the caller has loaded them.
    """
    if evidence.reviewer_id is None:
        return None
    if managers is None:
        managers = holders_of(session, evidence.user_id, Capability.REVIEW)
    return next((person for person in managers if person.id == evidence.reviewer_id), None)


def evidence_input(evidence: Evidence) -> EvidenceInput:
    """Return what a person says about an item now."""
    version = evidence.current
    return EvidenceInput(
        **{name: getattr(version, name) for name in CONTENT_COLUMNS},
        impacts=tuple(
            Impact(**{each.name: getattr(row, each.name) for each in fields(Impact)})
            for row in version.impacts
        ),
        title=evidence.title,
        visibility=evidence.visibility,
    )


def keep_stored_texts(piece: EvidenceInput, stored: EvidenceInput) -> EvidenceInput:
    """Keep each stored text that reads the same as the one sent.

    Texts are cleaned when they are entered, but those of an older release may not be. Sending one
    back as it was shown is no edit, and must not undo a verification.
    """
    impacts = piece.impacts
    if len(impacts) == len(stored.impacts):
        rows = zip(impacts, stored.impacts, strict=True)
        impacts = tuple(replace(row, **_equivalent_texts(row, there)) for row, there in rows)
    return replace(piece, **_equivalent_texts(piece, stored), impacts=impacts)


def _equivalent_texts(
    value: Impact | EvidenceInput, stored: Impact | EvidenceInput
) -> dict[str, Any]:
    texts = {field.name: getattr(stored, field.name) for field in fields(stored)}
    return {
        name: text
        for name, text in texts.items()
        if isinstance(text, str)
        and (read := TEXT_CLEANERS.get(name, clean_line))(text) == read(getattr(value, name))
    }


def add_version(
    session: Session, evidence: Evidence, piece: EvidenceInput, *, number: int, now: dt.datetime
) -> None:
    """Add a version with this content and make it the current one."""
    version = EvidenceVersion(
        evidence_id=evidence.id, user_id=evidence.user_id, number=number, created_at=now
    )
    fill_version(version, piece)
    session.add(version)
    session.flush()
    evidence.current = version
    session.flush()


def fill_version(version: EvidenceVersion, piece: EvidenceInput) -> None:
    """Write the content into a version that was never submitted."""
    for name in CONTENT_COLUMNS:
        setattr(version, name, getattr(piece, name))
    version.impacts = [
        models.Impact(user_id=version.user_id, position=position, **asdict(impact))
        for position, impact in enumerate(piece.impacts)
    ]


def replace_links(
    session: Session, evidence: Evidence, keys: Sequence[str], now: dt.datetime
) -> bool:
    """Link exactly these milestones, in this order; return whether that changed anything.

    Raises InvalidInput for an unknown key, and for more than five.
    """
    wanted, before = list(dict.fromkeys(keys)), evidence.milestone_keys
    if len(wanted) > MAX_MILESTONES:
        raise InvalidInput([FieldError("milestones", "too_many_milestones")])
    _require_known(session, Milestone.key, wanted, "milestone")
    if wanted == before:
        return False
    if gone := set(before) - set(wanted):
        # So that a later link of the same milestone does not inherit the confirmation.
        versions = sa.select(EvidenceVersion.id).where(EvidenceVersion.evidence_id == evidence.id)
        session.execute(
            sa.delete(Confirmation)
            .where(Confirmation.milestone_key.in_(gone), Confirmation.version_id.in_(versions))
            .execution_options(synchronize_session=False)
        )
    kept = {row.milestone_key: row for row in evidence.links}
    rows = []
    for position, key in enumerate(wanted):
        row = kept.get(key) or EvidenceMilestone(
            evidence_id=evidence.id, milestone_key=key, user_id=evidence.user_id, created_at=now
        )
        row.position = position
        rows.append(row)
    evidence.links = rows
    session.flush()
    return True


def replace_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> bool:
    """Link exactly these skills; return whether that changed anything.

    Raises InvalidInput for unknown keys.
    """
    wanted = sorted(set(keys))
    _require_known(session, Skill.key, wanted, "skill")
    kept = {row.skill_key: row for row in evidence.skills}
    if set(wanted) == kept.keys():
        return False
    evidence.skills = [
        kept.get(key)
        or EvidenceSkill(evidence_id=evidence.id, skill_key=key, user_id=evidence.user_id)
        for key in wanted
    ]
    session.flush()
    return True


def _require_known(session: Session, column: Any, keys: Sequence[str], name: str) -> None:
    if keys and set(keys) != set(session.scalars(sa.select(column).where(column.in_(keys)))):
        raise InvalidInput([FieldError(f"{name}s", f"unknown_{name}")])
