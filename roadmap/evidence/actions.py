"""Actions of an item's owner: create, edit, link and submit evidence.

For reviewers see `review_actions`. Every action locks the owner and re-reads the item under the
lock, so that concurrent edits cannot overwrite each other. Actions flush and record history. The
request commits.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.catalog.models import Milestone, Skill
from roadmap.core.file_store import file_store
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.link_secrets import strip_userinfo
from roadmap.core.text import clean_line, clean_multiline, clean_url
from roadmap.core.types import form_id
from roadmap.evidence import models, queries, rules
from roadmap.evidence.constants import AWAITING_REVIEW, MAX_MILESTONES, MAX_PIECES, MAX_VERSIONS
from roadmap.evidence.item import CONTENT_COLUMNS, CONTENT_FIELDS, Audience, File, Impact
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceFile,
    EvidenceMilestone,
    EvidenceSkill,
    EvidenceVersion,
    UploadedFile,
)
from roadmap.evidence.queries import assigned_reviewer, load_provable_milestones
from roadmap.evidence.rules import EvidenceInput, FieldError, InvalidInput, Refused, Row, Stale
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user, lock_user_for_actor
from roadmap.people.permissions import can

CONTENT = frozenset(CONTENT_FIELDS)
# Cleaners of texts that are not a plain single line.
TEXT_CLEANERS = {"description": clean_multiline, "url": clean_url, "source_url": clean_url}


def lock_and_reload(session: Session, evidence: Evidence, by: Actor) -> None:
    """Lock the item's owner for a write by `by`, and re-read the item.

    Also re-reads the permissions of `by`. Raises Refused if the item has been deleted.
    """
    session.flush()
    lock_user_for_actor(session, evidence.user_id, by)
    found = session.scalars(
        sa.select(Evidence)
        .where(Evidence.id == evidence.id)
        .options(
            selectinload(Evidence.current).selectinload(EvidenceVersion.impacts),
            selectinload(Evidence.current).selectinload(EvidenceVersion.files),
            selectinload(Evidence.links),
            selectinload(Evidence.skills),
        )
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise Refused("gone")


def evidence_input(evidence: Evidence) -> EvidenceInput:
    """Return an item's current content as form input."""
    version = evidence.current
    return EvidenceInput(
        **{name: getattr(version, name) for name in CONTENT_COLUMNS},
        impacts=tuple(
            Impact(**{each.name: getattr(row, each.name) for each in fields(Impact)})
            for row in version.impacts
        ),
        files=tuple(file_value(row) for row in version.files),
        title=evidence.title,
        visibility=evidence.visibility,
    )


def file_value(row: EvidenceFile | UploadedFile) -> File:
    return File(row.sha256, row.name, row.size, row.media_type)


def keep_stored_texts(piece: EvidenceInput, stored: EvidenceInput) -> EvidenceInput:
    """Keep each stored text that differs from the submitted one only by cleaning.

    Texts stored by an older release may not have been cleaned. Submitting such a text unchanged is
    not an edit and must not undo a verification. A password in a link is always removed.
    """
    impacts = piece.impacts
    if len(impacts) == len(stored.impacts):
        impacts = tuple(map(_keep_texts, impacts, stored.impacts))
    return replace(_keep_texts(piece, stored), impacts=impacts)


def _keep_texts(value: Row, stored: Row) -> Row:
    kept: dict[str, Any] = {}
    for name in (field.name for field in fields(stored)):
        text, clean = getattr(stored, name), TEXT_CLEANERS.get(name, clean_line)
        is_frozen = isinstance(text, str) and strip_userinfo(text) == text
        if is_frozen and clean(text) == clean(getattr(value, name)):
            kept[name] = text
    return replace(value, **kept)


def create(
    session: Session,
    user_id: uuid.UUID,
    piece: EvidenceInput,
    *,
    milestones: Sequence[str] = (),
    skills: Sequence[str] = (),
    by: Actor,
    now: dt.datetime,
    key: str = "",
) -> Evidence:
    """Create a draft item for a user. Raises InvalidInput and LimitReached.

    `key` is the form's idempotency key. Submitting the same form twice creates one item. The same
    key with different content (after going back in the browser) creates another item.
    """
    lock_user(session, user_id)
    piece = _validate(piece, by.today(now))
    item_id = form_id(key, user_id, piece, list(milestones), sorted(skills))
    if (existing := session.get(Evidence, item_id)) is not None:
        return existing
    _touch_files(piece.files)
    if count_rows(session, Evidence, Evidence.user_id == user_id) >= MAX_PIECES:
        raise LimitReached(
            _l("You already have %(most)d pieces of evidence, the maximum.", most=MAX_PIECES),
            _l("Delete one that you no longer need, then add this one again."),
        )
    evidence = Evidence(
        id=item_id,
        user_id=user_id,
        title=piece.title,
        visibility=piece.visibility,
        created_at=now,
        updated_at=now,
    )
    session.add(evidence)
    session.flush()
    _add_version(session, evidence, piece, number=1, now=now)
    _replace_links(session, evidence, milestones, now)
    _replace_skills(session, evidence, skills)
    _mark_draft(evidence, by)
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
    """Save an edit and return whether anything changed. Links and skills that are None are kept.

    `revision` is the revision that the form was loaded with. Raises Stale if it is outdated,
    InvalidInput if the item would be incomplete, LimitReached for too many versions, and Refused if
    a draft-only token edits an item that is not a draft. When such a token edits text that it did
    not write, a new version is created so that the earlier text is kept.
    """
    lock_and_reload(session, evidence, by)
    drafts = can_only_draft(by)
    if drafts:
        _check_draft(session, evidence, piece, by, now)
    if revision is not None and revision != evidence.revision:
        raise Stale
    before, keys_before = evidence_input(evidence), evidence.milestone_keys
    state_before = evidence.state
    piece = keep_stored_texts(_validate(piece, by.today(now), before.impacts), before)
    names = [field.name for field in fields(piece)]
    changed = [name for name in names if getattr(before, name) != getattr(piece, name)]
    if milestones is not None and _replace_links(session, evidence, milestones, now):
        changed.append("milestones")
    if skills is not None and _replace_skills(session, evidence, skills):
        changed.append("skills")
    if not changed:
        return False
    _touch_files(set(piece.files) - set(before.files))
    substance_changed = not CONTENT.isdisjoint(changed)
    makes_version, evidence.state = rules.edit_outcome(
        state_before,
        visibility=piece.visibility,
        substance_changed=substance_changed,
        is_frozen=evidence.current.submitted_at is not None
        or (drafts and evidence.current.drafted_by != by.token_name),
        proves=bool(load_provable_milestones(session, evidence.milestone_keys, piece.kind)),
    )
    if "title" in changed:
        evidence.title_changed_at = now
    evidence.title, evidence.visibility, evidence.updated_at = piece.title, piece.visibility, now
    if makes_version:
        _add_version(session, evidence, piece, number=evidence.current.number + 1, now=now)
    elif substance_changed:
        _fill_version(evidence.current, piece)
    if substance_changed or not drafts:
        _mark_draft(evidence, by)
    if evidence.state == "draft":
        _leave_queue(session, evidence)
    elif evidence.state == "submitted" and substance_changed:
        # An item already awaiting review keeps its place in the queue.
        _enter_queue(evidence, now, keeps_place=state_before in AWAITING_REVIEW)
    evidence.revision += 1
    links = [keys_before, evidence.milestone_keys]
    details = {"milestones": links} if "milestones" in changed else {}
    _record(
        session, evidence, "edited", by, now, fields=changed, state=[state_before, evidence.state],
        version=evidence.current.number, **details,
    )  # fmt: skip
    return True


def _validate(
    piece: EvidenceInput, today: dt.date, stored: Collection[Impact] = ()
) -> EvidenceInput:
    piece = rules.normalize(piece)
    if errors := list(rules.find_errors(piece, today, stored)):
        raise InvalidInput(errors)
    return piece


def _touch_files(files: Collection[File]) -> None:
    """Protect the content of files that a new row will reference. Raises InvalidInput."""
    try:
        for file in files:
            file_store().touch(file.sha256)
    except FileNotFoundError:
        raise InvalidInput([FieldError("files", "unknown_file")]) from None


def delete(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> None:
    """Delete an item with its versions, links and reviews, and record the deletion."""
    lock_and_reload(session, evidence, by)
    details = {"title": evidence.title, "kind": evidence.current.kind}
    # The database deletes the dependent rows.
    session.execute(
        sa.delete(Evidence)
        .where(Evidence.id == evidence.id)
        .execution_options(synchronize_session=False)
    )
    session.expunge(evidence)
    _record(session, evidence, "deleted", by, now, **details)


def link(session: Session, evidence: Evidence, key: str, *, by: Actor, now: dt.datetime) -> bool:
    """Link an item to one more milestone; return False if it is already linked.

    Raises InvalidInput for an unknown key or more than MAX_MILESTONES links.
    """
    lock_and_reload(session, evidence, by)
    before = evidence.milestone_keys
    if not _replace_links(session, evidence, [*before, key], now):
        return False
    evidence.revision += 1
    evidence.updated_at = now
    change = [before, evidence.milestone_keys]
    _record(session, evidence, "linked", by, now, milestones=change)
    return True


def accept(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Accept a version drafted by a token; return False if the version was not drafted by one."""
    lock_and_reload(session, evidence, by)
    version = evidence.current
    if not version.drafted_by:
        return False
    details = {"token": version.drafted_by, "version": version.number}
    version.drafted_by = ""
    _record(session, evidence, "accepted", by, now, **details)
    return True


def submit(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Submit an item for review; return False if it already awaits one. Raises Refused."""
    lock_and_reload(session, evidence, by)
    proves = load_provable_milestones(session, evidence.milestone_keys, evidence.current.kind)
    after = rules.state_after_submit(evidence.state, evidence.visibility, proves=bool(proves))
    if after == evidence.state:
        return False
    evidence.state, evidence.updated_at = after, now
    _enter_queue(evidence, now)
    _record(session, evidence, "submitted", by, now, version=evidence.current.number)
    return True


def _enter_queue(evidence: Evidence, now: dt.datetime, *, keeps_place: bool = False) -> None:
    """Put an item into the queue of reviews, or let it keep its place there without a reviewer."""
    evidence.reviewer_id = evidence.review_started_at = None
    if not keeps_place:
        evidence.submitted_at = now
    evidence.current.submitted_at = evidence.current.submitted_at or now


def withdraw(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Withdraw an item from review; return False for a draft. Raises Refused."""
    lock_and_reload(session, evidence, by)
    has_reviewer = assigned_reviewer(session, evidence) is not None
    after = rules.state_after_withdraw(evidence.state, has_reviewer=has_reviewer)
    if after == evidence.state:
        return False
    evidence.state, evidence.updated_at = after, now
    _leave_queue(session, evidence)
    _record(session, evidence, "withdrawn", by, now, version=evidence.current.number)
    return True


def _leave_queue(session: Session, evidence: Evidence) -> None:
    """Take an item out of the queue of reviews; its verified version stays submitted."""
    evidence.reviewer_id = evidence.review_started_at = None
    verified = session.get(EvidenceVersion, evidence.verified_version_id or uuid.UUID(int=0))
    evidence.submitted_at = verified.submitted_at if verified is not None else None


def can_only_draft(by: Actor) -> bool:
    """Return whether the actor is a token that may only write drafts."""
    return by.is_by_token and not can(by, "evidence.write")


def _check_draft(
    session: Session, evidence: Evidence, piece: EvidenceInput, by: Actor, now: dt.datetime
) -> None:
    """Raise Refused if others can see the item, InvalidInput for fields a token may not change.

    These are the visibility, and any title that the token did not write: titles are not versioned,
    so the earlier one would be lost.
    """
    item = load_item(session, Audience.OWNER, evidence.id)
    if item is None or not item.is_draft:
        raise Refused("no_draft")
    if queries.count_public_links(session, item, now) is not None:
        raise Refused("in_portfolio")
    if piece.visibility != evidence.visibility:
        raise InvalidInput([FieldError("visibility", "not_by_draft")])
    is_its_own = evidence.current.number == 1 and evidence.current.drafted_by == by.token_name
    if not is_its_own and clean_line(piece.title) != clean_line(evidence.title):
        raise InvalidInput([FieldError("title", "title_not_by_draft")])


def _mark_draft(evidence: Evidence, by: Actor) -> None:
    """Record the drafting token on the current version, or clear it after the owner's own edit."""
    if can_only_draft(by):
        evidence.current.drafted_by = by.token_name
    elif not by.is_by_token:
        evidence.current.drafted_by = ""


def _record(
    session: Session, evidence: Evidence, verb: str, by: Actor, now: dt.datetime, **data: Any
) -> None:
    if by.is_by_token:
        data["token"] = by.token_name
    record(session, evidence, f"evidence.{verb}", by, now, **data)


def record(
    session: Session, evidence: Evidence, action: str, by: Actor, now: dt.datetime, **data: Any
) -> None:
    record_history(session, evidence.user_id, action, evidence.id, by=by.id, now=now, **data)


def _add_version(
    session: Session, evidence: Evidence, piece: EvidenceInput, *, number: int, now: dt.datetime
) -> None:
    """Add a version with this content and make it the current one. Raises LimitReached."""
    if number > MAX_VERSIONS:
        raise LimitReached(
            _l("This piece already has %(most)d versions, the maximum.", most=MAX_VERSIONS),
            _l("Add a new piece for what changed since."),
        )
    evidence.current = EvidenceVersion(
        evidence_id=evidence.id, user_id=evidence.user_id, number=number, created_at=now
    )
    _fill_version(evidence.current, piece)
    session.flush()


def _fill_version(version: EvidenceVersion, piece: EvidenceInput) -> None:
    """Write the content into a version that has never been submitted."""
    for name in CONTENT_COLUMNS:
        setattr(version, name, getattr(piece, name))
    version.impacts = [
        models.Impact(user_id=version.user_id, position=position, **asdict(impact))
        for position, impact in enumerate(piece.impacts)
    ]
    version.files = [
        EvidenceFile(user_id=version.user_id, position=position, **asdict(file))
        for position, file in enumerate(piece.files)
    ]


def _replace_links(
    session: Session, evidence: Evidence, keys: Sequence[str], now: dt.datetime
) -> bool:
    """Link exactly these milestones, in this order; return whether anything changed.

    Raises InvalidInput for an unknown key or more than MAX_MILESTONES links.
    """
    wanted, before = list(dict.fromkeys(keys)), evidence.milestone_keys
    if errors := find_link_errors(session, milestones=wanted):
        raise InvalidInput(errors)
    if wanted == before:
        return False
    if removed := set(before) - set(wanted):
        # A later link to the same milestone must not inherit the confirmation.
        versions = sa.select(EvidenceVersion.id).where(EvidenceVersion.evidence_id == evidence.id)
        session.execute(
            sa.delete(Confirmation)
            .where(Confirmation.milestone_key.in_(removed), Confirmation.version_id.in_(versions))
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


def _replace_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> bool:
    """Link exactly these skills; return whether anything changed. Raises InvalidInput."""
    wanted = sorted(set(keys))
    if errors := find_link_errors(session, skills=wanted):
        raise InvalidInput(errors)
    if set(wanted) == set(evidence.skill_keys):
        return False
    evidence.skills = [
        EvidenceSkill(evidence_id=evidence.id, skill_key=key, user_id=evidence.user_id)
        for key in wanted
    ]
    session.flush()
    return True


def find_link_errors(
    session: Session, milestones: Sequence[str] = (), skills: Sequence[str] = ()
) -> list[FieldError]:
    """Return the errors that prevent linking an item to these milestones and skills."""
    errors = []
    if len(milestones) > MAX_MILESTONES:
        errors.append(FieldError("milestones", "too_many_milestones"))
    for name, model, keys in (("milestone", Milestone, milestones), ("skill", Skill, skills)):
        query = sa.select(model.key).where(model.key.in_(keys))
        known = set(session.scalars(query)) if keys else ()
        if unknown := tuple(key for key in keys if key not in known):
            errors.append(FieldError(f"{name}s", f"unknown_{name}", keys=unknown))
    return errors
