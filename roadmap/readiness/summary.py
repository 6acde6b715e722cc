"""Convert an evaluation to the JSON values of a summary row. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from roadmap.readiness.evidence_tally import EvidenceTally
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.rules import Progress, evaluate, shown_verdict
from roadmap.readiness.tally import Tally


@dataclass(frozen=True, slots=True)
class CountedFacts:
    """Everything that counts on a day except milestone statuses, so status changes keep it valid.

    `facts` has neither statuses nor pieces. The evidence is counted for the person (`own`) and for
    everyone else (`shared`, the same object if they see as much).
    """

    facts: Facts
    own: EvidenceTally
    shared: EvidenceTally

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        facts = self.facts
        return {
            "self_levels": facts.self_levels,
            "other_levels": facts.other_levels,
            "positions": [
                (
                    each.id,
                    each.title,
                    str(each.started_on),
                    each.ended_on and str(each.ended_on),
                    each.is_ml,
                )
                for each in facts.positions
            ],
            "degrees": [(each.id, each.title, each.level) for each in facts.degrees],
            "own": self.own.to_json(),
            "shared": None if self.shared is self.own else self.shared.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CountedFacts:
        """Create the facts from the values of `to_json`."""
        own = EvidenceTally.from_json(values["own"])
        day = dt.date.fromisoformat
        facts = Facts(
            self_levels=values["self_levels"],
            other_levels=values["other_levels"],
            positions=tuple(
                Position(key, title, day(start), day(end) if end else None, is_ml)
                for key, title, start, end, is_ml in values["positions"]
            ),
            degrees=tuple(Degree(*each) for each in values["degrees"]),
        )
        shared = values["shared"]
        return cls(facts, own, EvidenceTally.from_json(shared) if shared else own)


def round_share(value: Fraction) -> float:
    """Round a share or points to four decimals, as the API returns them."""
    return float(round(value, 4))


def _progress(progress: Progress) -> dict[str, Any]:
    hours = progress.hours or 1
    return {
        "claimed": round(progress.claimed_hours / hours, 4),
        "evidenced": round(progress.evidenced_hours / hours, 4),
        "verified": round(progress.verified_hours / hours, 4),
        "hours": progress.hours,
        "claimed_hours": progress.claimed_hours,
    }


def summarize(tally: Tally) -> dict[str, Any]:
    """Evaluate facts and return the value of `own` or `shared` in a summary row."""
    content, facts = tally.content, tally.facts
    judged = evaluate(tally)
    return {
        "score": round_share(judged.score),
        "verdict": judged.verdict,
        "claimed_not_proven": judged.claimed_not_proven,
        "not_yet_verified": judged.not_yet_verified,
        "parts": [
            {
                "key": part.key,
                "points": round_share(part.points),
                "maximum": round_share(part.maximum),
            }
            for part in judged.parts
        ],
        "standing": [gate.key for gate in judged.gates if not gate.passed],
        "tones": {key: tone for key, tone in judged.tones.items() if tone != "not_started"},
        "progress": _progress(judged.overall),
        "stages": {key: _progress(progress) for key, progress in judged.stages.items()},
        "skills": {
            skill.key: {
                "self": facts.self_levels.get(skill.key),
                "other": facts.other_levels.get(skill.key),
            }
            for skill in content.skills
        },
    }


def summary_verdict(summary: Mapping[str, Any]) -> str:
    """Return the shown verdict of a summary."""
    return shown_verdict(
        summary["verdict"], summary["claimed_not_proven"], summary["not_yet_verified"]
    )
