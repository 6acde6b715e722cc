"""Write evidence: create, edit, link, ask for a review. `review_actions` is about reviewing.

Every function locks the owner first and reads the item again under the lock, so that of two tabs
only one wins. They flush and record history; the request commits.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.evidence import rules
from roadmap.evidence.item import CONTENT_FIELDS
from roadmap.evidence.models import Evidence
from roadmap.evidence.repository import (
    add_version,
    assigned_reviewer,
    evidence_input,
    fill_version,
    keep_stored_texts,
    lock_and_reload,
    replace_links,
    replace_skills,
)
from roadmap.evidence.rules import EvidenceInput, InvalidInput, Stale
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user

CONTENT = frozenset(CONTENT_FIELDS)


def create(
    session: Session,
    user_id: uuid.UUID,
    piece: EvidenceInput,
    *,
    milestones: Sequence[str] = (),
    skills: Sequence[str] = (),
    key: uuid.UUID | None = None,
    by: Actor,
    now: dt.datetime,
) -> Evidence:
    """Create an item of this person, as a draft. Raises InvalidInput.

    `key` is the key of the form. A form that is sent twice creates one item, and the second request
    returns it; after a step back in the browser, a form with other content creates another one.
    """
    lock_user(session, user_id)
    piece = _validated(piece, by.today(now))
    # Derived from the key and the person, so that nobody can choose the id of another's item.
    made_as = uuid.uuid5(user_id, key.hex) if key else new_id()
    if key and (made := session.get(Evidence, made_as)) is not None:
        if (
            evidence_input(made) == piece
            and made.milestone_keys == list(dict.fromkeys(milestones))
            and set(made.skill_keys) == set(skills)
        ):
            return made
        made_as = new_id()
    evidence = Evidence(
        id=made_as,
        user_id=user_id,
        title=piece.title,
        visibility=piece.visibility,
        state="draft",
        revision=1,
        created_at=now,
        updated_at=now,
    )
    session.add(evidence)
    session.flush()
    add_version(session, evidence, piece, number=1, now=now)
    replace_links(session, evidence, milestones, now)
    replace_skills(session, evidence, skills)
    _record(session, evidence, "created", by, now, title=piece.title, kind=piece.kind)
    return evidence


def edit(
    session: Session,
    evidence: Evidence,
    piece: EvidenceInput,
    *,
    milestones: Sequence[str] | None = None,
    skills: Sequence[str] | None = None,
    revision: int | None = None,
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Save an edit; links and skills stay where they are None. Return whether anything changed.

    `revision` is the one that the form was filled from. Raises Stale where it is not the newest,
    InvalidInput where the item would not be complete.
    """
    lock_and_reload(session, evidence, by)
    if revision is not None and revision != evidence.revision:
        raise Stale
    before = evidence_input(evidence)
    piece = keep_stored_texts(_validated(piece, by.today(now)), before)
    changed = [
        field.name
        for field in fields(piece)
        if getattr(before, field.name) != getattr(piece, field.name)
    ]
    if milestones is not None and replace_links(session, evidence, milestones, now):
        changed.append("milestones")
    if skills is not None and replace_skills(session, evidence, skills):
        changed.append("skills")
    if not changed:
        return False
    state_before = evidence.state
    _apply_edit(session, evidence, piece, not CONTENT.isdisjoint(changed), now)
    evidence.revision += 1
    version, states = evidence.current.number, [state_before, evidence.state]
    _record(session, evidence, "edited", by, now, fields=changed, version=version, state=states)
    return True


def _validated(piece: EvidenceInput, today: dt.date) -> EvidenceInput:
    piece = rules.normalize(piece)
    if errors := list(rules.find_errors(piece, today)):
        raise InvalidInput(errors)
    return piece


def _apply_edit(
    session: Session,
    evidence: Evidence,
    piece: EvidenceInput,
    substance_changed: bool,
    now: dt.datetime,
) -> None:
    makes_version, after = rules.edit_outcome(
        evidence.state,
        visibility=piece.visibility,
        substance_changed=substance_changed,
        was_submitted=evidence.current.was_submitted,
    )
    if piece.title != evidence.title:
        evidence.title = piece.title
        evidence.title_changed_at = now
    evidence.visibility = piece.visibility
    evidence.updated_at = now
    if makes_version:
        add_version(session, evidence, piece, number=evidence.current.number + 1, now=now)
    elif substance_changed:
        fill_version(evidence.current, piece)
    evidence.state = after
    if after != "in_review":
        evidence.reviewer_id = evidence.review_started_at = None
    if after == "submitted" and substance_changed:
        evidence.submitted_at = now
        evidence.current.submitted_at = evidence.current.submitted_at or now
    elif after == "draft":
        evidence.submitted_at = None


def delete(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> None:
    """Delete an item with its versions, links and reviews; the history keeps a note of it."""
    lock_and_reload(session, evidence, by)
    said = {"title": evidence.title, "kind": evidence.current.kind}
    # The database deletes the dependent rows.
    session.execute(
        sa.delete(Evidence)
        .where(Evidence.id == evidence.id)
        .execution_options(synchronize_session=False)
    )
    session.expunge(evidence)
    _record(session, evidence, "deleted", by, now, **said)


def link(session: Session, evidence: Evidence, key: str, *, by: Actor, now: dt.datetime) -> bool:
    """Link an item to one more milestone; return False where it is linked already.

    Raises InvalidInput for an unknown key, and for more than five.
    """
    lock_and_reload(session, evidence, by)
    before = evidence.milestone_keys
    if not replace_links(session, evidence, [*before, key], now):
        return False
    evidence.revision += 1
    evidence.updated_at = now
    change = [before, evidence.milestone_keys]
    _record(session, evidence, "linked", by, now, milestones=change)
    return True


def submit(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Ask for a review; return False where it waits already. Raises Refused."""
    lock_and_reload(session, evidence, by)
    after = rules.state_after_submit(evidence.state, evidence.visibility)
    if after == evidence.state:
        return False
    evidence.state = after
    evidence.submitted_at = evidence.updated_at = now
    evidence.current.submitted_at = evidence.current.submitted_at or now
    _record(session, evidence, "submitted", by, now, version=evidence.current.number)
    return True


def withdraw(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Withdraw the request for a review; return False for a draft. Raises Refused."""
    lock_and_reload(session, evidence, by)
    has_reviewer = assigned_reviewer(session, evidence) is not None
    after = rules.state_after_withdraw(evidence.state, has_reviewer=has_reviewer)
    if after == evidence.state:
        return False
    evidence.state = after
    evidence.submitted_at = evidence.reviewer_id = evidence.review_started_at = None
    evidence.updated_at = now
    _record(session, evidence, "withdrawn", by, now, version=evidence.current.number)
    return True


def _record(
    session: Session, evidence: Evidence, verb: str, by: Actor, now: dt.datetime, **data: Any
) -> None:
    record_history(
        session,
        user_id=evidence.user_id,
        by=by.id,
        action=f"evidence.{verb}",
        subject=str(evidence.id),
        now=now,
        **data,
    )
