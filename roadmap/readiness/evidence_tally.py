"""Count a person's evidence against a roadmap, for one audience. Pure.

The result does not depend on milestone statuses. It is stored in the summary row, so that a status
change can be evaluated without loading every piece again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Item, Link

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

CLAIMED, EVIDENCED, VERIFIED = 0, 1, 2
NO_VERIFIER = -1


class Proof(NamedTuple):
    """A piece that counts as verified, with the milestones that it proves.

    `impacts` are the types of its complete metrics, `baselines` those that have a value before.
    `verifiers` has a number for each milestone in order, the same for the same verifier;
    `NO_VERIFIER` for a hypothetical confirmation in a next step.
    """

    kind: str
    occurred_on: PartialDate
    milestones: list[str]
    impacts: list[str]
    baselines: list[str]
    verifiers: list[int]


@dataclass(slots=True)
class EvidenceTally:
    """What a person's evidence counts for on a given day.

    `tones` are the tones of milestones by evidence, whether done or not; `evidenced` and `verified`
    are numbers of pieces by kind; `impact_tones` has the best tone of a complete metric by type.
    `lapses_on` is the first day on which one of the pieces no longer counts.
    """

    tones: dict[str, int] = field(default_factory=dict)
    evidenced: Counter[str] = field(default_factory=Counter)
    verified: Counter[str] = field(default_factory=Counter)
    impact_tones: dict[str, int] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)
    lapses_on: date | None = None

    @property
    def has_pieces(self) -> bool:
        """Return whether any piece counts."""
        return bool(self.evidenced or self.verified)


TallyEntry = tuple[str, str, int]
"""An entry of a piece: ("milestone" or "impact" or "kind", key or name, tone)."""


class Contribution(NamedTuple):
    """What one piece that has not lapsed adds to the count."""

    entries: tuple[TallyEntry, ...]
    proof: Proof | None


class EvidenceCounts:
    """The counted pieces that have not lapsed on a day (in the person's time zone).

    A single piece can be removed, changed or added without a full recount, because an explanation
    does that for each piece, and there may be thousands.
    """

    def __init__(self, content: Content, pieces: Iterable[Item], today: date) -> None:
        self._content, self._people = content, {"": NO_VERIFIER}
        pieces = [piece for piece in pieces if not piece.has_lapsed(today)]
        counted = [(str(piece.id), self._contribution(piece)) for piece in pieces]
        # Pieces loaded only for figures have no ids; they are never replaced or removed.
        self._contributions = dict(counted)
        self._entries = Counter(entry for _key, each in counted for entry in each.entries)
        self._proofs = [each.proof for _key, each in counted if each.proof]
        self.tally = _tally(self._entries, self._proofs)
        ends = (each.counted.expires_on.last for each in pieces if each.counted.expires_on)
        if (last := min(ends, default=date.max)) < date.max:
            self.tally.lapses_on = last + timedelta(days=1)

    def with_piece(self, piece: Item) -> EvidenceTally:
        """Return the count with a piece added, or with the piece of the same id replaced."""
        return self._changed(self._contributions.get(str(piece.id)), self._contribution(piece))

    def without_piece(self, key: str) -> EvidenceTally:
        """Return the count without a piece."""
        return self._changed(self._contributions.get(key), None)

    def entries_lost_without(self, key: str) -> frozenset[TallyEntry]:
        """Return the entries that only this piece provides; equal sets have equal effects."""
        removed = self._contributions.get(key)
        # An entry is not lost if another piece provides it in the same tone.
        return frozenset(
            entry
            for entry in (removed.entries if removed else ())
            if entry[0] == "kind" or self._entries[entry] == 1
        )

    def milestones_depending_on(self, key: str) -> set[str]:
        """Return the milestones whose tone would change without a piece."""
        return {
            name
            for of, name, tone in self.entries_lost_without(key)
            if of == "milestone" and tone == self.tally.tones[name]
        }

    def _contribution(self, piece: Item) -> Contribution:
        counted, people = piece.counted, self._people
        links = proving_links(self._content, piece)
        proved = [link.key for link in links]
        tone = VERIFIED if proved else EVIDENCED
        tones = dict.fromkeys(piece.milestones, EVIDENCED) | dict.fromkeys(proved, VERIFIED)
        impacts = [impact for impact in counted.impacts if impact.is_complete]
        entries = (
            ("kind", counted.kind, tone),
            *(("milestone", key, of_milestone) for key, of_milestone in tones.items()),
            *(("impact", name, tone) for name in {impact.type for impact in impacts}),
        )
        proof = None
        if proved:
            proof = Proof(
                counted.kind,
                counted.occurred_on,
                proved,
                [impact.type for impact in impacts],
                [impact.type for impact in impacts if impact.has_baseline],
                [people.setdefault(link.verifier, len(people)) for link in links],
            )
        return Contribution(entries, proof)

    def _changed(self, old: Contribution | None, new: Contribution | None) -> EvidenceTally:
        """Return the count with one contribution replaced; `lapses_on` is not set."""
        counts, proofs = self._entries.copy(), self._proofs
        if old:
            counts.subtract(old.entries)
            if old.proof:
                proofs = [proof for proof in proofs if proof is not old.proof]
        if new:
            counts.update(new.entries)
            if new.proof:
                proofs = [*proofs, new.proof]
        return _tally(counts, proofs)


def _tally(counts: Mapping[TallyEntry, int], proofs: list[Proof]) -> EvidenceTally:
    tally = EvidenceTally(proofs=proofs)
    for (of, name, tone), count in counts.items():
        if count and of == "kind":
            (tally.verified if tone == VERIFIED else tally.evidenced)[name] = count
        elif count:
            best = tally.tones if of == "milestone" else tally.impact_tones
            best[name] = max(tone, best.get(name, 0))
    return tally


def count_evidence(content: Content, pieces: Iterable[Item], today: date) -> EvidenceTally:
    """Count the pieces that have not lapsed on a day (in the person's time zone)."""
    return EvidenceCounts(content, pieces, today).tally


def proving_links(content: Content, piece: Item) -> list[Link]:
    """Return the links to milestones for which a piece is confirmed and of a kind they accept.

    Milestones of other roadmaps count as proven, because their accepted kinds are not known here.
    """
    known, kind = content.by_key, piece.counted.kind
    return [
        link
        for link in piece.links
        if link.confirmed and (link.key not in known or kind in known[link.key].evidence)
    ]
