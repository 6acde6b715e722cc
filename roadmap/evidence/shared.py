"""Evidence as the managers of its author see it: what was submitted, never what was only saved.

A piece is shared while it is not private and submitted or later. Of its substance they see the
newest version that was submitted: a piece that was returned and edited since shows what was
returned, until its author submits it again. Title, visibility and links belong to the piece, not
to a version, so they are as they stand.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.evidence import audience_sql
from roadmap.evidence.item import Audience, Impact
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
)
from roadmap.evidence.models import Impact as ImpactRow


@dataclass(frozen=True, slots=True)
class SharedPiece:
    """A piece as a line of what its author shares: the newest submitted version of it.

    `number` is that version's, `verified_number` the last verified one's, which counts meanwhile;
    `lapses_on` and `counted_kind` are of the one that counts. `milestones` in the author's order,
    `confirmed` those of them that the verified version was confirmed for.
    """

    id: uuid.UUID
    title: str
    visibility: str
    state: str
    submitted_at: dt.datetime | None
    version_id: uuid.UUID
    number: int
    kind: str
    occurred_on: dt.date
    url: str
    lapses_on: dt.date | None
    counted_kind: str
    verified_number: int | None
    milestones: tuple[str, ...] = ()
    confirmed: frozenset[str] = frozenset()
    impacts: tuple[Impact, ...] = ()

    def proves(self, milestone: str, kinds: Collection[str]) -> bool:
        """Whether it was confirmed for a milestone that these kinds prove."""
        return milestone in self.confirmed and self.counted_kind in kinds

    def tone(self, today: dt.date) -> str:
        """One of `listing.TONES`: what has lapsed counts for nothing."""
        if self.lapses_on is not None and self.lapses_on < today:
            return "lapsed"
        return "verified" if self.verified_number is not None else "evidenced"


def is_shared() -> sa.ColumnElement[bool]:
    """Return the condition that managers see the item."""
    return audience_sql.is_visible(Audience.MANAGER)


def submitted_version_id() -> sa.ScalarSelect[Any]:
    """The id of the newest version of an `Evidence` row that was submitted, within its query."""
    version = aliased(EvidenceVersion)
    return (
        sa.select(version.id)
        .where(version.evidence_id == Evidence.id, version.was_submitted)
        .order_by(version.number.desc())
        .limit(1)
        .correlate(Evidence)
        .scalar_subquery()
    )


def shared_pieces(session: Session, person_id: uuid.UUID) -> tuple[SharedPiece, ...]:
    """The pieces that a person shares with their managers, the latest first. Two statements."""
    verified = aliased(EvidenceVersion)
    rows = session.execute(
        sa.select(
            Evidence.id,
            Evidence.title,
            Evidence.visibility,
            Evidence.state,
            Evidence.submitted_at,
            EvidenceVersion.id,
            EvidenceVersion.number,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.url,
            # Of the version that counts, expiring or not.
            sa.case(
                (verified.id.is_not(None), verified.expires_on), else_=EvidenceVersion.expires_on
            ),
            sa.func.coalesce(verified.kind, EvidenceVersion.kind),
            verified.number,
            ImpactRow.type,
            ImpactRow.metric,
            ImpactRow.baseline,
            ImpactRow.result,
            ImpactRow.unit,
            ImpactRow.source_url,
        )
        .select_from(Evidence)
        .join(EvidenceVersion, EvidenceVersion.id == submitted_version_id())
        .outerjoin(verified, verified.id == Evidence.verified_version_id)
        .outerjoin(ImpactRow, ImpactRow.version_id == EvidenceVersion.id)
        .where(Evidence.user_id == person_id, is_shared())
        .order_by(EvidenceVersion.occurred_on.desc(), Evidence.id.desc(), ImpactRow.position)
    )
    pieces: dict[uuid.UUID, SharedPiece] = {}
    impacts: dict[uuid.UUID, list[Impact]] = {}
    for row in rows:
        values: Any = tuple(row)
        pieces.setdefault(row[0], SharedPiece(*values[:13]))
        if row[13] is not None:
            impacts.setdefault(row[0], []).append(Impact(*values[13:]))
    links = _links(session, person_id)
    return tuple(
        replace(
            piece,
            milestones=tuple(key for key, _confirmed in links.get(piece.id, ())),
            confirmed=frozenset(key for key, confirmed in links.get(piece.id, ()) if confirmed),
            impacts=tuple(impacts.get(piece.id, ())),
        )
        for piece in pieces.values()
    )


def _links(session: Session, person_id: uuid.UUID) -> dict[uuid.UUID, list[tuple[str, bool]]]:
    """The milestones of each shared piece, and whether each was confirmed."""
    rows = session.execute(
        sa.select(
            EvidenceMilestone.evidence_id,
            EvidenceMilestone.milestone_key,
            Confirmation.review_id.is_not(None),
        )
        .join(Evidence, Evidence.id == EvidenceMilestone.evidence_id)
        .outerjoin(
            Confirmation,
            sa.and_(
                Confirmation.version_id == Evidence.verified_version_id,
                Confirmation.milestone_key == EvidenceMilestone.milestone_key,
            ),
        )
        .where(Evidence.user_id == person_id, is_shared())
        .order_by(EvidenceMilestone.position)
    )
    links: dict[uuid.UUID, list[tuple[str, bool]]] = {}
    for piece_id, key, confirmed in rows:
        links.setdefault(piece_id, []).append((key, bool(confirmed)))
    return links
