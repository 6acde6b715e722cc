"""Writing evidence: create, edit, link, ask for a review. Judging is next door.

Every function locks the person first and reads the piece again below the lock, so that of two
tabs only one wins. They flush and remember; the request commits.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import fields

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.evidence import rules
from roadmap.evidence.models import Evidence
from roadmap.evidence.rows import (
    as_stored,
    checked,
    fill,
    hold,
    linked_keys,
    note,
    particulars,
    replace_links,
    replace_skills,
    write_version,
)
from roadmap.evidence.rules import Particulars, Stale
from roadmap.evidence.taking import reader_of
from roadmap.people.actor import Actor
from roadmap.people.records import lock_person, remember


def create(
    session: Session,
    user_id: uuid.UUID,
    piece: Particulars,
    *,
    milestones: Sequence[str] = (),
    skills: Sequence[str] = (),
    key: uuid.UUID | None = None,
    by: Actor,
    now: dt.datetime,
) -> Evidence:
    """A new piece of this person, as a draft. Raises Incomplete, naming what it lacks.

    `key` stands in the form that it was typed into. Sent twice, the form makes one piece, and the
    second time answers with it; typed anew after a step back in the browser, it makes another.
    """
    lock_person(session, user_id)
    piece = checked(piece, by.today(now))
    # Not the key itself: whoever made it up would choose the id of somebody else's piece.
    made_as = uuid.uuid5(user_id, key.hex) if key else new_id()
    if key and (made := session.get(Evidence, made_as)) is not None:
        if _says(made, piece, milestones, skills):
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
    write_version(session, evidence, piece, number=1, now=now)
    replace_links(session, evidence, milestones, now)
    replace_skills(session, evidence, skills)
    note(session, evidence, "evidence.created", by, now, title=piece.title, kind=piece.kind)
    return evidence


def _says(
    made: Evidence, piece: Particulars, milestones: Sequence[str], skills: Sequence[str]
) -> bool:
    """Whether a piece is, in every word and link, what is sent."""
    return (
        particulars(made) == piece
        and linked_keys(made) == list(dict.fromkeys(milestones))
        and {row.skill_key for row in made.skills} == set(skills)
    )


def edit(
    session: Session,
    evidence: Evidence,
    piece: Particulars,
    *,
    milestones: Sequence[str] | None = None,
    skills: Sequence[str] | None = None,
    revision: int | None = None,
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Saves what a person says of a piece; links and skills stay where they are None.

    True where anything changed. `revision` is the one that the form was filled from. Raises Stale
    where it is not the newest, Incomplete where the piece would not be complete.
    """
    hold(session, evidence, by)
    if revision is not None and revision != evidence.revision:
        raise Stale
    before = particulars(evidence)
    piece = as_stored(checked(piece, by.today(now)), before)
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
    _apply(session, evidence, piece, before.substance != piece.substance, now)
    evidence.revision += 1
    note(
        session,
        evidence,
        "evidence.edited",
        by,
        now,
        fields=changed,
        version=evidence.current.number,
        state=[state_before, evidence.state],
    )
    return True


def _apply(
    session: Session,
    evidence: Evidence,
    piece: Particulars,
    substance_changed: bool,
    now: dt.datetime,
) -> None:
    outcome = rules.after_edit(
        evidence.state,
        visibility=piece.visibility,
        substance_changed=substance_changed,
        was_submitted=evidence.current.was_submitted,
    )
    evidence.title = piece.title
    evidence.visibility = piece.visibility
    evidence.updated_at = now
    if outcome.new_version:
        write_version(session, evidence, piece, number=evidence.current.number + 1, now=now)
    elif substance_changed:
        fill(evidence.current, piece)
    evidence.state = outcome.state
    if outcome.state == "submitted" and substance_changed:
        evidence.submitted_at = now
        evidence.current.was_submitted = True
    elif outcome.state == "draft":
        evidence.submitted_at = None


def delete(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> None:
    """Removes a piece with its versions, links and reviews. The person's history says so."""
    hold(session, evidence, by)
    user_id, title, kind = evidence.user_id, evidence.title, evidence.current.kind
    # The database takes the dependents along, in one statement.
    session.execute(
        sa.delete(Evidence)
        .where(Evidence.id == evidence.id)
        .execution_options(synchronize_session=False)
    )
    session.expunge(evidence)
    remember(
        session,
        user_id=user_id,
        by=by.id,
        action="evidence.deleted",
        subject=str(evidence.id),
        now=now,
        title=title,
        kind=kind,
    )


def link(session: Session, evidence: Evidence, key: str, *, by: Actor, now: dt.datetime) -> bool:
    """Links a piece to one more milestone; linking twice is the same as once.

    Raises Incomplete for an unknown key, and for more than five.
    """
    hold(session, evidence, by)
    before = linked_keys(evidence)
    if not replace_links(session, evidence, [*before, key], now):
        return False
    evidence.revision += 1
    evidence.updated_at = now
    change = [before, linked_keys(evidence)]
    note(session, evidence, "evidence.linked", by, now, milestones=change)
    return True


def submit(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Asks for a review. False where it already waits. Raises Refused with the reason."""
    hold(session, evidence, by)
    after = rules.after_submit(evidence.state, evidence.visibility)
    if after == evidence.state:
        return False
    evidence.state = after
    evidence.submitted_at = evidence.updated_at = now
    evidence.current.was_submitted = True
    note(session, evidence, "evidence.submitted", by, now, version=evidence.current.number)
    return True


def withdraw(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Takes the request for a review back. False for a draft. Raises Refused with the reason."""
    hold(session, evidence, by)
    has_reader = reader_of(session, evidence) is not None
    after = rules.after_withdraw(evidence.state, has_reader=has_reader)
    if after == evidence.state:
        return False
    evidence.state = after
    evidence.submitted_at = None
    evidence.updated_at = now
    note(session, evidence, "evidence.withdrawn", by, now, version=evidence.current.number)
    return True
