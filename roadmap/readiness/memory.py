"""What a process remembers from one tick to the next, so that a tick counts only what it changed.

Three things, each recognised by what it was made from, so that nothing has to be thrown away when
something changes: a person's pieces as the rule is told them, what follows from facts other than
statuses, and a person's whole record.

A record is remembered under a name of its own, random and new at each refresh, which the refresh
writes into the summary row. Every write that changes a fact refreshes the row in its transaction,
so whoever holds the person's lock and reads that name there knows that nothing happened since:
in this process, in another one, or in a backup that was put back. The name of a transaction that
was rolled back is never read again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from roadmap.evidence.item import Audience, is_visible
from roadmap.evidence.queries import CountedEvidence
from roadmap.readiness.facts import Course, EvidenceFact, Facts, Impact
from roadmap.readiness.tally import StaticFacts, Tally

if TYPE_CHECKING:
    from roadmap.readiness.queries import PersonRecord

# Of people. With 200 pieces, which is a lot, each takes some 0.4 MB.
MOST_RECORDS, MOST_TOLD, MOST_GROUNDS = 100, 100, 200
_records: dict[uuid.UUID, tuple[str, PersonRecord]] = {}
_told: dict[tuple[int, ...], Told] = {}
_grounds: dict[tuple[Any, ...], tuple[Course, Facts, StaticFacts]] = {}


@dataclass(frozen=True, slots=True)
class Told:
    """A person's pieces as the rule is told them: to the person, and to everyone else.

    Where others see the same, `shared` is the very same tuple.
    """

    counted: tuple[CountedEvidence, ...]
    own: tuple[EvidenceFact, ...]
    shared: tuple[EvidenceFact, ...]


def told(pieces: Sequence[CountedEvidence]) -> Told:
    """The pieces as the rule is told them.

    Evidence hands out the same objects while nothing changed. They are held here, so that no other
    object can have their place in memory.
    """
    key = tuple(map(id, pieces))
    known = _told.get(key)
    if known is None:
        own = tuple(_told_of(piece) for piece in pieces)
        shared = own
        if not all(_is_shared(piece) and piece.submitted is None for piece in pieces):
            shared = tuple(
                to_author if piece.submitted is None else _told_of(piece.submitted)
                for piece, to_author in zip(pieces, own, strict=True)
                if _is_shared(piece)
            )
        known = Told(tuple(pieces), own, shared)
        _keep(_told, key, known, MOST_TOLD)
    return known


def _is_shared(piece: CountedEvidence) -> bool:
    return is_visible(piece.state, piece.visibility, Audience.MANAGER)


def _told_of(piece: CountedEvidence) -> EvidenceFact:
    return EvidenceFact(
        id=str(piece.id),
        title=piece.title,
        kind=piece.kind,
        occurred_on=piece.occurred_on,
        expires_on=piece.expires_on,
        state=piece.state,
        verified=piece.verified,
        milestones=piece.milestones,
        confirmed=piece.confirmed,
        impacts=tuple(Impact(*impact) for impact in piece.impacts),
        private=piece.visibility == "private",
    )


def tally(path: Course, facts: Facts, today: dt.date) -> Tally:
    """The facts counted; what does not follow from statuses as it was counted before."""
    key = (
        *(id(path), id(facts.pieces), today),
        *(frozenset(facts.self_levels.items()), frozenset(facts.other_levels.items())),
        *(facts.positions, facts.degrees),
    )
    known = _grounds.get(key)
    if known is None:
        known = (path, facts, StaticFacts(path, facts, today))
        _keep(_grounds, key, known, MOST_GROUNDS)
    return Tally(path, facts, today, known[2])


def remember_record(user_id: uuid.UUID, name: str, record: PersonRecord) -> None:
    """Keeps a record under the name that its refresh wrote down."""
    _records.pop(user_id, None)
    _keep(_records, user_id, (name, record), MOST_RECORDS)


def remembered_record(user_id: uuid.UUID) -> tuple[str, PersonRecord] | None:
    """The record of a person that was made last in this process, and its name."""
    return _records.get(user_id)


def _keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Keeps the newest: what came first goes first."""
    while len(kept) >= most:
        kept.pop(next(iter(kept)), None)
    kept[key] = value
