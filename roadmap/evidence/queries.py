"""Reading one item with its history, and the judgements of many."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone
from roadmap.core.batches import batched
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.linkable_milestones import (
    LinkableMilestone,
    load_milestones,
    load_skill_titles,
)
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    Impact,
    Review,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A review of one version, with the title that the item had then.

    `confirmed` holds the titles of the milestones that it confirmed.
    """

    version: int
    decision: str
    reviewer: str
    comment: str
    decided_at: dt.datetime
    title: str
    confirmed: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class EvidenceDetail:
    """An item as its page shows it to one audience; judgements come newest first."""

    item: Item
    milestones: tuple[LinkableMilestone, ...]
    skills: tuple[tuple[str, str], ...]
    judgements: tuple[Judgement, ...]

    @property
    def verifying_review(self) -> Judgement | None:
        """Return the latest review that verified the version which is verified now."""
        for judgement in self.judgements:
            if judgement.decision == "verified" and judgement.version == self.item.verified_number:
                return judgement
        return None

    @property
    def verified_title(self) -> str:
        """Return the title under which it was verified where it has another one now, else ''."""
        title = self.verifying_review.title if self.verifying_review else ""
        return title if title != self.item.title else ""

    @property
    def left_out(self) -> frozenset[str]:
        """Return the milestones that were linked when it was verified and were not confirmed."""
        review = self.verifying_review
        if review is None:
            return frozenset()
        return frozenset(
            link.key
            for link in self.item.links
            if link.linked_at <= review.decided_at and not link.confirmed
        )


def load_detail(
    session: Session, audience: Audience, evidence_id: uuid.UUID
) -> EvidenceDetail | None:
    """Load everything about one item that an audience sees; None where it does not see it.

    The caller checks that the reader may see evidence of this person at all.
    """
    item = load_item(session, audience, evidence_id)
    if item is None:
        return None
    return EvidenceDetail(
        item=item,
        milestones=load_milestones(session, item.milestones),
        skills=load_skill_titles(session, item.skills),
        judgements=tuple(load_judgements(session, [item.id])[item.id]),
    )


def load_judgements(
    session: Session, ids: Collection[uuid.UUID], *, latest_only: bool = False
) -> dict[uuid.UUID, list[Judgement]]:
    """Load the reviews of each of these items, newest first. Two statements."""
    ranked = (
        sa.select(
            Review.id,
            Review.evidence_id,
            EvidenceVersion.number,
            Review.decision,
            Review.reviewer_name,
            Review.comment,
            Review.decided_at,
            Review.title,
            sa.func.row_number()
            .over(
                partition_by=Review.evidence_id,
                order_by=(Review.decided_at.desc(), Review.id.desc()),
            )
            .label("place"),
        )
        .join(EvidenceVersion, EvidenceVersion.id == Review.version_id)
        .where(Review.evidence_id.in_(ids))
        .subquery()
    )
    query = sa.select(ranked).order_by(ranked.c.place)
    rows = session.execute(query.where(ranked.c.place == 1) if latest_only else query).all()
    confirmed: dict[uuid.UUID, list[str]] = defaultdict(list)
    for review_id, title in session.execute(
        sa.select(Confirmation.review_id, Milestone.title)
        .join(Milestone, Milestone.key == Confirmation.milestone_key)
        .where(Confirmation.review_id.in_([row.id for row in rows]))
        .order_by(Milestone.title)
    ):
        confirmed[review_id].append(title)
    found: dict[uuid.UUID, list[Judgement]] = {key: [] for key in ids}
    values: Any
    for review_id, evidence_id, *values, _place in rows:
        found[evidence_id].append(Judgement(*values, confirmed=tuple(confirmed[review_id])))
    return found


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
