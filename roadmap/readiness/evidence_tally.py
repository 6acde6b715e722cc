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
    # Rows of the release before have none.
    verifiers: list[int] = []


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


def count_evidence(content: Content, pieces: Iterable[Item], today: date) -> EvidenceTally:
    """Count the pieces that have not lapsed on a day (the person's own date)."""
    found = EvidenceTally()
    people = {"": NOBODY}
    for piece in pieces:
        if piece.has_lapsed(today):
            continue
        counted = piece.counted
        proved = proved_by(content, piece)
        for key in piece.milestones:
            found.tones.setdefault(key, EVIDENCED)
        for key in proved:
            found.tones[key] = VERIFIED
        impacts = [impact for impact in counted.impacts if impact.complete]
        tone = VERIFIED if proved else EVIDENCED
        for impact in impacts:
            found.impact_tones[impact.type] = max(tone, found.impact_tones.get(impact.type, 0))
        if proved:
            found.verified[counted.kind] += 1
            types = [impact.type for impact in impacts]
            baselines = [impact.type for impact in impacts if impact.has_baseline]
            verifier_of = {link.key: link.verifier for link in piece.links}
            verifiers = [people.setdefault(verifier_of[key], len(people)) for key in proved]
            proof = Proof(counted.kind, counted.occurred_on, proved, types, baselines, verifiers)
            found.proofs.append(proof)
        else:
            found.evidenced[counted.kind] += 1
        if counted.expires_on is not None and (last := counted.expires_on.last) < date.max:
            lapses_on = last + timedelta(days=1)
            found.lapses_on = min(lapses_on, found.lapses_on or lapses_on)
    return found


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
