"""The rows of a piece of evidence: read below the lock, and filled from what a person says."""

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

# How each text comes in that is not a line of words.
TEXT_CLEANERS = {"description": clean_multiline, "url": clean_url, "source_url": clean_url}


def lock_and_reload(session: Session, evidence: Evidence, by: Actor) -> None:
    """Locks its author for a write by somebody, and reads the piece again.

    What `by` may do is asked anew as well. Raises Refused where the piece is gone by now.
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
    """What a person says of a piece now: its current version, title and visibility."""
    return version_input(evidence.current, title=evidence.title, visibility=evidence.visibility)


def version_input(version: EvidenceVersion, *, title: str, visibility: str) -> EvidenceInput:
    """What a person said of a piece in one version of it."""
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
    """The piece with each text as it is stored that reads the same.

    Texts are cleaned and composed where they come in, those of an older release may not be: to
    send them back as they were shown is no edit, and what was verified stays so.
    """
    impacts = piece.impacts
    if len(impacts) == len(stored.impacts):
        rows = zip(impacts, stored.impacts, strict=True)
        impacts = tuple(replace(row, **_equivalent_texts(row, there)) for row, there in rows)
    return replace(piece, **_equivalent_texts(piece, stored), impacts=impacts)


def _equivalent_texts(
    value: Impact | EvidenceInput, stored: Impact | EvidenceInput
) -> dict[str, Any]:
    """The stored texts that those of `value` are read as."""
    texts = {field.name: getattr(stored, field.name) for field in fields(stored)}
    return {
        name: text
        for name, text in texts.items()
        if isinstance(text, str)
        and (read := TEXT_CLEANERS.get(name, clean_line))(text) == read(getattr(value, name))
    }


def validate_input(piece: EvidenceInput, today: dt.date) -> EvidenceInput:
    """The piece with its texts cleaned. Raises Incomplete where it cannot be saved as it is."""
    piece = rules.normalize(piece, strip_control_characters)
    if faults := rules.find_errors(piece, today):
        raise InvalidInput(faults)
    return piece


def write_version(
    session: Session, evidence: Evidence, piece: EvidenceInput, *, number: int, now: dt.datetime
) -> None:
    """Adds a version with the substance of `piece` and makes it the current one."""
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
    """Writes the substance of `piece` into a version that was never submitted."""
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
    """Links exactly these milestones, in this order. True where that changed anything.

    Raises Incomplete for an unknown key, and for more than five.
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
    """A later link of the same milestone must not inherit what was confirmed for this one."""
    versions = sa.select(EvidenceVersion.id).where(EvidenceVersion.evidence_id == evidence.id)
    session.execute(
        sa.delete(Confirmation)
        .where(Confirmation.milestone_key.in_(keys), Confirmation.version_id.in_(versions))
        .execution_options(synchronize_session=False)
    )


def replace_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> bool:
    """Links exactly these skills. True where that changed anything; Incomplete for unknown ones."""
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
    """The linked milestones that a judgement confirms: those asked for, or all that fit."""
    keys = linked_keys(evidence)
    rows = session.execute(
        sa.select(Milestone.key, Milestone.definition).where(Milestone.key.in_(keys))
    )
    proving = {row.key: row.definition.get("evidence", ()) for row in rows}
    linked = {key: proving.get(key, ()) for key in keys}
    return rules.select_confirmations(evidence.current.kind, linked, asked)


def confirmed_keys(session: Session, version_id: uuid.UUID) -> frozenset[str]:
    """The milestones that a version was confirmed for."""
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
    """Adds to the history of the author of a piece."""
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
