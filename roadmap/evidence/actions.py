"""Write evidence: create, edit, link, ask for a review. `review_actions` is about reviewing.

Every action locks the owner first and reads the item again under the lock, so that of two tabs
only one wins. They flush and record history; the request commits.
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
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.link_secrets import strip_userinfo
from roadmap.core.text import clean_line, clean_multiline, clean_url
from roadmap.core.types import form_id
from roadmap.evidence import models, rules
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
from roadmap.evidence.queries import assigned_reviewer, count_public_links, load_fitting_milestones
from roadmap.evidence.rules import EvidenceInput, FieldError, InvalidInput, Refused, Row, Stale
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user, lock_user_for_actor
from roadmap.people.permissions import can

CONTENT = frozenset(CONTENT_FIELDS)
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
            selectinload(Evidence.current).selectinload(EvidenceVersion.files),
            selectinload(Evidence.links),
            selectinload(Evidence.skills),
        )
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise Refused("gone")


def evidence_input(evidence: Evidence) -> EvidenceInput:
    """Return what a person says about an item now."""
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
    """Return the value of a row about a file."""
    return File(row.sha256, row.name, row.size, row.media_type)


def keep_stored_texts(piece: EvidenceInput, stored: EvidenceInput) -> EvidenceInput:
    """Keep each stored text that reads the same as the one sent.

    Texts are cleaned when they are entered, but those of an older release may not be. Sending one
    back as it was shown is no edit, and must not undo a verification. A password in a link is not
    kept: the first edit removes it.
    """
    impacts = piece.impacts
    if len(impacts) == len(stored.impacts):
        impacts = tuple(map(_keep_texts, impacts, stored.impacts))
    return replace(_keep_texts(piece, stored), impacts=impacts)


def _keep_texts(value: Row, stored: Row) -> Row:
    kept: dict[str, Any] = {}
    for name in (field.name for field in fields(stored)):
        text, clean = getattr(stored, name), TEXT_CLEANERS.get(name, clean_line)
        is_kept = isinstance(text, str) and strip_userinfo(text) == text
        if is_kept and clean(text) == clean(getattr(value, name)):
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
    """Create an item of this person, as a draft. Raises InvalidInput and LimitReached.

    `key` is the key of the form. A form that is sent twice creates one item, and the second request
    returns it; after a step back in the browser, a form with other content creates another one.
    """
    lock_user(session, user_id)
    piece = _validated(piece, by.today(now))
    made_as = form_id(key, user_id, piece, list(milestones), sorted(skills))
    if (made := session.get(Evidence, made_as)) is not None:
        return made
    _keep_contents(piece.files)
    if count_rows(session, Evidence, Evidence.user_id == user_id) >= MAX_PIECES:
        raise LimitReached(
            _l("You already have %(most)d pieces of evidence, the maximum.", most=MAX_PIECES),
            _l("Delete one that you no longer need, then add this one again."),
        )
    evidence = Evidence(
        id=made_as,
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
    """Save an edit; links and skills stay where they are None. Return whether anything changed.

    `revision` is the one that the form was filled from. Raises Stale where it is not the newest,
    InvalidInput where the item would not be complete, LimitReached for too many versions, Refused
    where a token that writes drafts would change what is none. Such a token makes a new version of
    what it did not write itself, so that the earlier text is kept.
    """
    lock_and_reload(session, evidence, by)
    drafts = only_drafts(by)
    if drafts:
        _check_draft(session, evidence, piece, by, now)
    if revision is not None and revision != evidence.revision:
        raise Stale
    before = evidence_input(evidence)
    piece = keep_stored_texts(_validated(piece, by.today(now), before.impacts), before)
    names, keys_before = [field.name for field in fields(piece)], evidence.milestone_keys
    changed = [name for name in names if getattr(before, name) != getattr(piece, name)]
    if milestones is not None and _replace_links(session, evidence, milestones, now):
        changed.append("milestones")
    if skills is not None and _replace_skills(session, evidence, skills):
        changed.append("skills")
    if not changed:
        return False
    _keep_contents(set(piece.files) - set(before.files))
    state_before, substance_changed = evidence.state, not CONTENT.isdisjoint(changed)
    makes_version, evidence.state = rules.edit_outcome(
        state_before,
        visibility=piece.visibility,
        substance_changed=substance_changed,
        is_kept=evidence.current.submitted_at is not None
        or (drafts and evidence.current.drafted_by != by.token_name),
        proves=bool(load_fitting_milestones(session, evidence.milestone_keys, piece.kind)),
    )
    if makes_version and evidence.current.number >= MAX_VERSIONS:
        raise LimitReached(
            _l("This piece already has %(most)d versions, the maximum.", most=MAX_VERSIONS),
            _l("Add a new piece for what changed since."),
        )
    if piece.title != evidence.title:
        evidence.title = piece.title
        evidence.title_changed_at = now
    evidence.visibility = piece.visibility
    evidence.updated_at = now
    if makes_version:
        _add_version(session, evidence, piece, number=evidence.current.number + 1, now=now)
    elif substance_changed:
        _fill_version(evidence.current, piece)
    if substance_changed or not drafts:
        _mark_draft(evidence, by)
    if evidence.state != "in_review":
        evidence.reviewer_id = evidence.review_started_at = None
    if evidence.state == "submitted" and substance_changed:
        if state_before not in AWAITING_REVIEW:
            # What waits already keeps its place in the queue.
            evidence.submitted_at = now
        evidence.current.submitted_at = evidence.current.submitted_at or now
    elif evidence.state == "draft":
        evidence.submitted_at = _submitted_at_of_verified(session, evidence)
    evidence.revision += 1
    said: dict[str, Any] = {"version": evidence.current.number}
    if "milestones" in changed:
        said["milestones"] = [keys_before, evidence.milestone_keys]
    states = [state_before, evidence.state]
    _record(session, evidence, "edited", by, now, fields=changed, state=states, **said)
    return True


def _validated(
    piece: EvidenceInput, today: dt.date, stored: Collection[Impact] = ()
) -> EvidenceInput:
    piece = rules.normalize(piece)
    if errors := list(rules.find_errors(piece, today, stored)):
        raise InvalidInput(errors)
    return piece


def _keep_contents(files: Collection[File]) -> None:
    """Keep the content of files that a row is about to name. Raises InvalidInput."""
    try:
        for file in files:
            file_store().keep(file.sha256)
    except FileNotFoundError:
        raise InvalidInput([FieldError("files", "unknown_file")]) from None


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
    if not _replace_links(session, evidence, [*before, key], now):
        return False
    evidence.revision += 1
    evidence.updated_at = now
    change = [before, evidence.milestone_keys]
    _record(session, evidence, "linked", by, now, milestones=change)
    return True


def accept(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Accept what a token wrote as one's own; return False where nothing is to be accepted."""
    lock_and_reload(session, evidence, by)
    version = evidence.current
    if not version.drafted_by:
        return False
    said = {"token": version.drafted_by, "version": version.number}
    version.drafted_by = ""
    _record(session, evidence, "accepted", by, now, **said)
    return True


def submit(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Ask for a review; return False where it waits already. Raises Refused."""
    lock_and_reload(session, evidence, by)
    proves = load_fitting_milestones(session, evidence.milestone_keys, evidence.current.kind)
    after = rules.state_after_submit(evidence.state, evidence.visibility, proves=bool(proves))
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
    evidence.submitted_at = _submitted_at_of_verified(session, evidence)
    evidence.reviewer_id = evidence.review_started_at = None
    evidence.updated_at = now
    _record(session, evidence, "withdrawn", by, now, version=evidence.current.number)
    return True


def _submitted_at_of_verified(session: Session, evidence: Evidence) -> dt.datetime | None:
    """Return when the verified version was submitted: it stays shared beside a draft."""
    verified = session.get(EvidenceVersion, evidence.verified_version_id or uuid.UUID(int=0))
    return verified.submitted_at if verified is not None else None


def only_drafts(by: Actor) -> bool:
    """Return whether a token writes for this person that may write drafts, and nothing else."""
    return by.is_by_token and not can(by, "evidence.write")


def _check_draft(
    session: Session, evidence: Evidence, piece: EvidenceInput, by: Actor, now: dt.datetime
) -> None:
    """Raise Refused where others see the item, InvalidInput for what a token may not change.

    That is who may see it, and a title that is not the token's own: no version keeps titles.
    """
    item = load_item(session, Audience.OWNER, evidence.id)
    if item is None or not item.is_draft:
        raise Refused("no_draft")
    if count_public_links(session, item, now) is not None:
        raise Refused("in_portfolio")
    if piece.visibility != evidence.visibility:
        raise InvalidInput([FieldError("visibility", "not_by_draft")])
    is_its_own = evidence.current.number == 1 and evidence.current.drafted_by == by.token_name
    if not is_its_own and clean_line(piece.title) != clean_line(evidence.title):
        raise InvalidInput([FieldError("title", "title_not_by_draft")])


def _mark_draft(evidence: Evidence, by: Actor) -> None:
    """Mark what a token drafts with its name; what its owner edits on a page loses the mark."""
    if only_drafts(by):
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
    """Record in the owner's history what `by` did with an item."""
    record_history(
        session, user_id=evidence.user_id, by=by.id, action=action, subject=str(evidence.id),
        now=now, **data,
    )  # fmt: skip


def _add_version(
    session: Session, evidence: Evidence, piece: EvidenceInput, *, number: int, now: dt.datetime
) -> None:
    """Add a version with this content and make it the current one."""
    evidence.current = EvidenceVersion(
        evidence_id=evidence.id, user_id=evidence.user_id, number=number, created_at=now
    )
    _fill_version(evidence.current, piece)
    session.flush()


def _fill_version(version: EvidenceVersion, piece: EvidenceInput) -> None:
    """Write the content into a version that was never submitted."""
    for name in CONTENT_COLUMNS:
        setattr(version, name, getattr(piece, name))
    version.impacts = [
        models.Impact(user_id=version.user_id, position=position, **asdict(impact))
        for position, impact in enumerate(piece.impacts)
    ]
    kept = {row.sha256: row for row in version.files}
    rows = []
    for position, file in enumerate(piece.files):
        row = kept.get(file.sha256) or EvidenceFile(user_id=version.user_id)
        for name, value in {**asdict(file), "position": position}.items():
            setattr(row, name, value)
        rows.append(row)
    version.files = rows


def _replace_links(
    session: Session, evidence: Evidence, keys: Sequence[str], now: dt.datetime
) -> bool:
    """Link exactly these milestones, in this order; return whether that changed anything.

    Raises InvalidInput for an unknown key, and for more than five.
    """
    wanted, before = list(dict.fromkeys(keys)), evidence.milestone_keys
    if errors := find_link_errors(session, milestones=wanted):
        raise InvalidInput(errors)
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


def _replace_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> bool:
    """Link exactly these skills; return whether that changed anything.

    Raises InvalidInput for unknown keys.
    """
    wanted = sorted(set(keys))
    if errors := find_link_errors(session, skills=wanted):
        raise InvalidInput(errors)
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


def find_link_errors(
    session: Session, milestones: Sequence[str] = (), skills: Sequence[str] = ()
) -> list[FieldError]:
    """Return why an item cannot be linked to these milestones and skills."""
    errors = []
    if len(milestones) > MAX_MILESTONES:
        errors.append(FieldError("milestones", "too_many_milestones"))
    for name, model, keys in (("milestone", Milestone, milestones), ("skill", Skill, skills)):
        query = sa.select(model.key).where(model.key.in_(keys))
        known = set(session.scalars(query)) if keys else ()
        if unknown := tuple(key for key in keys if key not in known):
            errors.append(FieldError(f"{name}s", f"unknown_{name}", keys=unknown))
    return errors
