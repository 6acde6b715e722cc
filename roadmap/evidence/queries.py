"""Reading evidence: what counts for readiness, and one piece with its whole history."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, selectinload

from roadmap.catalog.models import Milestone
from roadmap.core.batches import batched
from roadmap.evidence.linkable_milestones import (
    LinkableMilestone,
    load_milestones,
    load_skill_titles,
)
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    Impact,
    Review,
)

# --- What counts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountedEvidence:
    """A piece as readiness counts it: of the verified version where there is one, else the current.

    `milestones` in the author's order; `impacts` are (type, metric, result, unit). `submitted` is
    the same piece of its newest submitted version, where a returned one was edited since: others
    see that, and None says that they see what its author sees.
    """

    id: str
    title: str
    kind: str
    occurred_on: dt.date
    expires_on: dt.date | None
    state: str
    visibility: str
    verified: bool
    milestones: tuple[str, ...]
    confirmed: frozenset[str]
    impacts: tuple[tuple[str, str, str, str], ...]
    submitted: CountedEvidence | None = None


def list_counted(session: Session, user_id: uuid.UUID) -> list[CountedEvidence]:
    """All pieces of a person, oldest first, in one statement: it runs within every tick.

    The database answers with one JSON document, which is read once for as long as it stays the
    same: from one tick to the next a person's evidence seldom changes.
    """
    query = _counted_query(session.get_bind().dialect.name)
    document = session.execute(query, {"user_id": user_id}).scalar_one()
    return list(_parse_document(document or "[]"))


def list_counted_by_user(
    session: Session, people: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[CountedEvidence]]:
    """The same for many people, in one statement for each `many.PORTION` of them.

    Who has no evidence is not among them.
    """
    query = _counted_query(session.get_bind().dialect.name, many=True)
    return {
        user_id: list(_parse_document(document))
        for portion in batched(people)
        for user_id, document in session.execute(query, {"people": portion})
    }


@lru_cache(maxsize=64)
def _parse_document(document: str) -> tuple[CountedEvidence, ...]:
    # Sorted here, because not every SQLite takes an order within an aggregate.
    return tuple(_parse_row(*row) for _created_at, *row in sorted(json.loads(document)))


def _parse_row(
    piece_id: str,
    title: str,
    kind: str,
    occurred_on: str,
    expires_on: str | None,
    state: str,
    visibility: str,
    verified: bool,
    links: list[list[Any]] | None,
    impacts: list[list[Any]] | None,
    submitted: list[Any] | None,
) -> CountedEvidence:
    links = sorted(links or ())
    piece = CountedEvidence(
        _format_uuid(piece_id),
        title,
        kind,
        dt.date.fromisoformat(occurred_on),
        _parse_date(expires_on),
        state,
        visibility,
        bool(verified),
        tuple(key for _position, key, _confirmed in links),
        frozenset(key for _position, key, confirmed in links if confirmed),
        _parse_impacts(impacts),
    )
    return piece if submitted is None else replace(piece, submitted=_as_submitted(piece, submitted))


def _as_submitted(piece: CountedEvidence, version: list[Any]) -> CountedEvidence:
    kind, occurred_on, expires_on, impacts = version
    return replace(
        piece,
        kind=kind,
        occurred_on=dt.date.fromisoformat(occurred_on),
        expires_on=_parse_date(expires_on),
        impacts=_parse_impacts(impacts),
    )


def _parse_date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _parse_impacts(rows: list[list[Any]] | None) -> tuple[Any, ...]:
    return tuple(tuple(values) for _position, *values in sorted(rows or ()))


def _format_uuid(key: str) -> str:
    """SQLite keeps a UUID without its dashes."""
    if len(key) != 32:
        return key
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"


@lru_cache(maxsize=4)
def _counted_query(dialect: str, *, many: bool = False) -> sa.Select[Any]:
    """The statement of `counted`, or of `counted_of`.

    The two databases spell JSON aggregation differently.
    """
    rows: Any
    row: Any
    as_json: Any
    if dialect == "sqlite":
        rows, row, as_json = sa.func.json_group_array, sa.func.json_array, sa.func.json
    else:
        rows, row, as_json = sa.func.json_agg, sa.func.json_build_array, sa.func.coalesce

    links = (
        sa.select(
            rows(
                row(
                    EvidenceMilestone.position,
                    EvidenceMilestone.milestone_key,
                    Confirmation.review_id.is_not(None),
                )
            )
        )
        .select_from(EvidenceMilestone)
        .outerjoin(
            Confirmation,
            sa.and_(
                Confirmation.version_id == Evidence.verified_version_id,
                Confirmation.milestone_key == EvidenceMilestone.milestone_key,
            ),
        )
        .where(EvidenceMilestone.evidence_id == Evidence.id)
        .correlate(Evidence)
        .scalar_subquery()
    )

    def impacts(version: Any) -> sa.ScalarSelect[Any]:
        measures = row(Impact.position, Impact.type, Impact.metric, Impact.result, Impact.unit)
        return (
            sa.select(rows(measures))
            .where(Impact.version_id == version.id)
            .correlate(version)
            .scalar_subquery()
        )

    # Looked up for a returned piece alone: what waits or is verified was submitted as it counts,
    # and a draft has no other reader.
    last = aliased(EvidenceVersion)
    submitted = (
        # Text that is JSON stays nested only where the database is told so.
        sa.select(row(last.kind, last.occurred_on, last.expires_on, as_json(impacts(last))))
        .where(last.evidence_id == Evidence.id, last.was_submitted)
        .order_by(last.number.desc())
        .limit(1)
        .correlate(Evidence)
        .scalar_subquery()
    )
    edited = sa.and_(Evidence.state == "returned", sa.not_(EvidenceVersion.was_submitted))
    piece = row(
        Evidence.created_at,
        Evidence.id,
        Evidence.title,
        EvidenceVersion.kind,
        EvidenceVersion.occurred_on,
        EvidenceVersion.expires_on,
        Evidence.state,
        Evidence.visibility,
        Evidence.verified_version_id.is_not(None),
        as_json(links),
        as_json(impacts(EvidenceVersion)),
        as_json(sa.case((edited, submitted))),
    )
    whole = sa.cast(rows(piece), sa.Text)
    selected: Any = sa.select(Evidence.user_id, whole) if many else sa.select(whole)
    found: sa.Select[Any] = selected.select_from(Evidence).join(
        EvidenceVersion, EvidenceVersion.id == counting_version_id()
    )
    if many:
        people: Any = sa.bindparam("people", expanding=True)
        return found.where(Evidence.user_id.in_(people)).group_by(Evidence.user_id)
    return found.where(Evidence.user_id == sa.bindparam("user_id"))


def counting_version_id() -> sa.ColumnElement[Any]:
    """The last verified version counts until a newer one is judged; without one, the current."""
    return sa.func.coalesce(Evidence.verified_version_id, Evidence.current_id)


# --- One piece ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judgement:
    """A review: who said what about which version, what was confirmed, and its title then."""

    version: int
    decision: str
    reviewer: str
    comment: str
    decided_at: dt.datetime
    confirmed: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceDetail:
    """A piece with everything that its page shows."""

    evidence: Evidence
    versions: tuple[EvidenceVersion, ...]
    milestones: tuple[LinkableMilestone, ...]
    confirmed: frozenset[str]
    skills: tuple[tuple[str, str], ...]
    judgements: tuple[Judgement, ...]
    verified_number: int | None

    @property
    def counting(self) -> EvidenceVersion:
        """The version that counts: the last verified one, else the current."""
        numbers = {version.number: version for version in self.versions}
        return numbers.get(self.verified_number or 0, self.versions[0])

    @property
    def verifying_review(self) -> Judgement | None:
        """The last word for the version that is verified."""
        return next(
            (
                each
                for each in self.judgements
                if each.decision == "verified" and each.version == self.verified_number
            ),
            None,
        )

    @property
    def verified_title(self) -> str:
        """What it was called when it was verified, where it is called otherwise now; else ''."""
        title = self.verifying_review.title if self.verifying_review else ""
        return title if title != self.evidence.title else ""

    @property
    def left_out(self) -> frozenset[str]:
        """The milestones that were linked when it was verified, and were not confirmed."""
        word = self.verifying_review
        if word is None:
            return frozenset()
        linked = {
            row.milestone_key for row in self.evidence.links if row.created_at <= word.decided_at
        }
        return frozenset(linked - self.confirmed)


def load_detail(session: Session, evidence: Evidence) -> EvidenceDetail:
    """Everything about one piece that `access.load` handed out. Statements do not grow with it."""
    versions = tuple(
        session.scalars(
            sa.select(EvidenceVersion)
            .where(EvidenceVersion.evidence_id == evidence.id)
            .order_by(EvidenceVersion.number.desc())
            .options(selectinload(EvidenceVersion.impacts))
        )
    )
    numbers = {version.id: version.number for version in versions}
    reviews = session.scalars(
        sa.select(Review)
        .where(Review.evidence_id == evidence.id)
        .order_by(Review.decided_at.desc(), Review.id.desc())
    ).all()
    confirmations = session.execute(
        sa.select(
            Confirmation.version_id,
            Confirmation.review_id,
            Confirmation.milestone_key,
            Milestone.title,
        )
        .join(Milestone, Milestone.key == Confirmation.milestone_key)
        .where(Confirmation.version_id.in_(numbers))
        .order_by(Milestone.title)
    ).all()
    return EvidenceDetail(
        evidence=evidence,
        versions=versions,
        milestones=load_milestones(session, [row.milestone_key for row in evidence.links]),
        confirmed=frozenset(
            row.milestone_key
            for row in confirmations
            if row.version_id == evidence.verified_version_id
        ),
        skills=load_skill_titles(session, [row.skill_key for row in evidence.skills]),
        judgements=tuple(
            Judgement(
                version=numbers[review.version_id],
                decision=review.decision,
                reviewer=review.reviewer_name,
                comment=review.comment,
                decided_at=review.decided_at,
                confirmed=tuple(row.title for row in confirmations if row.review_id == review.id),
                title=review.title,
            )
            for review in reviews
        ),
        verified_number=(
            numbers.get(evidence.verified_version_id) if evidence.verified_version_id else None
        ),
    )
