"""What the kept row holds, made from the rule's judgement. Pure."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from roadmap.readiness.facts import Course, Facts
from roadmap.readiness.rules import Progress, assess


def share(value: Fraction) -> float:
    """A share or a number of points, to four decimals, as the API shows them."""
    return round(float(value), 4)


def _progress(progress: Progress) -> dict[str, Any]:
    return {
        "claimed": share(progress.claimed),
        "evidenced": share(progress.evidenced),
        "verified": share(progress.verified),
        "hours": progress.hours,
        "claimed_hours": progress.claimed_hours,
    }


def digest(course: Course, facts: Facts, today: dt.date) -> dict[str, Any]:
    """The judgement as the JSON values that are kept."""
    judged = assess(course, facts, today)
    return {
        "score": share(judged.score),
        "verdict": judged.verdict,
        "claimed_not_proven": judged.claimed_not_proven,
        "parts": [
            {"key": part.key, "points": share(part.points), "maximum": share(part.maximum)}
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
            for skill in course.skills
        },
    }
