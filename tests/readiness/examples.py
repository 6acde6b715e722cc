"""A minimal roadmap for worked examples: two milestones per stage, 10 h each, eight skills."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from roadmap.catalog.content import Content, Milestone, Objective, Skill, Stage
from roadmap.catalog.policy import Policy
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import CONTENT_FIELDS, Impact, Item, Link, draft_item
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.messages import KIND_NAMES

TODAY = date(2026, 6, 30)
STAGES = ("foundations", "experience", "education", "leadership", "visibility")
KEYS = tuple(f"{stage}{number}" for stage in STAGES for number in (1, 2))
SKILLS = (
    "ml_architecture",
    "deep_learning",
    "distributed_training",
    "mlops",
    "technical_direction",
    "mentoring",
    "communication",
    "strategy",
)
KINDS = tuple(KIND_NAMES)

SHIPPED: dict[str, Any] = {
    "weights": {"milestones": 40, "skills": 20, "evidence": 20, "impact": 10, "background": 10},
    "factors": {"claimed": 0.3, "evidenced": 0.6, "verified": 1, "self": 0.3, "other": 1},
    "stages": {
        "foundations": 15,
        "experience": 25,
        "education": 10,
        "leadership": 30,
        "visibility": 20,
    },
    "required_floor": 0.75,
    "optional_cap": 0.25,
    "evidence": [
        {
            "key": "design_docs",
            "title": "Design documents",
            "kinds": ["design_doc"],
            "count": 2,
            "points": 5,
        },
        {
            "key": "case_study",
            "title": "Case study",
            "kinds": ["case_study"],
            "count": 1,
            "points": 4,
        },
        {
            "key": "open_source",
            "title": "Open-source contribution",
            "kinds": ["open_source"],
            "count": 1,
            "points": 3,
        },
        {
            "key": "public_work",
            "title": "Public work",
            "kinds": ["blog_post", "talk", "publication"],
            "count": 2,
            "points": 4,
        },
        {"key": "mentoring", "title": "Mentoring", "kinds": ["mentoring"], "count": 1, "points": 2},
        {"key": "launch", "title": "Launch", "kinds": ["launch"], "count": 1, "points": 2},
    ],
    "impact": ["scale", "business", "team"],
    "background": {
        "years": 5,
        "years_alone": 10,
        "years_with_degree": 7,
        "degree": 3,
        "degrees": {"bachelor": 0.5, "master": 1, "doctorate": 1},
    },
    "gates": [
        {"key": "experience", "title": "Experience", "type": "years", "years": 5},
        {
            "key": "delivery",
            "title": "Delivery",
            "type": "stage_verified",
            "stage": "experience",
            "share": 0.6,
            "within_months": 72,
        },
        {
            "key": "leadership",
            "title": "Leadership",
            "type": "stage_verified",
            "stage": "leadership",
            "share": 0.6,
        },
        {
            "key": "design",
            "title": "Design",
            "type": "verified_pieces",
            "kinds": ["design_doc", "case_study"],
            "count": 2,
            "stages": ["experience", "leadership"],
        },
        {
            "key": "impact",
            "title": "Impact",
            "type": "verified_impacts",
            "types": ["scale", "business", "team"],
            "baseline": ["business", "team"],
        },
        {"key": "judged_by_others", "title": "Judged by others", "type": "skills_at_bar"},
        {
            "key": "sustained",
            "title": "Sustained",
            "type": "sustained",
            "stage": "leadership",
            "months": 4,
            "span_days": 180,
            "within_months": 36,
        },
    ],
    "verdicts": {
        "ready": {"score": 80, "standing": 0},
        "nearly": {"score": 65, "standing": 2},
        "under_way": {"score": 35},
        "claimed_not_proven": {"claimed": 32, "verified_share": 0.5},
    },
}


def shipped_policy(**changes: Any) -> Policy:
    """Return the shipped policy with some sections replaced."""
    return Policy.model_validate(copy.deepcopy(SHIPPED) | changes)


def content(**changes: Any) -> Content:
    """Return the roadmap of the worked examples, with some arguments of `roadmap` replaced."""
    arguments: dict[str, Any] = {
        "stages": tuple(stage(key, required=key != "education") for key in STAGES),
        "milestones": tuple(milestone(key) for key in KEYS),
        "skills": tuple(skill(key) for key in SKILLS),
        "policy": shipped_policy(),
    }
    return roadmap(**(arguments | changes))


def roadmap(
    stages: Sequence[Stage],
    milestones: Sequence[Milestone],
    skills: Sequence[Skill],
    policy: Policy,
) -> Content:
    """Build a roadmap smaller than the schema allows. Milestone keys start with the stage key."""
    filled = []
    for each in stages:
        mine = tuple(m for m in milestones if stage_key(m.key) == each.key)
        objective = Objective.model_construct(key=each.key, title=each.title, milestones=mine)
        filled.append(stage(each.key, required=each.required, objectives=(objective,)))
    return Content.model_construct(stages=tuple(filled), skills=tuple(skills), policy=policy)


def stage_key(milestone_key: str) -> str:
    """Return the stage key of an example milestone."""
    return milestone_key.rstrip("0123456789")


def stage(key: str, *, required: bool = True, objectives: tuple[Objective, ...] = ()) -> Stage:
    """Return a stage; `roadmap` adds its milestones."""
    return Stage.model_construct(
        key=key, title=key.capitalize(), required=required, objectives=objectives
    )


def skill(key: str, bar: int = 3) -> Skill:
    """Return a skill with its bar."""
    title = key.replace("_", " ").capitalize()
    group = "leadership" if key in SKILLS[4:] else "technical"
    return Skill.model_construct(key=key, title=title, group=group, bar=bar)


def milestone(key: str, **changes: Any) -> Milestone:
    """Return a 10-hour milestone of the stage in its key, which every evidence kind can prove."""
    fields: dict[str, Any] = {
        "key": key,
        "title": key.capitalize(),
        "hours": 10,
        "required": not key.startswith("education"),
        "evidence": KINDS,
        "after": (),
        "skills": (),
    }
    return Milestone.model_construct(**(fields | changes))


def piece(
    id: str,  # noqa: A002 - the field's own name
    kind: str,
    *milestones: str,
    verified: bool = False,
    **changes: Any,
) -> Item:
    """Return a draft linked to milestones; if verified, it is confirmed for each of them."""
    fields: dict[str, Any] = {
        "milestones": milestones,
        "state": "verified" if verified else "draft",
        "verified": verified,
        "confirmed": frozenset(milestones) if verified else frozenset(),
    }
    draft = draft_item(id, kind, date(2026, 5, 1))  # type: ignore[arg-type] # read as a name
    return change(replace(draft, title=f"Piece {id}"), **fields | changes)


def change(piece: Item, **changes: Any) -> Item:
    """Return the item with other content, links, confirmations, state or title."""
    keys = changes.pop("milestones", piece.milestones)
    confirmed = changes.pop("confirmed", piece.confirmed)
    verified = changes.pop("verified", piece.verified)
    content = {name: changes.pop(name) for name in CONTENT_FIELDS if name in changes}
    links = tuple(Link(key, verified and key in confirmed, key, piece.created_at) for key in keys)
    changed = replace(piece, links=links, verified_number=1 if verified else None, **changes)
    return changed.with_counted(**content)


def metric(impact_type: str) -> Impact:
    """Return a complete impact."""
    return Impact(impact_type, "Requests served", "100", result="200", unit="per second")


def done(*keys: str) -> dict[str, str]:
    """Return statuses with the given milestones done."""
    return dict.fromkeys(keys, "done")


def six_years() -> tuple[Position, ...]:
    """Return exactly six years of ML engineering up to and including `TODAY`."""
    return (Position("job", "ML engineer", date(2020, 7, 1), None, True),)


def masters_degree() -> tuple[Degree, ...]:
    """Return a master's degree."""
    return (Degree("msc", "MSc", "master"),)


def levels_at_bar() -> dict[str, int]:
    """Return levels with all eight skills at their bar."""
    return dict.fromkeys(SKILLS, 3)


PROVEN = (
    ("design_doc", "foundations1", "experience1", date(2025, 9, 10), "scale"),
    ("design_doc", "foundations2", "experience2", date(2025, 10, 10), "business"),
    ("case_study", "experience1", "education1", date(2025, 11, 10), None),
    ("open_source", "experience2", "education2", date(2025, 12, 10), "team"),
    ("blog_post", "education1", "visibility1", date(2026, 1, 10), None),
    ("talk", "education2", "visibility2", date(2026, 2, 10), None),
    ("mentoring", "visibility1", "foundations1", date(2026, 3, 10), None),
    ("launch", "visibility2", "foundations2", date(2026, 4, 10), None),
)


def proven_pieces() -> tuple[Item, ...]:
    """Return eight verified items, one per month, also confirmed for the leadership milestones."""
    return tuple(
        piece(
            f"p{number}",
            kind,
            "leadership1",
            "leadership2",
            first,
            second,
            verified=True,
            occurred_on=PartialDate(day),
            impacts=(metric(impact),) if impact else (),
        )
        for number, (kind, first, second, day, impact) in enumerate(PROVEN, 1)
    )


def proven_facts() -> Facts:
    """Return facts that satisfy the whole shipped policy with evidence."""
    return Facts(
        statuses=done(*KEYS),
        pieces=proven_pieces(),
        other_levels=levels_at_bar(),
        positions=six_years(),
    )
