"""Convert an evaluation to the JSON values of a summary row. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from roadmap.readiness.evidence_tally import EvidenceTally
from roadmap.readiness.facts import Degree, Position
from roadmap.readiness.rules import Effort, evaluate, shown_verdict
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class CountedFacts:
    """Everything that counts on a day except milestone statuses, so status changes keep it valid.

    The evidence is counted for the person (`own`) and for everyone else; `shared` is None if they
    see as much.
    """

    self_levels: dict[str, int]
    other_levels: dict[str, int]
    positions: tuple[Position, ...]
    degrees: tuple[Degree, ...]
    own: EvidenceTally
    shared: EvidenceTally | None


@cache
def counted_facts_adapter() -> TypeAdapter[CountedFacts]:
    """Return what converts counted facts from and to JSON values."""
    from pydantic import TypeAdapter

    return TypeAdapter(CountedFacts)


def round_share(value: Fraction) -> float:
    """Round a share or points to four decimals, as the API returns them."""
    return float(round(value, 4))


def _effort_values(effort: Effort) -> dict[str, Any]:
    hours = effort.hours or 1
    return {
        "claimed": round(effort.claimed_hours / hours, 4),
        "evidenced": round(effort.evidenced_hours / hours, 4),
        "verified": round(effort.verified_hours / hours, 4),
        "hours": effort.hours,
        "claimed_hours": effort.claimed_hours,
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
        "progress": _effort_values(judged.overall),
        "stages": {key: _effort_values(effort) for key, effort in judged.stages.items()},
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
