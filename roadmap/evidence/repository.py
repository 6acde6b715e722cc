"""Read the rows of an item under the lock, and write what a person says into them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.catalog.models import Milestone, Skill
from roadmap.core.text import clean_line, clean_multiline, clean_url, strip_control_characters
from roadmap.evidence import models, rules
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
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user_for_actor

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


def evidence_input(evidence: Evidence) -> EvidenceInput:
    """Return what a person says about an item now."""
    return version_input(evidence.current, title=evidence.title, visibility=evidence.visibility)


def version_input(version: EvidenceVersion, *, title: str, visibility: str) -> EvidenceInput:
    """Return what a person said in one version of an item."""
    return EvidenceInput(
        **{name: getattr(version, name) for name in CONTENT_COLUMNS},
        impacts=tuple(
            Impact(**{each.name: getattr(row, each.name) for each in fields(Impact)})
            for row in version.impacts
        ),
        title=title,
        visibility=visibility,
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
    """Return the stored texts that read the same as those of `value`."""
    texts = {field.name: getattr(stored, field.name) for field in fields(stored)}
    return {
        name: text
        for name, text in texts.items()
        if isinstance(text, str)
        and (read := TEXT_CLEANERS.get(name, clean_line))(text) == read(getattr(value, name))
    }


def validate_input(piece: EvidenceInput, today: dt.date) -> EvidenceInput:
    """Return the input with its texts cleaned. Raises InvalidInput where it cannot be saved."""
    piece = rules.normalize(piece, strip_control_characters)
    if faults := rules.find_errors(piece, today):
        raise InvalidInput(faults)
    return piece


def write_version(
    session: Session, evidence: Evidence, piece: EvidenceInput, *, number: int, now: dt.datetime
) -> None:
    """Add a version with this content and make it the current one."""
    version = EvidenceVersion(
        evidence_id=evidence.id,
        user_id=evidence.user_id,
        number=number,
        created_at=now,
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


def linked_keys(evidence: Evidence) -> list[str]:
    return [row.milestone_key for row in evidence.links]


def replace_links(
    session: Session, evidence: Evidence, keys: Sequence[str], now: dt.datetime
) -> bool:
    """Link exactly these milestones, in this order; return whether that changed anything.

    Raises InvalidInput for an unknown key, and for more than five.
    """
    wanted, before = _require_known_milestones(session, keys), linked_keys(evidence)
    if wanted == before:
        return False
    if gone := set(before) - set(wanted):
        _delete_confirmations(session, evidence, gone)
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


def _delete_confirmations(session: Session, evidence: Evidence, keys: set[str]) -> None:
    """Delete confirmations, so that a later link of the same milestone does not inherit them."""
    versions = sa.select(EvidenceVersion.id).where(EvidenceVersion.evidence_id == evidence.id)
    session.execute(
        sa.delete(Confirmation)
        .where(Confirmation.milestone_key.in_(keys), Confirmation.version_id.in_(versions))
        .execution_options(synchronize_session=False)
    )


def replace_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> bool:
    """Link exactly these skills; return whether that changed anything.

    Raises InvalidInput for unknown keys.
    """
    wanted = _require_known_skills(session, keys)
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


def _require_known_milestones(session: Session, keys: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > MAX_MILESTONES:
        raise InvalidInput([FieldError("milestones", "too_many_milestones")])
    if wanted:
        known = session.scalars(sa.select(Milestone.key).where(Milestone.key.in_(wanted)))
        if set(known) != set(wanted):
            raise InvalidInput([FieldError("milestones", "unknown_milestone")])
    return wanted


def _require_known_skills(session: Session, keys: Sequence[str]) -> list[str]:
    wanted = sorted(set(keys))
    if wanted:
        known = set(session.scalars(sa.select(Skill.key)))
        if not known.issuperset(wanted):
            raise InvalidInput([FieldError("skills", "unknown_skill")])
    return wanted


def load_confirmations(
    session: Session, evidence: Evidence, asked: Sequence[str] | None
) -> tuple[str, ...]:
    """Load the linked milestones that a review confirms: those asked for, or all that fit."""
    keys = linked_keys(evidence)
    rows = session.execute(
        sa.select(Milestone.key, Milestone.definition).where(Milestone.key.in_(keys))
    )
    proving = {row.key: row.definition.get("evidence", ()) for row in rows}
    linked = {key: proving.get(key, ()) for key in keys}
    return rules.select_confirmations(evidence.current.kind, linked, asked)


def confirmed_keys(session: Session, version_id: uuid.UUID) -> frozenset[str]:
    """Load the keys of the milestones that a version is confirmed for."""
    return frozenset(
        session.scalars(
            sa.select(Confirmation.milestone_key).where(Confirmation.version_id == version_id)
        )
    )


def record_evidence_history(
    session: Session,
    evidence: Evidence,
    action: str,
    by: Actor,
    now: dt.datetime,
    *,
    row_id: uuid.UUID | None = None,
    **data: object,
) -> None:
    """Add an entry to the history of the owner."""
    record_history(
        session,
        user_id=evidence.user_id,
        by=by.id,
        action=action,
        subject=str(evidence.id),
        now=now,
        row_id=row_id,
        **data,
    )
