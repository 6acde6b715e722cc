"""Generate engineers with stories for long lists and benchmarks, reproducibly by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from roadmap.demo.cast import DemoPerson
from roadmap.demo.story import load_story

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

TEAM = "forecasting"
HEADLINES = ("Data scientist", "Data engineer", "Machine learning engineer", "ML platform engineer")
# Weights of the current states of submitted pieces.
REVIEW_OUTCOMES = {"verified": 6, "submitted": 2, "in_review": 1, "returned": 1}


def generate_people(count: int, seed: int) -> tuple[DemoPerson, ...]:
    """Generate people for the team Forecasting, each with a unique address."""
    rng = random.Random(f"{seed} crowd")  # noqa: S311 (reproducible by seed)
    material, taken = load_story("crowd"), set[str]()
    found = []
    for _place in range(count):
        first, last = rng.choice(material["first_names"]), rng.choice(material["last_names"])
        key = plain = f"{first}.{last}".lower()
        number = 2
        while key in taken:
            key, number = f"{plain}{number}", number + 1
        taken.add(key)
        joined, headline = rng.randint(60, 395), rng.choice(HEADLINES)
        name, who = f"{first} {last}", "generated engineer"
        found.append(DemoPerson(key, name, who, joined, TEAM, headline))
    return tuple(found)


def generate_story(person: DemoPerson, content: Content, seed: int) -> dict[str, Any]:
    """Generate this person's story since they joined."""
    rng = random.Random(f"{seed} {person.key} story")  # noqa: S311 (reproducible by seed)
    started_ago, diligence = person.joined - 1, rng.uniform(0.1, 0.8)
    evidence = list(_evidence(rng, started_ago, diligence))
    return {
        "enrolled": {
            "ago": started_ago,
            "target_ahead": rng.choice((None, 180, 365, 540)),
            "hours_per_week": rng.choice((2, 3, 4, 5, 6, 8)),
        },
        "background": list(_background(rng, started_ago)),
        "statuses": list(_statuses(rng, content, started_ago, diligence, evidence)),
        "evidence": evidence,
        "assessments": list(_assessments(rng, content, started_ago, diligence)),
    }


def _background(rng: random.Random, started_ago: int) -> Iterator[dict[str, Any]]:
    years = rng.randint(0, 8)
    if years:
        employer = rng.choice(load_story("crowd")["employers"])
        started_on = started_ago + years * 365 - rng.randint(0, 200)
        position = {"title": "Machine learning engineer", "employer": employer, "is_ml": True}
        yield {"ago": started_ago, "what": "position", "started_on": started_on, **position}
    if rng.random() < 0.7:
        yield {
            "ago": started_ago,
            "what": "degree",
            "level": rng.choice(("bachelor", "master", "master", "doctorate")),
            "field": rng.choice(("Computer science", "Statistics", "Physics")),
            "institution": "Vettern Institute of Technology",
            "awarded_on": started_ago + years * 365 + 60,
        }


def _evidence(rng: random.Random, started_ago: int, diligence: float) -> Iterator[dict[str, Any]]:
    material = load_story("crowd")
    templates = material["pieces"]
    for place, template in enumerate(rng.sample(templates, round(diligence * len(templates)))):
        system = rng.choice(material["systems"])
        before = rng.randint(*template["range"])
        after = max(1, round(before * rng.uniform(*template["share"])))
        placeholders = {"system": system, "before": before, "after": after}
        title = template["title"].format(**placeholders)
        written = rng.randint(12, started_ago - 1)
        piece = {
            "name": str(place),
            "kind": template["kind"],
            "title": title[0].upper() + title[1:],
            "happened": written + rng.randint(1, 6),
            "url": f"https://docs.example.com/forecasting/{template['kind']}-{before}",
            "milestones": template["milestones"],
            "skills": template["skills"],
            "description": template["description"].format(**placeholders),
            "visibility": rng.choice(("portfolio", "portfolio", "portfolio", "team", "private")),
        }
        if impact := template.get("impact"):
            piece["impacts"] = [{**impact, "baseline": f"{before:,}", "result": f"{after:,}"}]
        steps = [{"ago": written, "do": "create"}]
        if piece["visibility"] != "private" and rng.random() < 0.85:
            steps += _review(rng, written)
        yield {**piece, "steps": steps}


def _review(rng: random.Random, written: int) -> Iterator[dict[str, Any]]:
    (outcome,) = rng.choices(tuple(REVIEW_OUTCOMES), weights=tuple(REVIEW_OUTCOMES.values()))
    yield {"ago": written - 2, "do": "submit"}
    if outcome != "submitted":
        yield {"ago": written - 5, "do": "take_up"}
    if outcome in ("verified", "returned"):
        comment = rng.choice(load_story("crowd")["comments"][outcome])
        yield {"ago": written - 6, "do": outcome, "comment": comment}


def _statuses(
    rng: random.Random,
    content: Content,
    started_ago: int,
    diligence: float,
    evidence: list[dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Yield done milestones: those with evidence, and a random choice of others."""
    proven = {
        key: piece["steps"][0]["ago"] for piece in reversed(evidence) for key in piece["milestones"]
    }
    for number, stage in enumerate(content.stages):
        # Later stages have fewer completed milestones.
        share = diligence * 0.35 if number else diligence
        for key in (each.key for each in stage.milestones):
            if key in proven:
                yield {"ago": proven[key], "done": [key]}
            elif rng.random() < share:
                yield {"ago": rng.randint(1, started_ago), "done": [key]}
            elif rng.random() < 0.06:
                yield {"ago": rng.randint(1, started_ago), "in_progress": [key]}


def _assessments(
    rng: random.Random, content: Content, started_ago: int, diligence: float
) -> Iterator[dict[str, Any]]:
    own = {skill.key: min(4, round(rng.uniform(0, 2) + 3 * diligence)) for skill in content.skills}
    yield {"ago": rng.randint(1, started_ago), "side": "self", "levels": own}
    if rng.random() < 0.6:
        other = {
            key: max(0, min(4, level + rng.choice((-2, -1, 0, 0, 1))))
            for key, level in own.items()
            if rng.random() < 0.8
        }
        yield {"ago": rng.randint(1, started_ago), "side": "manager", "levels": other}
