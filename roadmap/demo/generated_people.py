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
    chance = random.Random(f"{seed} crowd")  # noqa: S311 (reproducible by seed)
    material, taken = load_story("crowd"), set[str]()
    found = []
    for _place in range(count):
        first, last = chance.choice(material["first_names"]), chance.choice(material["last_names"])
        key = plain = f"{first}.{last}".lower()
        number = 2
        while key in taken:
            key, number = f"{plain}{number}", number + 1
        taken.add(key)
        joined, headline = chance.randint(60, 395), chance.choice(HEADLINES)
        name, who = f"{first} {last}", "generated engineer"
        found.append(DemoPerson(key, name, who, joined, TEAM, headline))
    return tuple(found)


def generate_story(person: DemoPerson, content: Content, seed: int) -> dict[str, Any]:
    """Generate this person's story since they joined."""
    chance = random.Random(f"{seed} {person.key} story")  # noqa: S311 (reproducible by seed)
    begun, diligence = person.joined - 1, chance.uniform(0.1, 0.8)
    evidence = list(_evidence(chance, begun, diligence))
    return {
        "enrolled": {
            "ago": begun,
            "target_ahead": chance.choice((None, 180, 365, 540)),
            "hours_per_week": chance.choice((2, 3, 4, 5, 6, 8)),
        },
        "background": list(_background(chance, begun)),
        "statuses": list(_statuses(chance, content, begun, diligence, evidence)),
        "evidence": evidence,
        "assessments": list(_assessments(chance, content, begun, diligence)),
    }


def _background(chance: random.Random, begun: int) -> Iterator[dict[str, Any]]:
    years = chance.randint(0, 8)
    if years:
        employer = chance.choice(load_story("crowd")["employers"])
        started_on = begun + years * 365 - chance.randint(0, 200)
        position = {"title": "Machine learning engineer", "employer": employer, "is_ml": True}
        yield {"ago": begun, "what": "position", "started_on": started_on, **position}
    if chance.random() < 0.7:
        yield {
            "ago": begun,
            "what": "degree",
            "level": chance.choice(("bachelor", "master", "master", "doctorate")),
            "field": chance.choice(("Computer science", "Statistics", "Physics")),
            "institution": "Vettern Institute of Technology",
            "awarded_on": begun + years * 365 + 60,
        }


def _evidence(chance: random.Random, begun: int, diligence: float) -> Iterator[dict[str, Any]]:
    material = load_story("crowd")
    templates = material["pieces"]
    for place, template in enumerate(chance.sample(templates, round(diligence * len(templates)))):
        system = chance.choice(material["systems"])
        before = chance.randint(*template["range"])
        after = max(1, round(before * chance.uniform(*template["share"])))
        placeholders = {"system": system, "before": before, "after": after}
        title = template["title"].format(**placeholders)
        written = chance.randint(12, begun - 1)
        piece = {
            "name": str(place),
            "kind": template["kind"],
            "title": title[0].upper() + title[1:],
            "happened": written + chance.randint(1, 6),
            "url": f"https://docs.example.com/forecasting/{template['kind']}-{before}",
            "milestones": template["milestones"],
            "skills": template["skills"],
            "description": template["description"].format(**placeholders),
            "visibility": chance.choice(("portfolio", "portfolio", "portfolio", "team", "private")),
        }
        if impact := template.get("impact"):
            piece["impacts"] = [{**impact, "baseline": f"{before:,}", "result": f"{after:,}"}]
        steps = [{"ago": written, "do": "create"}]
        if piece["visibility"] != "private" and chance.random() < 0.85:
            steps += _review(chance, written)
        yield {**piece, "steps": steps}


def _review(chance: random.Random, written: int) -> Iterator[dict[str, Any]]:
    (outcome,) = chance.choices(tuple(REVIEW_OUTCOMES), weights=tuple(REVIEW_OUTCOMES.values()))
    yield {"ago": written - 2, "do": "submit"}
    if outcome != "submitted":
        yield {"ago": written - 5, "do": "take_up"}
    if outcome in ("verified", "returned"):
        comment = chance.choice(load_story("crowd")["comments"][outcome])
        yield {"ago": written - 6, "do": outcome, "comment": comment}


def _statuses(
    chance: random.Random,
    content: Content,
    begun: int,
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
            elif chance.random() < share:
                yield {"ago": chance.randint(1, begun), "done": [key]}
            elif chance.random() < 0.06:
                yield {"ago": chance.randint(1, begun), "in_progress": [key]}


def _assessments(
    chance: random.Random, content: Content, begun: int, diligence: float
) -> Iterator[dict[str, Any]]:
    own = {
        skill.key: min(4, round(chance.uniform(0, 2) + 3 * diligence)) for skill in content.skills
    }
    yield {"ago": chance.randint(1, begun), "side": "self", "levels": own}
    if chance.random() < 0.6:
        other = {
            key: max(0, min(4, level + chance.choice((-2, -1, 0, 0, 1))))
            for key, level in own.items()
            if chance.random() < 0.8
        }
        yield {"ago": chance.randint(1, begun), "side": "manager", "levels": other}
