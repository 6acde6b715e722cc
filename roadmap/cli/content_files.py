"""Every content file that comes with Cairn: the model that checks it, and the keys it may name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from roadmap.career_plans.content import CareerContent
from roadmap.catalog import files
from roadmap.catalog.content import Content
from roadmap.catalog.field_types import Model, Problem
from roadmap.catalog.role_fit import RoleFit
from roadmap.credentials.content import CredentialContent
from roadmap.market.content import Market
from roadmap.practice.content import QuestionBank
from roadmap.time_budget.content import SortingRules, TimeContent
from roadmap.tools.content import ToolContent

PACKAGE = Path(__file__).parents[1]
CAREER = "career_plans/content.yaml"
MODELS: dict[str, type[Model]] = {
    "catalog/content/*.yaml": Content,
    "catalog/content/role_fit/*.yaml": RoleFit,
    CAREER: CareerContent,
    "credentials/content.yaml": CredentialContent,
    "market/content/market.yaml": Market,
    "practice/questions.yaml": QuestionBank,
    "time_budget/content.yaml": TimeContent,
    "time_budget/sorting.yaml": SortingRules,
    "tools/content.yaml": ToolContent,
}
# The fields of these files that hold keys of something elsewhere.
KINDS = {
    "challenge": "challenge",
    "milestones": "milestone",
    "read": "milestone",
    "roadmap": "roadmap",
    "skills": "skill",
    "slug": "roadmap",
}


def shipped() -> list[Path]:
    """Return all files that come with Cairn, the roadmaps first."""
    return [path for name in MODELS for path in sorted(PACKAGE.glob(name))]


def read(path: Path) -> Model:
    """Return a file, checked as its name and folder say; one with another name is a roadmap.

    Raises ContentError, also for the shipped roadmaps whose keys the file names.
    """
    named = (model for name, model in MODELS.items() if path.resolve().match(name))
    model = next(named, Content)
    return files.read_as(path, model, check=None if model is Content else _unknown_keys)


@cache
def _known_keys() -> dict[str, set[str]]:
    roadmaps = [files.read_as(path, Content) for path in files.shipped()]
    career = files.read_as(PACKAGE / CAREER, CareerContent)
    return {
        "challenge": set(career.challenge_by_key),
        "milestone": {key for each in roadmaps for key in each.by_key},
        "roadmap": {each.slug for each in roadmaps},
        "skill": {key for each in roadmaps for key in each.skill_by_key},
    }


def _unknown_keys(document: Any) -> Iterator[Problem]:
    for location, value in files.values_in(document):
        field = next(part for part in reversed(location) if isinstance(part, str))
        if (kind := KINDS.get(field)) and value not in _known_keys()[kind]:
            yield Problem(location, f"there is no {kind} '{value}'")
