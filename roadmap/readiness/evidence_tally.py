"""Count a person's evidence against a roadmap, for one audience. Pure.

Nothing here depends on the statuses of milestones. So what is counted is stored in the summary row,
and a tick judges from there instead of reading every piece again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Item

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

CLAIMED, EVIDENCED, VERIFIED = 0, 1, 2
NOBODY = -1


class Proof(NamedTuple):
    """A piece that counts as verified, with the milestones that it proves.

    `impacts` are the types of its complete metrics, `baselines` those that name a value before.
    `verifiers` are numbers that tell apart who confirmed each of the milestones, in their order;
    `NOBODY` for a confirmation that a next step only imagines.
    """

    kind: str
    occurred_on: PartialDate
    milestones: list[str]
    impacts: list[str]
    baselines: list[str]
    verifiers: list[int]


@dataclass(slots=True)
class EvidenceTally:
    """What counts of a person's evidence on a day.

    `tones` are those that evidence lends to milestones, done or not; `evidenced` and `verified` are
    numbers of pieces by kind; `impact_tones` the best tone of a complete metric, by its type.
    `lapses_on` is the first day on which one of the pieces counts no more.
    """

    tones: dict[str, int] = field(default_factory=dict)
    evidenced: Counter[str] = field(default_factory=Counter)
    verified: Counter[str] = field(default_factory=Counter)
    impact_tones: dict[str, int] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)
    lapses_on: date | None = None

    @property
    def has_pieces(self) -> bool:
        """Tell whether any piece counts."""
        return bool(self.evidenced or self.verified)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**values, "lapses_on": self.lapses_on.isoformat() if self.lapses_on else None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EvidenceTally:
        """Return what `to_json` was made from."""
        lapses_on = values["lapses_on"]
        return cls(
            tones=values["tones"],
            evidenced=Counter(values["evidenced"]),
            verified=Counter(values["verified"]),
            impact_tones=values["impact_tones"],
            proofs=[Proof(kind, PartialDate(day), *more) for kind, day, *more in values["proofs"]],
            lapses_on=date.fromisoformat(lapses_on) if lapses_on else None,
        )


Lent = tuple[str, str, int]
"""What a piece lends: a tone to a milestone or an impact type, or one to the number of its kind."""


class Share(NamedTuple):
    """What one piece that has not lapsed adds to the count."""

    lends: tuple[Lent, ...]
    proof: Proof | None
    lapses_on: date | None


class EvidenceCounts:
    """The pieces that have not lapsed on a day (the person's own date), counted.

    One of them can be taken away, changed or added without counting all again: an explanation tries
    that for each of perhaps thousands.
    """

    def __init__(self, content: Content, pieces: Iterable[Item], today: date) -> None:
        self._content, self._today = content, today
        self._people = {"": NOBODY}
        counted = [(str(piece.id), share) for piece in pieces if (share := self._share(piece))]
        # What is loaded for figures alone has no ids: none of it is tried in another way.
        self._shares = dict(counted)
        self._lent = Counter(lent for _key, share in counted for lent in share.lends)
        self._proofs = [share.proof for _key, share in counted if share.proof]
        self.tally = _tally(self._lent, self._proofs)
        ends = (share.lapses_on for _key, share in counted if share.lapses_on)
        self.tally.lapses_on = min(ends, default=None)

    def with_piece(self, piece: Item) -> EvidenceTally:
        """Return the count with a piece added, or in place of the one with its id."""
        return self._changed(self._shares.get(str(piece.id)), self._share(piece))

    def without_piece(self, key: str) -> EvidenceTally:
        """Return the count without a piece."""
        return self._changed(self._shares.get(key), None)

    def loss_of(self, key: str) -> frozenset[Lent]:
        """Return what the score loses with a piece; equal for those that add the same."""
        share = self._shares.get(key)
        # What another piece lends in the same tone is not lost.
        return frozenset(
            lent
            for lent in (share.lends if share else ())
            if lent[0] == "kind" or self._lent[lent] == 1
        )

    def tones_of_one(self, key: str) -> set[str]:
        """Return the milestones that would have another tone without a piece."""
        return {
            name
            for of, name, tone in self.loss_of(key)
            if of == "milestone" and tone == self.tally.tones[name]
        }

    def _share(self, piece: Item) -> Share | None:
        """Return what a piece adds, None where it has lapsed."""
        if piece.has_lapsed(self._today):
            return None
        counted = piece.counted
        proved = proved_by(self._content, piece)
        tone = VERIFIED if proved else EVIDENCED
        tones = dict.fromkeys(piece.milestones, EVIDENCED) | dict.fromkeys(proved, VERIFIED)
        impacts = [impact for impact in counted.impacts if impact.complete]
        lends = (
            ("kind", counted.kind, tone),
            *(("milestone", key, of_milestone) for key, of_milestone in tones.items()),
            *(("impact", name, tone) for name in {impact.type for impact in impacts}),
        )
        proof = None
        if proved:
            verifier_of, people = {link.key: link.verifier for link in piece.links}, self._people
            proof = Proof(
                counted.kind,
                counted.occurred_on,
                proved,
                [impact.type for impact in impacts],
                [impact.type for impact in impacts if impact.has_baseline],
                [people.setdefault(verifier_of[key], len(people)) for key in proved],
            )
        lapses_on = None
        if counted.expires_on is not None and (last := counted.expires_on.last) < date.max:
            lapses_on = last + timedelta(days=1)
        return Share(lends, proof, lapses_on)

    def _changed(self, old: Share | None, new: Share | None) -> EvidenceTally:
        """Return the count with one share in place of another; of `lapses_on` it says nothing."""
        lent, proofs = self._lent.copy(), self._proofs
        if old:
            lent.subtract(old.lends)
            if old.proof:
                proofs = [proof for proof in proofs if proof is not old.proof]
        if new:
            lent.update(new.lends)
            if new.proof:
                proofs = [*proofs, new.proof]
        return _tally(lent, proofs)


def _tally(lent: Mapping[Lent, int], proofs: list[Proof]) -> EvidenceTally:
    tally = EvidenceTally(proofs=proofs)
    for (of, name, tone), count in lent.items():
        if count and of == "kind":
            (tally.verified if tone == VERIFIED else tally.evidenced)[name] = count
        elif count:
            best = tally.tones if of == "milestone" else tally.impact_tones
            best[name] = max(tone, best.get(name, 0))
    return tally


def count_evidence(content: Content, pieces: Iterable[Item], today: date) -> EvidenceTally:
    """Count the pieces that have not lapsed on a day (the person's own date)."""
    return EvidenceCounts(content, pieces, today).tally


def proved_by(content: Content, piece: Item) -> list[str]:
    """Return the linked milestones that a piece was confirmed for and that its kind proves.

    One of another roadmap is taken to be proven, because its kinds are not known here.
    """
    known, kind = content.by_key, piece.counted.kind
    return [
        link.key
        for link in piece.links
        if link.confirmed and (link.key not in known or kind in known[link.key].evidence)
    ]
