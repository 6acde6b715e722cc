"""Writing evidence: create, edit, link, ask for a review. Judging stands in `judging.py`.

Every function locks the person first and reads the piece again below the lock, so that two tabs
cannot both win. They flush and remember; the request commits.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.catalog.models import Milestone, Skill
from roadmap.core.markdown import clean
from roadmap.evidence import rules
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceSkill,
    EvidenceVersion,
    Impact,
)
from roadmap.evidence.rules import Fault, Incomplete, Measure, Particulars, Refused, Stale
from roadmap.evidence.words import MOST_MILESTONES
from roadmap.people.actor import Actor
from roadmap.people.records import lock_person, remember


def create(
    session: Session,
    user_id: uuid.UUID,
    piece: Particulars,
    *,
    milestones: Sequence[str] = (),
    skills: Sequence[str] = (),
    by: Actor,
    now: dt.datetime,
) -> Evidence:
    """A new piece of this person, as a draft. Raises Incomplete, naming what it lacks."""
    lock_person(session, user_id)
    piece = _checked(piece, by.today(now))
    found = _known_milestones(session, milestones), _known_skills(session, skills)
    evidence = Evidence(
        user_id=user_id,
        title=piece.title,
        visibility=piece.visibility,
        state="draft",
        created_at=now,
        updated_at=now,
    )
    session.add(evidence)
    session.flush()
    _write_version(session, evidence, piece, number=1, now=now)
    _replace_links(session, evidence, found[0], now)
    _replace_skills(session, evidence, found[1])
    _remember(
        session, evidence, "evidence.created", by, now, title=piece.title, kind=piece.kind
    )
    return evidence


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
    hold(session, evidence)
    if revision is not None and revision != evidence.revision:
        raise Stale
    piece = _checked(piece, by.today(now))
    before = particulars(evidence)
    changed = [
        name for name in Particulars.__slots__ if getattr(before, name) != getattr(piece, name)
    ]
    if milestones is not None and _set_links(session, evidence, milestones, now):
        changed.append("milestones")
    if skills is not None and _set_skills(session, evidence, skills):
        changed.append("skills")
    if not changed:
        return False
    substance_changed = before.substance != piece.substance
    outcome = rules.after_edit(
        evidence.state,
        visibility=piece.visibility,
        substance_changed=substance_changed,
        was_submitted=evidence.current.was_submitted,
    )
    evidence.title = piece.title
    evidence.visibility = piece.visibility
    if substance_changed and outcome.new_version:
        _write_version(session, evidence, piece, number=evidence.current.number + 1, now=now)
    elif substance_changed:
        _fill(evidence.current, piece)
    if outcome.state == "submitted" and (substance_changed or evidence.state != "submitted"):
        evidence.submitted_at = now
        evidence.current.was_submitted = True
    elif outcome.state == "draft":
        evidence.submitted_at = None
    state_before, evidence.state = evidence.state, outcome.state
    _touch(evidence, now)
    _remember(
        session,
        evidence,
        "evidence.edited",
        by,
        now,
        fields=changed,
        version=evidence.current.number,
        state=[state_before, outcome.state],
    )
    return True


def delete(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> None:
    """Removes a piece with its versions, links and reviews. The person's history says that."""
    hold(session, evidence)
    title, kind = evidence.title, evidence.current.kind
    user_id, subject = evidence.user_id, str(evidence.id)
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
        subject=subject,
        now=now,
        title=title,
        kind=kind,
    )


def set_links(
    session: Session, evidence: Evidence, keys: Sequence[str], *, by: Actor, now: dt.datetime
) -> bool:
    """Links a piece to exactly these milestones. True where anything changed.

    Raises Incomplete for an unknown key, and for more than five.
    """
    hold(session, evidence)
    changed = _set_links(session, evidence, keys, now)
    if changed:
        _touch(evidence, now)
        _remember(session, evidence, "evidence.linked", by, now, milestones=_keys(evidence))
    return changed


def link(
    session: Session, evidence: Evidence, key: str, *, by: Actor, now: dt.datetime
) -> bool:
    """Links a piece to one more milestone; linking twice is the same as once."""
    hold(session, evidence)
    keys = _keys(evidence)
    return key not in keys and set_links(session, evidence, [*keys, key], by=by, now=now)


def unlink(
    session: Session, evidence: Evidence, key: str, *, by: Actor, now: dt.datetime
) -> bool:
    """Takes one link away, and with it what a reviewer confirmed for it."""
    hold(session, evidence)
    rest = [each for each in _keys(evidence) if each != key]
    return set_links(session, evidence, rest, by=by, now=now)


def set_skills(
    session: Session, evidence: Evidence, keys: Sequence[str], *, by: Actor, now: dt.datetime
) -> bool:
    """Links a piece to exactly these skills. Raises Incomplete for an unknown key."""
    hold(session, evidence)
    changed = _set_skills(session, evidence, keys)
    if changed:
        _touch(evidence, now)
        skills = [row.skill_key for row in evidence.skills]
        _remember(session, evidence, "evidence.linked", by, now, skills=skills)
    return changed


def submit(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Asks for a review. False where it already waits for one. Raises Refused with the reason."""
    hold(session, evidence)
    after = rules.after_submit(evidence.state, evidence.visibility)
    if after == evidence.state:
        return False
    evidence.state = after
    evidence.submitted_at = now
    evidence.updated_at = now
    evidence.current.was_submitted = True
    _remember(session, evidence, "evidence.submitted", by, now, version=evidence.current.number)
    return True


def withdraw(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Takes the request for a review back. False for a draft. Raises Refused with the reason."""
    hold(session, evidence)
    after = rules.after_withdraw(evidence.state)
    if after == evidence.state:
        return False
    evidence.state = after
    evidence.submitted_at = None
    evidence.updated_at = now
    _remember(session, evidence, "evidence.withdrawn", by, now, version=evidence.current.number)
    return True


def particulars(evidence: Evidence) -> Particulars:
    """What a person says of a piece now: its current version, title and visibility."""
    return of_version(evidence.current, title=evidence.title, visibility=evidence.visibility)


def of_version(version: EvidenceVersion, *, title: str, visibility: str) -> Particulars:
    return Particulars(
        kind=version.kind,
        title=title,
        occurred_on=version.occurred_on,
        visibility=visibility,
        url=version.url,
        description=version.description,
        role=version.role,
        issuer=version.issuer,
        issued_on=version.issued_on,
        expires_on=version.expires_on,
        impacts=tuple(
            Measure(row.type, row.metric, row.baseline, row.result, row.unit, row.source_url)
            for row in version.impacts
        ),
    )


def hold(session: Session, evidence: Evidence) -> None:
    """Locks the person and reads the piece again. Raises Refused where it is gone by now."""
    lock_person(session, evidence.user_id)
    session.flush()
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


def _checked(piece: Particulars, today: dt.date) -> Particulars:
    piece = tidied(piece)
    if faults := rules.faults(piece, today):
        raise Incomplete(faults)
    return piece


def tidied(piece: Particulars) -> Particulars:
    """The same with every text cleaned (NUL, lone surrogates) and trimmed."""
    return rules.trimmed(rules.map_texts(piece, clean))


def _known_milestones(session: Session, keys: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > MOST_MILESTONES:
        raise Incomplete([Fault("milestones", "too_many_milestones")])
    query = sa.select(Milestone.key).where(Milestone.key.in_(wanted))
    if wanted and set(session.scalars(query)) != set(wanted):
        raise Incomplete([Fault("milestones", "unknown_milestone")])
    return wanted


def _known_skills(session: Session, keys: Sequence[str]) -> list[str]:
    wanted = sorted(set(keys))
    query = sa.select(Skill.key).where(Skill.key.in_(wanted))
    if wanted and (len(wanted) > 100 or set(session.scalars(query)) != set(wanted)):
        raise Incomplete([Fault("skills", "unknown_skill")])
    return wanted


def _keys(evidence: Evidence) -> list[str]:
    return [row.milestone_key for row in evidence.links]


def _set_links(
    session: Session, evidence: Evidence, keys: Sequence[str], now: dt.datetime
) -> bool:
    wanted = _known_milestones(session, keys)
    if wanted == _keys(evidence):
        return False
    gone = set(_keys(evidence)) - set(wanted)
    if gone:
        # A later link of the same milestone must not inherit what was confirmed for this one.
        session.execute(
            sa.delete(Confirmation)
            .where(
                Confirmation.milestone_key.in_(gone),
                Confirmation.version_id.in_(
                    sa.select(EvidenceVersion.id).where(EvidenceVersion.evidence_id == evidence.id)
                ),
            )
            .execution_options(synchronize_session=False)
        )
    _replace_links(session, evidence, wanted, now)
    return True


def _replace_links(
    session: Session, evidence: Evidence, keys: Sequence[str], now: dt.datetime
) -> None:
    kept = {row.milestone_key: row for row in evidence.links}
    rows = []
    for position, key in enumerate(keys):
        row = kept.get(key) or EvidenceMilestone(
            evidence_id=evidence.id, milestone_key=key, user_id=evidence.user_id, created_at=now
        )
        row.position = position
        rows.append(row)
    evidence.links = rows
    session.flush()


def _set_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> bool:
    wanted = _known_skills(session, keys)
    if wanted == sorted(row.skill_key for row in evidence.skills):
        return False
    _replace_skills(session, evidence, wanted)
    return True


def _replace_skills(session: Session, evidence: Evidence, keys: Sequence[str]) -> None:
    kept = {row.skill_key: row for row in evidence.skills}
    evidence.skills = [
        kept.get(key)
        or EvidenceSkill(evidence_id=evidence.id, skill_key=key, user_id=evidence.user_id)
        for key in keys
    ]
    session.flush()


def _write_version(
    session: Session, evidence: Evidence, piece: Particulars, *, number: int, now: dt.datetime
) -> None:
    version = EvidenceVersion(
        evidence_id=evidence.id, user_id=evidence.user_id, number=number, created_at=now
    )
    _fill(version, piece)
    session.add(version)
    session.flush()
    evidence.current = version
    session.flush()


def _fill(version: EvidenceVersion, piece: Particulars) -> None:
    for name in rules.SUBSTANCE:
        if name != "impacts":
            setattr(version, name, getattr(piece, name))
    version.impacts = [
        Impact(
            user_id=version.user_id,
            position=position,
            type=row.type,
            metric=row.metric,
            baseline=row.baseline,
            result=row.result,
            unit=row.unit,
            source_url=row.source_url,
        )
        for position, row in enumerate(piece.impacts)
    ]


def _touch(evidence: Evidence, now: dt.datetime) -> None:
    evidence.revision += 1
    evidence.updated_at = now


def _remember(
    session: Session,
    evidence: Evidence,
    action: str,
    by: Actor,
    now: dt.datetime,
    **data: object,
) -> None:
    remember(
        session,
        user_id=evidence.user_id,
        by=by.id,
        action=action,
        subject=str(evidence.id),
        now=now,
        **data,
    )
