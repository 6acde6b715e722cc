"""The shipped content files, their models, and validation of the keys they reference."""

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
# Fields that reference keys in other files, and the kind of their target.
REFERENCE_FIELDS = {
    "challenge": "challenge",
    "milestones": "milestone",
    "read": "milestone",
    "roadmap": "roadmap",
    "skills": "skill",
    "slug": "roadmap",
}


def shipped() -> list[Path]:
    """Return all shipped content files, roadmaps first."""
    return [path for name in MODELS for path in sorted(PACKAGE.glob(name))]


def read(path: Path) -> Model:
    """Read and validate a file by its path. A file with an unknown path is a roadmap.

    Raises ContentError, also for errors in the shipped roadmaps that the file references.
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
    for location, value in files.iterate_values(document):
        field = next(part for part in reversed(location) if isinstance(part, str))
        if (kind := REFERENCE_FIELDS.get(field)) and value not in _known_keys()[kind]:
            yield Problem(location, f"there is no {kind} '{value}'")
