"""Turn an evaluation into the JSON values of a summary row. Pure."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from roadmap.readiness.facts import Facts
from roadmap.readiness.rules import Progress, evaluate_tally
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


def round_share(value: Fraction) -> float:
    """Round a share or points to four decimals, as the API shows them."""
    return round(float(value), 4)


def _progress(progress: Progress) -> dict[str, Any]:
    hours = progress.hours or 1
    return {
        "claimed": round(progress.claimed_hours / hours, 4),
        "evidenced": round(progress.evidenced_hours / hours, 4),
        "verified": round(progress.verified_hours / hours, 4),
        "hours": progress.hours,
        "claimed_hours": progress.claimed_hours,
    }


def summarize(content: Content, facts: Facts, today: dt.date) -> dict[str, Any]:
    """Evaluate facts, and return the values that one half of a summary row holds."""
    return summarize_tally(Tally(content, facts, today))


def summarize_tally(tally: Tally) -> dict[str, Any]:
    """Return the same for facts that are counted already."""
    content, facts = tally.content, tally.facts
    judged = evaluate_tally(tally)
    return {
        "score": round_share(judged.score),
        "verdict": judged.verdict,
        "claimed_not_proven": judged.claimed_not_proven,
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
